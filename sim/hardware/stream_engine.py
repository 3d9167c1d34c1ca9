"""`StreamEngine`: an emitted design in Verilator, fed whole data sets back to back."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from netloom.errors import SimulationError
from netloom.firmware.emit.emitted import EmittedDesign
from netloom.firmware.map.cycles.cycles import STEADY, STRETCH, steady_interval
from netloom.firmware.stream import Stream
from netloom.hls.dataflow import TensorType, in_dtype, integer_dtype
from netloom.sim.engine import Engine, SamplesDone
from netloom.sim.hardware.verilator import DRAIN, PATIENCE, CompiledModule, Result, Stalls
from netloom.sim.hardware.verilator_bench import StreamPort
from netloom.sim.values import empty_values, to_raws

_RUN_BYTES = 2**28
"""Data of one run of the simulation; a longer data set takes several runs."""
_CYCLE_BYTES = 8


@dataclass(frozen=True)
class Measured:
    """What a design was counted to take, in clock cycles.

    Attributes:
        latency: from the transfer of an inference's first input beat to that of its last output beat, in a design that
            was idle.
        interval: between inferences that follow each other without pause.
    """

    latency: int
    interval: int


@dataclass
class Speed:
    """How fast the simulation was, over all runs so far.

    Attributes:
        cycles: clock cycles simulated.
        samples: inferences.
        seconds: taken, without compiling.
        compile_seconds: compiling took, when it was compiled.
    """

    cycles: int = 0
    samples: int = 0
    seconds: float = 0.0
    compile_seconds: float = 0.0

    def add(self, cycles: int, samples: int, seconds: float) -> None:
        """Count a run."""
        self.cycles += cycles
        self.samples += samples
        self.seconds += seconds

    @property
    def cycles_per_second(self) -> float:
        """Clock cycles a second."""
        return self.cycles / self.seconds if self.seconds else 0.0

    @property
    def samples_per_second(self) -> float:
        """Inferences a second."""
        return self.samples / self.seconds if self.seconds else 0.0


def stream_inputs(design: EmittedDesign) -> list[StreamPort]:
    """The AXI4-Stream inputs of a design."""
    return [StreamPort(f"{port.port}_t", port.stream.bytes * 8) for port in design.inputs]


def stream_outputs(design: EmittedDesign) -> list[StreamPort]:
    """The AXI4-Stream outputs of a design."""
    return [StreamPort(f"{port.port}_t", port.stream.bytes * 8, last=True) for port in design.outputs]


class StreamEngine(Engine):
    """Simulates hardware: inferences go in one after the other without pause, or with the pauses of `stalls`.

    Attributes:
        design: what is simulated.
        simulation: its compiled model; its probes, if any, are the streams of the design's layers.
        stalls: random pauses in every run; None for none.
        speed: of the simulation.
    """

    def __init__(
        self, name: str, design: EmittedDesign, simulation: CompiledModule, stalls: Stalls | None = None
    ) -> None:
        self.name = name
        self.design = design
        self.simulation = simulation
        self.stalls = stalls
        self.input_names = [port.name for port in design.inputs]
        self.input_shapes = [port.shape for port in design.inputs]
        self.ends = design.ends
        self.speed = Speed(compile_seconds=simulation.compile_seconds)

    def count_cycles(self) -> Measured:
        """Count latency and initiation interval, whatever `stalls` are set.

        Raises:
            SimulationError: if inferences do not come to follow each other at one interval.
        """
        # Twice as many as it holds at a time, and as long as the count looks at it: before, buffers may hide a slower
        # pace, and one that is slower by little for long.
        held = self.design.latency // self.design.interval
        inferences = self.design.whole_groups(max(2 * (STEADY + held), STRETCH // self.design.interval))
        most = 8 * inferences
        streams = [port.stream for port in self.design.inputs]
        while inferences <= most:
            words = [np.zeros((inferences * stream.beats, stream.bytes), dtype=np.uint8) for stream in streams]
            result = self._simulate(words, inferences, None, probe=False)
            ends = np.max(
                [
                    given[port.stream.beats - 1 :: port.stream.beats]
                    for given, port in zip(result.given, self.design.outputs, strict=True)
                ],
                axis=0,
            ).tolist()
            if (interval := steady_interval(ends, held, self.design.group)) is not None:
                start = min(int(taken[0]) for taken in result.taken)
                return Measured(ends[0] - start, interval)
            inferences *= 2
        raise SimulationError(f"design {self.design.name!r} has no steady interval: outputs in clock cycles {ends}")

    def _predict(self, inputs: list[np.ndarray], progress: SamplesDone) -> list[np.ndarray]:
        streams = [port.stream for port in self.design.outputs]
        shapes = [port.shape for port in self.design.outputs]
        samples = inputs[0].shape[0]
        results = [
            empty_values(samples, TensorType(shape, stream.element))
            for shape, stream in zip(shapes, streams, strict=True)
        ]
        for part, result in self._runs(inputs, progress, probe=False):
            for values, given, stream, shape in zip(results, result.outputs, streams, shapes, strict=True):
                whole = stream.element.to_exact(stream.unpack(given)).reshape(-1, *shape)
                values[part] = whole[: part.stop - part.start]
        return results

    def _trace(self, inputs: list[np.ndarray], progress: SamplesDone) -> dict[str, np.ndarray]:
        probed = {probe.path for probe in self.simulation.probes}
        layers = [layer for layer in self.design.layers if layer.stream.name in probed]
        results = {
            layer.layer: empty_values(inputs[0].shape[0], TensorType(layer.shape, layer.stream.element))
            for layer in layers
        }
        for part, result in self._runs(inputs, progress, probe=True):
            for layer in layers:
                beats = self.design.whole_groups(part.stop - part.start) * layer.stream.beats
                seen = result.probes[layer.stream.name]
                if len(seen) != beats:
                    raise SimulationError(
                        f"design {self.design.name!r}: layer {layer.layer!r} gave {len(seen)} beats, not {beats}"
                    )
                values = layer.stream.element.to_exact(layer.stream.unpack(seen))
                steps, *rest = layer.shape
                in_turn = values.reshape(-1, steps, layer.interleaved, *rest).swapaxes(1, 2)
                results[layer.layer][part] = in_turn.reshape(-1, *layer.shape)[: part.stop - part.start]
        return results

    def _runs(self, inputs: list[np.ndarray], progress: SamplesDone, *, probe: bool) -> Iterator[tuple[slice, Result]]:
        """Simulate all samples, in as many runs as memory asks for."""
        samples = inputs[0].shape[0]
        streams = [port.stream for port in (*self.design.inputs, *self.design.outputs)]
        if probe:
            streams += [layer.stream for layer in self.design.layers]
        chunk = max(1, _RUN_BYTES // sum(stream.beats * (stream.bytes + _CYCLE_BYTES) for stream in streams))
        chunk = self.design.whole_groups(chunk)
        if self.design.keeps_state:
            chunk = samples  # every run begins with a reset
        for start in range(0, samples, chunk):
            part = slice(start, min(start + chunk, samples))
            count = self.design.whole_groups(part.stop - part.start)
            # A group that is not full is filled with its last sample again.
            chosen = np.minimum(np.arange(start, start + count), part.stop - 1)
            words = [
                port.stream.pack(_raws(array[chosen], port.shape, port.stream))
                for array, port in zip(inputs, self.design.inputs, strict=True)
            ]
            advanced = partial(_advanced, progress, start, samples, self.design.outputs[0].stream.beats)
            yield part, self._simulate(words, count, self.stalls, advanced, probe=probe)
            progress(part.stop, samples)

    def _simulate(
        self,
        words: list[np.ndarray],
        samples: int,
        stalls: Stalls | None,
        progress: Callable[[int], None] | None = None,
        *,
        probe: bool,
    ) -> Result:
        """One run; the outputs come without the `tlast` that was checked."""
        outputs = [port.stream for port in self.design.outputs]
        beats = {layer.stream.name: layer.stream.beats for layer in self.design.layers}
        run = partial(
            self.simulation.run,
            words,
            [samples * stream.beats for stream in outputs],
            stalls,
            probed_beats=[samples * beats[probe.path] for probe in self.simulation.probes],
            patience=PATIENCE + 4 * self.design.latency,
            # Layers may go on for a while with what no output needs any more.
            drain=DRAIN + self.design.interval,
            progress=progress,
        )
        try:
            result = run(probe=probe)
        except SimulationError:
            if not probe:
                # Once more, with an eye on every layer: it may be told in which of them it goes wrong.
                run(probe=True)
            raise
        self.speed.add(result.cycles, samples, result.seconds)
        for port, stream, given in zip(self.design.outputs, outputs, result.outputs, strict=True):
            last = given[:, stream.bytes].reshape(samples, stream.beats)
            if last[:, :-1].any() or not last[:, -1].all():
                raise SimulationError(
                    f"design {self.design.name!r}: {port.port}_tlast must be high on the last beat of every inference, "
                    f"that is every {stream.beats} beats"
                )
        return replace(
            result,
            outputs=[given[:, : stream.bytes] for given, stream in zip(result.outputs, outputs, strict=True)],
        )


def _advanced(progress: SamplesDone, start: int, samples: int, beats: int, done: int) -> None:
    progress(start + done // beats, samples)


def _raws(values: np.ndarray, shape: tuple[int, ...], stream: Stream) -> np.ndarray:
    """Float values as raws of the stream's element: integers (samples, elements)."""
    raws = to_raws(values, TensorType(shape, stream.element))
    return in_dtype(raws, integer_dtype(2**stream.element.width - 1)).reshape(len(values), -1)
