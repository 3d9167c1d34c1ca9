"""What hls4ml's backend `netloom` gives: hls4ml's ModelGraph with netloom's simulator and hardware behind it."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from hls4ml.model.graph import ModelGraph
from hls4ml.model.types import NamedType, PrecisionType, Source, Variable

from netloom.backend.project import FOLDER, ConfiguredFolding, HardwareProject, target_device
from netloom.errors import InputError, LayerNotSupportedError, PrecisionWarning
from netloom.firmware.board.devices import Device
from netloom.hls import Conversion, HlsSettings
from netloom.hls.backend_types import FromTemplates
from netloom.hls.dataflow import Dataflow
from netloom.hls.lower import lower
from netloom.hls.type_advice import Advice, type_advice
from netloom.hls.vitis import vitis_flows
from netloom.models.data.examples import as_list
from netloom.sim.fixed import FixedEngine


class NetloomGraph(ModelGraph):
    """A converted model: its usual methods, computed by the bit-accurate simulator instead of compiled C++.

    It is what its layers are at the moment of a call: after a change to layers, weights or types the graph is lowered
    anew by whatever needs it next.

    Attributes:
        advice: what is wrong with the types of its layers, found when it was lowered.
    """

    advice: Sequence[Advice] = ()

    _seen: Any = None
    _dataflow: Dataflow | None = None
    _engine: FixedEngine | None = None
    _device: Device | None = None

    @property
    def dataflow(self) -> Dataflow:
        """The graph of exact operations that hls4ml's optimized graph means.

        Raises:
            LayerNotSupportedError, PrecisionError: for what has no exact equal in hardware, naming the layer.
        """
        # With `Flows: []` hls4ml leaves its passes to `compile`.
        self.apply_flow(self.config.backend.get_default_flow(), reapply="none")
        if self._dataflow is None or self._seen != _contents(self):
            for flow in vitis_flows("apply_templates"):
                self.apply_flow(flow)
            return self.lower()
        return self._dataflow

    def lower(self) -> Dataflow:
        """Lower the layers as they are; the last pass of a conversion.

        Types that cannot hold what a layer computes are kept, and warned of (`PrecisionWarning`).

        Raises:
            LayerNotSupportedError, PrecisionError: for what has no exact equal in hardware, naming the layer.
        """
        self._dataflow = self._engine = None
        self._check_joined()
        dataflow = lower(self, FromTemplates(), self._settings.io_type, {})
        for node in dataflow.nodes:
            node.operation.prepare(dataflow.input_types(node), dataflow.input_bounds(node))
        self.advice = type_advice(self, self._settings.io_type)
        for advice in self.advice:
            warnings.warn(str(advice), PrecisionWarning, stacklevel=2)
        self._seen, self._dataflow = _contents(self), dataflow
        return dataflow

    def _check_joined(self) -> None:
        given = {name for node in self.get_layers() for name in node.outputs}
        for node in self.get_layers():
            for name in node.inputs:
                if node.class_name != "Input" and name not in given:
                    raise LayerNotSupportedError(
                        f"layer {node.name!r}: no layer of the graph gives its input {name!r}; was it removed, or the "
                        "graph split? Convert the model again"
                    )

    @property
    def _settings(self) -> HlsSettings:
        named = {"io_type": "IOType", "clock_period": "ClockPeriod"}
        found = {name: self.config.get_config_value(key) for name, key in named.items()}
        return HlsSettings.model_validate({name: value for name, value in found.items() if value is not None})

    @property
    def conversion(self) -> Conversion:
        """The same as netloom's own conversion gives; its directory is where `write` puts it."""
        return Conversion(Path(self.config.get_output_dir()) / FOLDER, self.dataflow, self._settings)

    @property
    def project(self) -> HardwareProject:
        """The network and its folding, by each layer's reuse factor and strategy."""
        folding = ConfiguredFolding(
            title=self.config.get_project_name(),
            reuse={node.name: int(node.get_attr("reuse_factor", 1)) for node in self.get_layers()},
            unroll={node.name: str(node.get_attr("strategy")).lower() == "latency" for node in self.get_layers()},
            board=self.config.get_config_value("Board"),
            clock_period=self.config.get_config_value("BoardClockPeriod"),
        )
        return HardwareProject(self.conversion, folding)

    def compile(self) -> None:
        """Make the simulator ready. No C++ is compiled; the same project written by the backend Vitis would give it."""
        self._simulator()

    def predict(self, x: np.ndarray | Sequence[np.ndarray]) -> np.ndarray | list[np.ndarray]:
        """The network's outputs, to the bit those of the C++.

        Args:
            x: (samples, *input shape), or anything of so many elements; a list of them for several inputs.

        Returns:
            (samples, elements), in float32 for float32 inputs, else in float64; a list of them for several outputs.
            Unlike hls4ml's own, a single sample keeps its axis.

        Raises:
            InputError: for a wrong number of elements, a wrong dtype, NaN or infinity.
        """
        simulator = self._simulator()
        inputs, dtype = _inputs(x, simulator.input_shapes)
        outputs = as_list(simulator.predict(inputs))
        flat: list[np.ndarray] = [output.reshape(len(output), -1).astype(dtype) for output in outputs]
        return flat[0] if len(flat) == 1 else flat

    def trace(
        self, x: np.ndarray | Sequence[np.ndarray]
    ) -> tuple[np.ndarray | list[np.ndarray], dict[str, np.ndarray]]:
        """The network's outputs, as `predict` gives them, and {layer: (samples, *shape)} of every layer."""
        simulator = self._simulator()
        inputs, dtype = _inputs(x, simulator.input_shapes)
        layers = simulator.trace(inputs)
        return self.predict(x), {name: values.astype(dtype) for name, values in layers.items()}

    def write(self, device: Device | None = None) -> None:
        """Write the C++ project of the backend Vitis, and the hardware beside it in `netloom/`; see `HardwareProject`.

        It may use the primitives of `device`; None is the conversion's board's, and without a board none.

        Raises:
            LayerNotSupportedError, FoldingError: for what the hardware units cannot do; the C++ is written then.
            StorageError: if it cannot be written.
        """
        board = self.config.get_config_value("Board")
        self._device = device or (target_device(board) if board else None)
        # A changed graph is lowered, and put into C++, before it is written.
        _ = self.dataflow
        super().write()

    def write_design(self) -> None:
        """Write the hardware alone; hls4ml's writer calls this."""
        self.project.write(self._device)

    def build(self, **settings: Any) -> dict[str, Any]:
        """Synthesize; see `NetloomBackend.build`."""
        return self.config.backend.build(self, **settings)

    def _simulator(self) -> FixedEngine:
        conversion = self.conversion
        if self._engine is None:
            self._engine = FixedEngine(conversion)
        return self._engine


def _inputs(x: np.ndarray | Sequence[np.ndarray], shapes: Sequence[tuple[int, ...]]) -> tuple[list[np.ndarray], type]:
    """Inputs in their shapes, and the dtype that outputs are given in, as hls4ml does."""
    arrays = [np.asarray(array) for array in (x if isinstance(x, list | tuple) else [x])]
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


def adopt(graph: Any) -> None:
    """Make hls4ml's graph a `NetloomGraph`. hls4ml constructs its graphs itself, and leaves backends no say in it."""
    if type(graph) is ModelGraph:
        graph.__class__ = NetloomGraph


def _contents(graph: ModelGraph) -> Any:
    """All that a graph's meaning depends on, as plain values that later changes do not reach."""
    layers = [
        (node.name, node.class_name, list(node.inputs), list(node.outputs), _plain(node.attributes.attributes))
        for node in graph.get_layers()
    ]
    return layers, list(graph.inputs), list(graph.outputs), graph.config.get_config_value("IOType")


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case np.ndarray():
            return value.shape, value.dtype.str, value.tobytes()
        case Source():
            return None  # C++, made from all the rest
        case Variable() | NamedType() | PrecisionType():
            return type(value), _plain(vars(value))
        case dict():
            return {key: _plain(entry) for key, entry in value.items()}
        case list() | tuple():
            return [_plain(entry) for entry in value]
        case _:
            return value
