"""The few functions of the Python API that are not a stage's own."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from netloom.errors import InputError, SettingsError, StorageError
from netloom.firmware.emit.verilog import TOP
from netloom.hls import Conversion
from netloom.models import Network, get_network
from netloom.models.data.examples import Examples, as_list, count
from netloom.models.tasks import Predict, find_task, guess_task, parts_of, read_targets
from netloom.pipeline import rundir
from netloom.pipeline.evaluation.evaluation import decision_thresholds
from netloom.pipeline.evaluation.side_by_side import affordable, steps_of
from netloom.pipeline.running import check_part
from netloom.sim import Engine, Fidelity, compare_engines, open_engine
from netloom.sim.engine import EngineInputs
from netloom.sim.engines import kind_of
from netloom.sim.onnx.write_onnx import ExportedOnnx, write_onnx


def load_network(name: str) -> Network:
    """A network of the registry: `build()` makes its untrained model, `training` and `dataset` say how to train it.

    Raises:
        NetworkNotFoundError: there is none of that name; the message names close ones.
    """
    return get_network(name)


def find_conversion(converted: Conversion | str | Path) -> Conversion:
    """The conversion of a run directory, of its own directory, or itself.

    Raises:
        StorageError: if there is none, or it is not whole.
    """
    if isinstance(converted, Conversion):
        return converted
    directory = Path(converted)
    if not directory.is_dir():
        raise StorageError(f"there is no directory {directory}; netloom run or netloom convert makes one")
    inner = directory / rundir.CONVERSION
    folder = inner if inner.is_dir() else directory
    check_part(folder)
    return Conversion.load(folder)


def open_run_engine(name: str, converted: Conversion | str | Path) -> Engine:
    """An engine on what a run directory holds: its conversion, or one of its models.

    Raises:
        SettingsError: if there is no such engine, or the directory holds no model for it.
        StorageError, ModelFileError, ToolMissingError, ToolFailedError: as `netloom.open_engine`.
    """
    subject = kind_of(name).needs[0]
    if subject == "conversion":
        return open_engine(name, conversion=find_conversion(converted))
    folder = converted.directory if isinstance(converted, Conversion) else Path(converted)
    if subject == "design":
        design, netlist = folder / rundir.DESIGN, folder / rundir.NETLIST
        if not design.is_dir():
            raise SettingsError(
                f"engine {name!r} needs a hardware design, and {folder} has none; netloom run --board makes it"
            )
        check_part(design)
        if name != "netlist":
            return open_engine(name, design=design)
        check_part(netlist)
        return open_engine(name, design=design, netlist=netlist / f"{TOP}.v")
    file = rundir.MODELS[name]
    if isinstance(converted, Conversion) or not (folder / file).is_file():
        raise SettingsError(f"engine '{name}' needs {file}, and {folder} has none; use fixed or csim")
    check_part(folder / file)
    return open_engine(name, model=folder / file)


def _evaluation(
    conversion: Conversion, x: EngineInputs, targets: np.ndarray | Mapping[str, np.ndarray], task: str | None
) -> Callable[[Predict], dict[str, float]]:
    """What gives the scores of an engine on `x`."""
    dataflow = conversion.dataflow
    names = dataflow.output_names
    several = len(names) > 1
    if several:
        if not isinstance(targets, Mapping) or set(targets) != set(names):
            raise InputError(f"targets must be one array for each output, by name: {', '.join(names)}")
        targets = {name: targets[name] for name in names}
    elif isinstance(targets, Mapping):
        raise InputError("targets must be one array: the network has one output")
    chosen = guess_task(targets) if task is None else find_task(task, tuple(names) if several else ())
    wanted = read_targets("targets", targets, chosen)
    assert wanted is not None
    for name, one, part in zip(dataflow.outputs, as_list(wanted), parts_of(chosen), strict=True):
        part.check("targets", "the network", dataflow.types[name].shape, one)
    inputs = x if isinstance(x, np.ndarray | Mapping) else dict(zip(dataflow.input_names, x, strict=True))
    if len(as_list(inputs)) == 1:
        inputs = as_list(inputs)[0]
    examples = Examples(inputs, wanted)
    known = count(inputs)
    for one in as_list(wanted):
        if len(one) != known:
            raise InputError(f"targets must be one a sample: {len(one)} labels for {known} samples")
    judge = chosen.deciding(decision_thresholds(dataflow))

    def evaluate(predict: Predict) -> dict[str, float]:
        # The engines have run on `x` itself: asked for that, they need not once more.
        return judge.evaluate(lambda asked: predict(x if asked is inputs else asked), examples)  # type: ignore[arg-type]

    return evaluate


def simulate(
    converted: Conversion | str | Path, x: EngineInputs, engine: str = "fixed"
) -> np.ndarray | list[np.ndarray]:
    """Run one engine.

    Args:
        converted: what `convert` gave, or the directory of a run or a conversion.
        x: inputs, (samples, *input shape), any real dtype, finite; a list of them, or a dict by the inputs' names, for
            several inputs. What is off the grid of the hardware's input is rounded and saturated as its input
            quantizer does.
        engine: `fixed` (bit-accurate simulator), `csim` (hls4ml's compiled firmware), `quantized` or `float` (the
            models in a run directory), `rtl` or `netlist` (the hardware design in one, before and after synthesis),
            `onnx` (the exact twin in onnxruntime).

    Returns:
        float64, (samples, *output shape); a list of them for several outputs.

    Raises:
        InputError: for a wrong shape or dtype, or NaN or infinity.
        SettingsError: if there is no such engine, or `converted` holds no model for it.
        StorageError, ModelFileError, ToolMissingError, ToolFailedError: as `open_engine`.
    """
    with open_run_engine(engine, converted) as opened:
        return opened.predict(x)


def crosscheck(
    converted: Conversion | str | Path,
    x: EngineInputs,
    targets: np.ndarray | Mapping[str, np.ndarray] | None = None,
    engine: str = "csim",
    task: str | None = None,
) -> Fidelity:
    """Hold the bit-accurate simulator against hls4ml's firmware, the hardware or its ONNX twin, output and every layer.

    Args:
        converted: what `convert` gave, or the directory of a run or a conversion.
        x: inputs as for `simulate`.
        targets: what the outputs should be, for the scores: of a classifier class numbers, (samples,), 0 and 1 for one
            with a single output; of several outputs {output: targets}, in the outputs' order.
        engine: `csim` or `onnx`; with the directory of a run that had a board also `rtl` or, without layers, `netlist`.
        task: what the network is for; None is what the targets look like.

    Returns:
        The comparison; `equal` says whether every element of every layer is the same, and `first_mismatch` where not.

    Raises:
        InputError: for bad inputs or targets.
        SettingsError: for a task without targets.
        StorageError, ToolMissingError, ToolFailedError: as `open_engine`.
    """
    if targets is None and task is not None:
        raise SettingsError(f"task {task!r} is for scores, which need targets; give both or neither")
    conversion = find_conversion(converted)
    evaluate = None if targets is None else _evaluation(conversion, x, targets, task)
    steps, chunk = steps_of(conversion), affordable(conversion)
    with open_engine("fixed", conversion=conversion) as fixed, open_run_engine(engine, converted) as other:
        return compare_engines(fixed, other, x, evaluate=evaluate, steps=steps, trace=True, chunk=chunk)


def export_onnx(converted: Conversion | str | Path, path: str | Path, qonnx: bool = False) -> ExportedOnnx:
    """Write the exact twin of a converted network as a plain ONNX graph, which equals `fixed` on every element.

    Args:
        converted: what `convert` gave, or the directory of a run or a conversion.
        path: of the file.
        qonnx: whether to write it as QONNX instead: numbers and `Quant` nodes, for tools that read those.

    Raises:
        LayerNotSupportedError: for an operation that ONNX, or QONNX, has no form of, or numbers that none of its dtypes
            holds.
        StorageError: if there is no conversion, or the file cannot be written.
    """
    return write_onnx(find_conversion(converted).dataflow, Path(path), qonnx)
