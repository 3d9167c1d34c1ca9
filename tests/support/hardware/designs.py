"""Small dataflow graphs for hardware, and `check_design`: the emitted files in Verilator against the exact meaning."""

from collections.abc import Mapping, Sequence

import numpy as np

from netloom.firmware.design import Design
from netloom.firmware.emit.emit import emit
from netloom.firmware.emit.verilog import TOP, input_ports, output_ports
from netloom.firmware.map.cycles.cycles import Cycles, count_cycles
from netloom.firmware.map.folding.fold import Folding
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import (
    Cast,
    Clamp,
    Dataflow,
    DataflowBuilder,
    DepthwiseMatVec,
    Evaluator,
    Layer,
    MatVec,
    Operation,
    Permute,
    TensorType,
    Window,
)
from netloom.sim.hardware.cell_models import cell_models
from netloom.sim.hardware.verilator import FLOWING, CompiledModule, Stalls, StreamPort, build
from netloom.testing.operations import random_raws

WEIGHT = FixedPoint.parse("fixed<5,2>")
ACTIVATION = FixedPoint.parse("ufixed<5,2,RND_CONV,SAT>")


class Network:
    """Builds a dataflow graph one operation at a time; every operation is a layer of its own."""

    def __init__(self, shape: Sequence[int], element: str = "fixed<6,3>", seed: int = 0) -> None:
        self.builder = DataflowBuilder()
        self.rng = np.random.default_rng(seed)
        self._inputs: list[str] = []
        self._layers = 0
        self.last = self.source(shape, element)

    def source(self, shape: Sequence[int], element: str = "fixed<6,3>") -> str:
        """A further input."""
        name = f"input{len(self._inputs)}"
        self._inputs.append(name)
        self.builder.source(name, TensorType(tuple(shape), FixedPoint.parse(element)))
        self.builder.layer(Layer(name, "Input", name, name, 1))
        self.last = name
        return name

    def add(self, operation: Operation, *inputs: str) -> str:
        """An operation on nodes, or on the last one."""
        self._layers += 1
        layer = f"layer{self._layers}"
        self.last = self.builder.add(layer, "node", operation, *(inputs or (self.last,)))
        self.builder.layer(Layer(layer, type(operation).__name__, self.last, layer, 1))
        return self.last

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the last result."""
        return self.builder.types[self.last].shape

    def matvec(self, outputs: int, accum: str | None = None, depthwise: bool = False, **fields) -> str:
        """A product with random weights; its accumulator is wide enough unless one is given."""
        depth = self.shape[-1]
        rows, columns = (depth // outputs, outputs) if depthwise else (depth, outputs)
        weights = self.rng.integers(WEIGHT.raw_min, WEIGHT.raw_max, (rows, columns), endpoint=True)
        bias = self.rng.integers(WEIGHT.raw_min, WEIGHT.raw_max, columns, endpoint=True)
        fraction = self.builder.types[self.last].element.fraction + WEIGHT.fraction
        width = self.builder.types[self.last].element.width + WEIGHT.width + int(rows).bit_length() + 1
        wide = FixedPoint(width, width - fraction)
        kind = DepthwiseMatVec if depthwise else MatVec
        chosen = FixedPoint.parse(accum) if accum else wide
        return self.add(kind(weights, WEIGHT, bias, WEIGHT, chosen, **fields))

    def window(
        self,
        kernel: Sequence[int],
        stride: Sequence[int],
        padding: Sequence[tuple[int, int]],
        dilation: Sequence[int] = (),
    ) -> str:
        """Windows over the last result."""
        return self.add(Window(tuple(kernel), tuple(stride), tuple(padding), tuple(dilation)))

    def pad(self, *around: tuple[int, int]) -> str:
        """Zeros around the last result, before and after each axis but the last."""
        grid = np.arange(self.builder.types[self.last].size).reshape(self.shape)
        return self.add(Permute(np.pad(grid, [*around, (0, 0)], constant_values=-1)))

    def relu(self) -> str:
        """ReLU and a quantizer."""
        self.add(Clamp(0))
        return self.add(Cast(ACTIVATION))

    def done(self, *outputs: str) -> Dataflow:
        """The graph."""
        return self.builder.build(self._inputs, outputs or (self.last,))


def evaluate(dataflow: Dataflow, inputs: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Raws of every node, in integers."""
    evaluator = Evaluator(dataflow, list(dataflow.types), least=np.int64)
    return evaluator.evaluate(dict(zip(dataflow.sources, inputs, strict=True)))


def check_design(
    dataflow: Dataflow, design: Design, folding: Folding | None = None, samples: int = 12, seeds: Sequence[int] = (1, 2)
) -> Cycles:
    """Outputs equal to the meaning, with and without stalls; latency and interval as counted."""
    cycles = count_cycles(design)
    inputs = random_raws(list(dataflow.sources.values()), batch=samples)
    expected = evaluate(dataflow, inputs)
    simulation = simulated(emit(design, cycles, folding or {}, "test"), design)
    words = [port.stream.pack(raws.reshape(samples, -1)) for port, raws in zip(design.inputs, inputs, strict=True)]
    beats = [samples * port.stream.beats for port in design.outputs]
    for stalls in (FLOWING, *(Stalls(seed, 0.3, 0.3, 1) for seed in seeds)):
        result = simulation.run(words, beats, stalls)
        for port, given in zip(design.outputs, result.outputs, strict=True):
            raws = expected[port.name].reshape(samples, -1)
            np.testing.assert_array_equal(port.stream.unpack(given), raws, err_msg=f"{port.name}, {stalls}")
            last = np.flatnonzero(given[:, port.stream.bytes])
            np.testing.assert_array_equal(last, np.arange(1, samples + 1) * port.stream.beats - 1, err_msg="tlast")
        if stalls is FLOWING:
            ends = np.max(
                [
                    given[port.stream.beats - 1 :: port.stream.beats]
                    for port, given in zip(design.outputs, result.given, strict=True)
                ],
                axis=0,
            )
            assert ends[0] - min(taken[0] for taken in result.taken) == cycles.latency, "latency"
            group = design.group
            assert -((ends[-1 - group] - ends[-1]) // group) == cycles.interval, "interval"
    return cycles


def simulated(files: Mapping[str, str], design: Design) -> CompiledModule:
    """The emitted files, compiled, with models of the vendors' cells."""
    used = {name: content for name, content in files.items() if name.endswith((".sv", ".mem"))}
    return build(
        used | cell_models(used),
        TOP,
        [StreamPort(f"{n}_t", p.stream.bytes * 8) for n, p in zip(input_ports(design), design.inputs, strict=True)],
        [
            StreamPort(f"{n}_t", p.stream.bytes * 8, True)
            for n, p in zip(output_ports(design), design.outputs, strict=True)
        ],
    )
