"""`DepthwiseUnit`: products with weights, one column of weights a channel, summed over windows."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from netloom.errors import LayerNotSupportedError, SettingsError
from netloom.firmware.families import GENERIC, Family
from netloom.firmware.stream import Stream, hex_memory, pack_word
from netloom.firmware.units.memories.rom_style import rom_in_block, rom_resources
from netloom.firmware.units.pipeline import PipelineTiming, fifo_depth, fifo_resources
from netloom.firmware.units.products.multiplier import LATENCY, check_dsps, multiplier_resources
from netloom.firmware.units.products.weights import trimmed
from netloom.firmware.units.saturation import may_saturate
from netloom.firmware.units.timing import Timing
from netloom.firmware.units.unit import Resources, SourceUnit
from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls.dataflow import DepthwiseMatVec
from netloom.rounding import Rounding


@dataclass(frozen=True)
class DepthwiseUnit(SourceUnit):
    """Sums over windows that arrive column by column, every channel with weights of its own.

    For every position and every slice of `source.lanes / kernel_height` channels come the window's columns, left to
    right, one a beat: lane `row * channels + channel`. Out goes a beat with that slice's sums.

    Attributes:
        source: the columns.
        operation: weights (kernel_height * kernel_width, channels) and bias.
        kernel_height: elements of a window in a beat. With 1, a window's elements follow each other row by row, which
            is the order in which a saturating sum must be taken.
        kernel_width: beats of a window.
        target: device family.
        dsps: how many of the `source.lanes` multipliers may sit in DSP blocks; none do if the target has none, or their
            operands do not fit.
        saturates: whether a sum may leave a saturating accumulator on the way (`order_matters`). Unless given, as
            the source's type has it.

    Raises:
        SettingsError: if the stream is not made of such columns, or there are not so many multipliers.
        LayerNotSupportedError: if the order of a sum matters and the unit does not keep it.
    """

    module = "depthwise"

    operation: DepthwiseMatVec
    kernel_height: int
    kernel_width: int
    target: Family = GENERIC
    dsps: int = 0
    saturates: bool | None = None

    def __post_init__(self) -> None:
        size, channels = self.operation.weights.shape
        if size != self.kernel_height * self.kernel_width:
            raise SettingsError(
                f"unit {self.name!r}: a window of {self.kernel_height} x {self.kernel_width} must have as many weights "
                f"a channel, not {size}"
            )
        if self.source.lanes % self.kernel_height or channels % self.lanes:
            raise SettingsError(
                f"unit {self.name!r}: {self.source.lanes} lanes must be columns of {self.kernel_height} elements of a "
                f"divisor of {channels} channels"
            )
        if self.source.beats % (self.slices * self.kernel_width):
            raise SettingsError(
                f"unit {self.name!r}: {self.source.beats} beats must be positions of {self.slices} slices of "
                f"{self.kernel_width} columns"
            )
        check_dsps(self, self.dsps)
        natural = self.operation.order is None or list(self.operation.order) == list(range(size))
        if self.confines and not (self.kernel_height == 1 and natural):
            raise LayerNotSupportedError(
                f"unit {self.name!r}: a sum in {self.operation.accum} may saturate on the way, and the unit does not "
                "add in the order that this depends on; use a wider accumulator, or one that wraps"
            )

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

    @cached_property
    def confines(self) -> bool:
        """Whether every sum on the way goes through the accumulator's overflow mode."""
        if self.saturates is not None:
            return self.saturates
        return may_saturate(self.operation, (self.operation.weights.size,), self.source.element)

    @property
    def outputs(self) -> tuple[Stream, ...]:
        """The sums."""
        return (Stream(f"{self.name}_out", self.operation.accum, self.lanes, self.source.beats // self.kernel_width),)

    @cached_property
    def _weights(self) -> tuple[np.ndarray, FixedPoint]:
        """The weights in the narrowest type for them: without zeros they all end in, without leading bits none uses."""
        raws, zeros = trimmed(self.operation.weights)
        fraction = self.operation.weight_type.fraction - zeros
        return raws, FixedPoint.containing(int(raws.min()), int(raws.max()), fraction)

    @property
    def _shift(self) -> int:
        return self.source.element.fraction + self._weights[1].fraction - self.operation.accum.fraction

    @property
    def _cast_works(self) -> bool:
        return (self._shift > 0 and self.operation.accum.rounding is not Rounding.TRN) or self.confines

    @property
    def latency(self) -> int:
        """Clocks from a window's last beat to its result's arrival in the output FIFO."""
        return 1 + LATENCY + self._cast_works + (self.kernel_height - 1).bit_length()

    @property
    def depth(self) -> int:
        """Places of the output FIFO."""
        return fifo_depth(self.kernel_width, self.latency)

    @property
    def _words(self) -> int:
        return self.slices * self.kernel_width

    @cached_property
    def _bias(self) -> np.ndarray:
        return self.operation.start()

    def parameters(self) -> dict[str, int | str]:
        """Geometry, types, memories, and what is done with an overflow where one is possible."""
        source, weight, accum = self.source.element, self._weights[1], self.operation.accum
        return {
            "ROWS": self.kernel_height,
            "COLUMNS": self.kernel_width,
            "LANES": self.lanes,
            "SLICES": self.slices,
            "IN_WIDTH": source.width,
            "IN_SIGNED": int(source.signed),
            "WEIGHT_WIDTH": weight.width,
            "WEIGHT_SIGNED": int(weight.signed),
            "SHIFT": self._shift,
            "ROUNDING": str(accum.rounding),
            "OUT_WIDTH": accum.width,
            "OUT_SIGNED": int(accum.signed),
            "OVERFLOW": str(accum.overflow if self.confines else Overflow.WRAP),
            "WEIGHTS": f"{self.name}_weights.mem",
            "WEIGHTS_BLOCK": int(rom_in_block(self._words, self.source.lanes * weight.width, self.target)),
            "BIAS": f"{self.name}_bias.mem" if self._bias.any() else "",
            "BIAS_BLOCK": int(rom_in_block(self.slices, self.outputs[0].width, self.target)),
            "DSPS": self.in_dsps,
            "DEPTH": self.depth,
            "LUT_RAM": int(self.target.lut_ram > 0),
        }

    def memories(self) -> dict[str, str]:
        """Weights, a word a beat; bias, a word a slice."""
        raws, type_ = self._weights
        # (kernel row, kernel column, slice, lane) -> a word for every slice and column
        positions = raws.reshape(self.kernel_height, self.kernel_width, self.slices, self.lanes)
        words = positions.transpose(2, 1, 0, 3).reshape(self._words, self.source.lanes)
        packed = (pack_word(word, type_.width) for word in words)
        files = {f"{self.name}_weights.mem": hex_memory(packed, self.source.lanes * type_.width)}
        if self._bias.any():
            width = self.operation.accum.width
            packed = (pack_word(word, width) for word in self._bias.reshape(self.slices, self.lanes))
            files[f"{self.name}_bias.mem"] = hex_memory(packed, self.lanes * width)
        return files

    def timing(self) -> Timing:
        """A free-running pipeline, `kernel_width` beats a result."""
        return PipelineTiming(self.kernel_width, self.latency, self.depth)

    def resources(self) -> Resources:
        """Multipliers, an adder for each, registers behind all of them, and the memories."""
        width, weight, elements = self.operation.accum.width, self._weights[1].width, self.source.lanes
        data, in_luts = self.source.element.width, elements - self.in_dsps
        product = multiplier_resources(data, weight, self.target, dsp=False)
        bias = int(np.abs(self._bias).max()).bit_length() + 1 if self._bias.any() else 0
        # The register behind block RAM becomes part of it.
        in_block = rom_in_block(self._words, elements * weight, self.target)
        lut = in_luts * product.lut + elements * self.target.adder(width, True)
        lut += 3 * self._words.bit_length() + 16
        ff = elements * (data if in_block else data + weight) + in_luts * product.ff + elements * width + 20
        ff += self.lanes * bias * (1 + (self.kernel_height - 1).bit_length())
        if self._cast_works:
            lut, ff = lut + elements * (2 * width if self.confines else width), ff + elements * width
        total = Resources(lut, ff, self.in_dsps) + rom_resources(self._words, elements * weight, self.target)
        if self._bias.any():
            total += rom_resources(self.slices, self.outputs[0].width, self.target)
        return total + fifo_resources(self.outputs[0].width, self.depth, self.target)
