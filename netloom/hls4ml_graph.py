"""What hls4ml's backend `netloom` gives: hls4ml's ModelGraph with netloom's simulator and hardware behind it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from hls4ml.model.graph import ModelGraph

from netloom.errors import InputError
from netloom.files import storage_errors, write_text
from netloom.hls import Firmware, HlsSettings
from netloom.hls.backend_types import FromTemplates
from netloom.hls.dataflow import Dataflow, exact_dtype, save_dataflow
from netloom.hls.firmware import SETTINGS_FILE
from netloom.hls.lower import lower
from netloom.sim.crosscheck import as_list
from netloom.sim.fixed import FixedEngine


class NetloomGraph(ModelGraph):
    """A converted model: its usual methods, computed by the bit-accurate simulator instead of compiled C++.

    Attributes:
        dataflow: the graph of exact operations that hls4ml's optimized graph means.
    """

    dataflow: Dataflow
    _engine: FixedEngine | None

    @property
    def output_directory(self) -> Path:
        """The `output_dir` of the conversion."""
        return Path(self.config.get_output_dir())

    @property
    def firmware(self) -> Firmware:
        """The same as netloom's own conversion gives; its directory is where `write` puts it."""
        io_type, period = self.config.get_config_value("IOType"), self.config.get_config_value("ClockPeriod")
        settings = HlsSettings.checked(io_type=io_type, clock_period=float(period))
        return Firmware(self.output_directory / "netloom", self.dataflow, settings)

    def compile(self) -> None:
        """Make the simulator ready. No C++ is compiled; the same project written by the backend Vitis would give it."""
        self._engine = FixedEngine(self.firmware)

    def predict(self, x: np.ndarray | Sequence[np.ndarray], *_: Any, **__: Any) -> np.ndarray | list[np.ndarray]:
        """The network's outputs, to the bit those of the C++.

        Args:
            x: (samples, *input shape), or anything of so many elements; a list of them for several inputs.

        Returns:
            (samples, elements), in float32 for float32 inputs, else in float64; a list of them for several outputs.
            Unlike hls4ml's own, a single sample keeps its axis.

        Raises:
            InputError: for a wrong number of elements, a wrong dtype, NaN or infinity.
        """
        inputs, dtype = self._inputs(x)
        outputs = as_list(self._simulator().predict(inputs))
        flat = [output.reshape(len(output), -1).astype(dtype) for output in outputs]
        return flat[0] if len(flat) == 1 else flat

    def trace(
        self, x: np.ndarray | Sequence[np.ndarray]
    ) -> tuple[np.ndarray | list[np.ndarray], dict[str, np.ndarray]]:
        """The network's outputs, and every layer's, whether or not hls4ml was told to trace it.

        Args:
            x: as for `predict`.

        Returns:
            What `predict` gives, and {layer: (samples, *shape)}.
        """
        inputs, dtype = self._inputs(x)
        layers = self._simulator().trace(inputs)
        return self.predict(x), {name: values.astype(dtype) for name, values in layers.items()}

    def write_design(self) -> None:
        """Write the graph of exact operations beside the C++; `write` calls this."""
        directory = self.firmware.directory
        with storage_errors(f"cannot write {directory}"):
            directory.mkdir(parents=True, exist_ok=True)
            save_dataflow(self.dataflow, directory)
        write_text(directory / SETTINGS_FILE, self.firmware.settings.model_dump_json(indent=1) + "\n")

    def _simulator(self) -> FixedEngine:
        if self._engine is None:
            self.compile()
        assert self._engine is not None
        return self._engine

    def _inputs(self, x: np.ndarray | Sequence[np.ndarray]) -> tuple[list[np.ndarray], type]:
        """Inputs in their shapes, and the dtype that outputs are given in, as hls4ml does."""
        arrays = [np.asarray(array) for array in (x if isinstance(x, list | tuple) else [x])]
        shapes = [tensor.shape for tensor in self.dataflow.sources.values()]
        if len(arrays) != len(shapes):
            raise InputError(f"the network has {len(shapes)} inputs, not {len(arrays)}")
        shaped = []
        for index, (array, shape) in enumerate(zip(arrays, shapes, strict=True)):
            if array.size % int(np.prod(shape)):
                raise InputError(
                    f"input {index} must have shape (samples, {', '.join(map(str, shape))}), not {array.shape}"
                )
            shaped.append(array.reshape(-1, *shape))
        return shaped, np.float32 if arrays[0].dtype == np.float32 else np.float64


def adopt(model: ModelGraph) -> None:
    """Make hls4ml's object a `NetloomGraph`. hls4ml constructs its objects itself, and leaves backends no say in it.

    Args:
        model: all flows applied.

    Raises:
        LayerNotSupportedError, PrecisionError: for what has no exact equal in hardware, naming the layer.
    """
    io_type = model.config.get_config_value("IOType")
    dataflow = lower(model, FromTemplates(), io_type, {})
    for node in dataflow.nodes:
        exact_dtype(node.operation.headroom(dataflow.input_types(node), dataflow.input_bounds(node)))
    model.__class__ = NetloomGraph
    model.dataflow = dataflow
    model._engine = None
