"""`DepthwiseUnit`: products with weights, one column of weights a channel, summed over windows."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from netloom.firmware.stream import Stream, hex_memory
from netloom.firmware.units.memories.styles import rom_in_block, rom_resources
from netloom.firmware.units.pipeline import PipelineUnit
from netloom.firmware.units.products.multiplier import LATENCY, multiplier_resources
from netloom.firmware.units.products.weights import narrowest, trimmed
from netloom.firmware.units.unit import Resources, SourceUnit, type_parameters
from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls.dataflow import DepthwiseMatVec
from netloom.rounding import Rounding


@dataclass(frozen=True)
class DepthwiseUnit(PipelineUnit, SourceUnit):
    """Sums over windows that arrive column by column, every channel with weights of its own.

    For every position and every slice of `source.lanes / kernel_height` channels come the window's columns, left to
    right, one a beat: lane `row * channels + channel`. Out goes a beat with that slice's sums.

    Attributes:
        source: the columns.
        operation: weights (kernel_height * kernel_width, channels) and bias.
        kernel_height: elements of a window in a beat. With 1, a window's elements follow each other row by row, which
            is the order in which a saturating sum must be taken.
        kernel_width: beats of a window.
        saturates: whether a sum may leave a saturating accumulator on the way (`order_matters`). Every one then goes
            through its overflow mode.
        dsps: how many of the `source.lanes` multipliers may sit in DSP blocks; none do if the target has none, or their
            operands do not fit.

    Raises:
        SettingsError: if the stream is not made of such columns, or there are not so many multipliers.
        LayerNotSupportedError: if the order of a sum matters and the unit does not keep it.
    """

    module = "depthwise"

    operation: DepthwiseMatVec
    kernel_height: int
    kernel_width: int
    saturates: bool
    dsps: int = 0

    def __post_init__(self) -> None:
        size, channels = self.operation.weights.shape
        height, width = self.kernel_height, self.kernel_width
        if size != height * width:
            raise self._error(f"a window of {height} x {width} must have as many weights a channel, not {size}")
        if self.source.lanes % height or channels % self.lanes:
            raise self._error(
                f"{self.source.lanes} lanes must be columns of {height} elements of a divisor of {channels} channels"
            )
        if self.source.beats % (self.slices * width):
            raise self._error(f"{self.source.beats} beats must be positions of {self.slices} slices of {width} columns")
        self._check_dsps(self.dsps)
        natural = self.operation.order is None or list(self.operation.order) == list(range(size))
        if self.saturates and not (height == 1 and natural):
            raise self._order_error(self.operation.accum)

    @property
    def lanes(self) -> int:
        """Channels side by side."""
        return self.source.lanes // self.kernel_height

    @property
    def slices(self) -> int:
        """Groups of channels that follow each other."""
        return self.operation.weights.shape[1] // self.lanes

    @property
    def multipliers(self) -> int:
        """One a lane of the source."""
        return self.source.lanes

    @property
    def in_dsps(self) -> int:
        """How many multipliers sit in DSP blocks."""
        widest = max(self.source.element.width, self._weights[1].width)
        return self.dsps if widest <= self.target.dsp_width else 0

    @property
    def outputs(self) -> tuple[Stream, ...]:
        """The sums."""
        return (Stream(f"{self.name}_out", self.operation.accum, self.lanes, self.source.beats // self.kernel_width),)

    @cached_property
    def _weights(self) -> tuple[np.ndarray, FixedPoint]:
        """The weights in the narrowest type for them: without zeros they all end in, without leading bits none uses."""
        raws, zeros = trimmed(self.operation.weights)
        return raws, narrowest(raws, self.operation.weight_type.fraction - zeros)

    @property
    def _shift(self) -> int:
        return self.source.element.fraction + self._weights[1].fraction - self.operation.accum.fraction

    @property
    def _cast_works(self) -> bool:
        return (self._shift > 0 and self.operation.accum.rounding is not Rounding.TRN) or self.saturates

    @property
    def latency(self) -> int:
        """Clocks from a window's last beat to its result's arrival in the output FIFO."""
        return 1 + LATENCY + self._cast_works + (self.kernel_height - 1).bit_length()

    @property
    def _memory(self) -> tuple[int, int]:
        """Words of weights, and bits of each."""
        return self.slices * self.kernel_width, self.source.lanes * self._weights[1].width

    @cached_property
    def _bias(self) -> np.ndarray:
        return self.operation.start()

    def parameters(self) -> dict[str, int | str]:
        """Geometry, types, memories, and what is done with an overflow where one is possible."""
        weight, accum = self._weights[1], self.operation.accum
        return {
            "ROWS": self.kernel_height,
            "COLUMNS": self.kernel_width,
            "LANES": self.lanes,
            "SLICES": self.slices,
            **type_parameters("IN", self.source.element),
            **type_parameters("WEIGHT", weight),
            "SHIFT": self._shift,
            "ROUNDING": str(accum.rounding),
            **type_parameters("OUT", accum),
            "OVERFLOW": str(accum.overflow if self.saturates else Overflow.WRAP),
            "WEIGHTS": f"{self.name}_weights.mem",
            "WEIGHTS_BLOCK": int(rom_in_block(*self._memory, self.target)),
            "BIAS": f"{self.name}_bias.mem" if self._bias.any() else "",
            "BIAS_BLOCK": int(rom_in_block(self.slices, self.outputs[0].width, self.target)),
            "DSPS": self.in_dsps,
            **self._fifo_parameters(),
        }

    def memories(self) -> dict[str, str]:
        """Weights, a word a beat; bias, a word a slice."""
        raws, type_ = self._weights
        # (kernel row, kernel column, slice, lane) -> a word for every slice and column
        positions = raws.reshape(self.kernel_height, self.kernel_width, self.slices, self.lanes)
        words = positions.transpose(2, 1, 0, 3).reshape(-1, self.source.lanes)
        files = {f"{self.name}_weights.mem": hex_memory(words, type_.width)}
        if self._bias.any():
            bias = self._bias.reshape(self.slices, self.lanes)
            files[f"{self.name}_bias.mem"] = hex_memory(bias, self.operation.accum.width)
        return files

    def resources(self) -> Resources:
        """Multipliers, an adder for each, registers behind all of them, and the memories."""
        width, weight, elements = self.operation.accum.width, self._weights[1].width, self.source.lanes
        data, dsps = self.source.element.width, self.in_dsps
        bias = int(np.abs(self._bias).max()).bit_length() + 1 if self._bias.any() else 0
        # The register behind block RAM becomes part of it.
        in_block = rom_in_block(*self._memory, self.target)
        lut = elements * self.target.adder(width, True) + 3 * self._memory[0].bit_length() + 16
        ff = elements * (data if in_block else data + weight) + elements * width + 20
        ff += self.lanes * bias * (1 + (self.kernel_height - 1).bit_length())
        if self._cast_works:
            lut, ff = lut + elements * width * (1 + self.saturates), ff + elements * width
        total = Resources(lut, ff) + multiplier_resources(data, weight, self.target, elements - dsps, dsps)
        total += rom_resources(*self._memory, self.target)
        if self._bias.any():
            total += rom_resources(self.slices, self.outputs[0].width, self.target)
        return total + self._fifo_resources()
