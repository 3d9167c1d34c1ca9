"""`Conversion`: a converted network on disk, and what can be said of it layer by layer."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netloom.common.reading import read_json
from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls.dataflow import Cast, Dataflow, DepthwiseMatVec, MatVec, Pool, Reduce, load_dataflow
from netloom.hls.hls_settings import HlsSettings

PROJECT = "network"
"""Name of hls4ml's project and of its C++ top function."""
PROJECT_FOLDER = "hls4ml"
SETTINGS_FILE = "settings.json"


@dataclass(frozen=True)
class LayerSummary:
    """One layer of the firmware.

    Ranges are values (not raws). `overflow_possible` is False where the proven range fits every type on the way;
    quantizers that saturate on purpose do not count. `interval` is the least number of clock cycles between two
    inferences that hls4ml's C++ of this layer allows.
    """

    name: str
    origin: str
    kind: str
    shape: tuple[int, ...]
    type: FixedPoint
    accum: FixedPoint | None
    weight_type: FixedPoint | None
    bias_type: FixedPoint | None
    parameters: int
    weight_bits: int
    activation_bits: int
    macs: int
    proven_min: float
    proven_max: float
    accum_min: float | None
    accum_max: float | None
    overflow_possible: bool
    interval: int


@dataclass(frozen=True)
class Conversion:
    """A converted network: hls4ml's C++ project and the dataflow graph, in one directory.

    Attributes:
        directory: holds `dataflow.json`, `dataflow.npz`, `settings.json` and the project in `hls4ml/`.
        dataflow: the graph of exact operations.
        settings: the conversion's settings.
    """

    directory: Path
    dataflow: Dataflow
    settings: HlsSettings

    @property
    def project(self) -> Path:
        """hls4ml's C++ project, as the vendor's tool takes it."""
        return self.directory / PROJECT_FOLDER

    @classmethod
    def load(cls, directory: str | Path) -> "Conversion":
        """Read a converted network; needs neither TensorFlow nor hls4ml.

        Raises:
            StorageError: if the directory does not hold one, whole.
        """
        directory = Path(directory)
        dataflow = load_dataflow(directory)
        settings = read_json(directory / SETTINGS_FILE, HlsSettings, "convert the model again")
        return cls(directory, dataflow, settings)

    @property
    def layers(self) -> list[LayerSummary]:
        """All layers, in the order of the graph."""
        return [self._summary(layer) for layer in self.dataflow.layers]

    @property
    def initiation_interval(self) -> int:
        """Least number of clock cycles between two inferences: that of the slowest layer. A bound, not a synthesis."""
        return max(layer.interval for layer in self.dataflow.layers)

    @property
    def latency(self) -> int:
        """Estimate of the clock cycles from an input to its output; nothing is synthesized.

        With io_parallel a layer that multiplies or pools starts when the one before has finished; with io_stream all
        run at once.
        """
        if self.settings.io_type == "io_stream":
            return self.initiation_interval
        working = [layer for layer in self.dataflow.layers if self.dataflow.cost(layer.name).multiply_accumulates]
        pooling = [layer for layer in self.dataflow.layers if "Pooling" in layer.kind]
        return sum(layer.interval for layer in working + pooling)

    def _summary(self, layer: Any) -> LayerSummary:
        dataflow = self.dataflow
        tensor, bounds = dataflow.types[layer.node], dataflow.bounds[layer.node]
        step = tensor.element.step
        nodes = dataflow.layer_nodes(layer.name)
        product = next((node for node in nodes if isinstance(node.operation, MatVec | DepthwiseMatVec)), None)
        accumulating = product or next(
            (node for node in nodes if isinstance(node.operation, Pool | Reduce) and node.operation.accum), None
        )
        accum = accum_min = accum_max = None
        if accumulating is not None:
            accum = dataflow.types[accumulating.name].element
            reached = dataflow.bounds[accumulating.name]
            accum_min, accum_max = int(reached.low.min()) * accum.step, int(reached.high.max()) * accum.step
        cost = dataflow.cost(layer.name)
        operation: Any = product.operation if product is not None else None
        return LayerSummary(
            name=layer.name,
            origin=layer.origin,
            kind=layer.kind,
            shape=tensor.shape,
            type=tensor.element,
            accum=accum,
            weight_type=operation.weight_type if operation is not None else None,
            bias_type=operation.bias_type if operation is not None and operation.bias.any() else None,
            parameters=cost.parameters,
            weight_bits=cost.weight_bits,
            activation_bits=tensor.size * tensor.element.width,
            macs=cost.multiply_accumulates,
            proven_min=int(bounds.low.min()) * step,
            proven_max=int(bounds.high.max()) * step,
            accum_min=accum_min,
            accum_max=accum_max,
            overflow_possible=any(self._may_overflow(node) for node in nodes),
            interval=layer.interval,
        )

    def _may_overflow(self, node: Any) -> bool:
        """Whether a node may wrap, or saturate in an accumulator. A saturating cast is a quantizer and means to."""
        operation = node.operation
        if isinstance(operation, Cast) and operation.to.overflow in (Overflow.SAT, Overflow.SAT_SYM):
            return False
        return operation.may_overflow(self.dataflow.input_types(node), self.dataflow.input_bounds(node))
