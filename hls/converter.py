"""`convert_model`: a QKeras model to firmware sources, every type proven wide enough."""

import contextlib
import io
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from netloom.common.files import put_in_place, scratch
from netloom.errors import LayerNotSupportedError, PrecisionError, StorageError
from netloom.hls.conversion import PROJECT_FOLDER, SETTINGS_FILE, Conversion
from netloom.hls.dataflow import save_dataflow
from netloom.hls.dataflow.storage import DATAFLOW_FILE
from netloom.hls.frontends.registry import parse
from netloom.hls.hls4ml_graph import build_graph
from netloom.hls.hls_settings import HlsSettings
from netloom.hls.lower import RESULT, FromGraph, Planned, TypeSource, lower
from netloom.hls.shape_check import check_shapes


def convert_model(model: Any, settings: HlsSettings, directory: str | Path) -> Conversion:
    """Convert a quantized model to hls4ml's C++ project and netloom's dataflow graph.

    Two passes. The first builds hls4ml's optimized graph and computes from the input's type and the weights the
    narrowest accumulator and result of every layer that can lose nothing. The second gives hls4ml those types and
    lowers exactly the graph it then holds. Where hls4ml finds all types itself, of HGQ2's models, the graph is lowered
    with those.

    Args:
        model: of a kind that a front end reads (`hls/frontends/registry.py`): a Keras model of QKeras layers, its input
            quantized by a `QActivation`.
        settings: of the conversion.
        directory: what to write. Appears whole or not at all; an earlier one is replaced only once the new one is
            whole.

    Returns:
        What was written, loaded.

    Raises:
        LayerNotSupportedError: for a layer, option or shape with no exact firmware; before anything is written.
        QuantizerNotSupportedError: for a quantizer the firmware cannot equal; before anything is written.
        PrecisionError: if a type would exceed 256 bits.
        SettingsError: if `settings.precision` names a layer or type that does not exist.
        StorageError: if the directory exists and is not a converted network.
    """
    directory = Path(directory)
    if directory.is_symlink():
        raise StorageError(f"{directory} is a link, and a directory takes its place; name what it points to")
    taken = directory.exists() and (not directory.is_dir() or any(directory.iterdir()))
    if taken and not (directory / DATAFLOW_FILE).exists():
        raise StorageError(f"{directory} exists and is not a converted network; choose another directory or remove it")
    log = io.StringIO()
    with _quiet(log):
        parsed = parse(model, settings)
        quantizers = parsed.quantizer_types()
        results = {name: {RESULT: type_} for name, type_ in quantizers.items()}
        draft = build_graph(parsed, settings, directory / PROJECT_FOLDER, results, {})
        chosen = Planned(settings.types(), quantizers)
        types: TypeSource = FromGraph() if parsed.typed else chosen
        lower(draft, types, settings.io_type, parsed.origins)
        chosen.check_overrides_used()
        if set(draft.inputs) & set(draft.outputs):
            raise LayerNotSupportedError(
                "one of the network's outputs is its input, only rounded or reshaped; leave it out"
            )
        _check_headers(draft, settings)
    directory.parent.mkdir(parents=True, exist_ok=True)
    with scratch(directory.parent) as made:
        whole = made / "conversion"
        whole.mkdir()
        with _quiet(log):
            graph = build_graph(parsed, settings, whole / PROJECT_FOLDER, results | chosen.types, chosen.table_sizes)
            types = FromGraph() if parsed.typed else _Checked(chosen)
            shapes = [shape for _, shape in parsed.output_shapes]
            dataflow = replace(lower(graph, types, settings.io_type, parsed.origins, shapes), ends=parsed.ends)
            check_shapes(parsed, dataflow)
            graph.write()
            _forget_folder(whole / PROJECT_FOLDER)
        save_dataflow(dataflow, whole)
        (whole / SETTINGS_FILE).write_text(settings.model_dump_json(indent=1) + "\n", encoding="utf-8")
        (whole / "conversion.log").write_text(log.getvalue(), encoding="utf-8")
        put_in_place(whole, directory)
    return Conversion(directory, dataflow, settings)


def _check_headers(draft: Any, settings: HlsSettings) -> None:
    """Refuse layers whose headers shut one another out: the include guards of two of hls4ml's are the same."""
    found = {layer.class_name: layer.name for layer in draft.get_layers()}
    both = [found[kind] for kind in ("DepthwiseConv1D", "DepthwiseConv2D") if kind in found]
    if settings.io_type == "io_parallel" and len(both) > 1:
        raise LayerNotSupportedError(
            f"layers {both[0]!r} and {both[1]!r}: hls4ml's C++ of depthwise convolutions over one and over two axes"
            " does not compile in one network with io_parallel; use io_stream, or reshape the one axis to two"
        )


def _forget_folder(project: Path) -> None:
    """Let hls4ml's configuration name its folder relatively: the one it was written to will have moved."""
    configuration = project / "hls4ml_config.yml"
    text = configuration.read_text(encoding="utf-8")
    configuration.write_text(text.replace(str(project), "."), encoding="utf-8")


class _Checked(FromGraph):
    """Read hls4ml's types, and hold them against what was planned: a type hls4ml changed would void the proof."""

    def __init__(self, chosen: Planned) -> None:
        self._chosen = chosen

    def choose(self, node: Any, role: str, narrowest: Any) -> Any:
        """The graph's type.

        Raises:
            PrecisionError: if it is not the planned one, or none was planned.
        """
        found = super().choose(node, role, narrowest)
        planned = self._chosen.types.get(node.name, {}).get(role)
        if planned is None:
            raise PrecisionError(f"layer {node.name!r}: hls4ml gave it the {role} type {found}, which nothing proves")
        # Modes may differ where the proven range makes them idle: hls4ml copies its input's in layers that only move.
        if planned.with_modes() != found.with_modes():
            raise PrecisionError(f"layer {node.name!r}: hls4ml replaced the {role} type {planned} by {found}")
        return found


@contextlib.contextmanager
def _quiet(log: io.StringIO) -> Iterator[None]:
    """hls4ml prints and warns as it goes; keep that for the log."""
    with contextlib.redirect_stdout(log), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
