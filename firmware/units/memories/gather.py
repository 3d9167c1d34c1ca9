"""`GatherUnit`: rows of a constant table, read at indices."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from netloom.errors import SettingsError
from netloom.firmware.families import GENERIC, Family
from netloom.firmware.stream import Stream, hex_memory, pack_word
from netloom.firmware.units.elastic import ElasticTiming, elastic_resources
from netloom.firmware.units.memories.rom_style import rom_in_block, rom_resources
from netloom.firmware.units.timing import Timing
from netloom.firmware.units.unit import Resources, SourceUnit
from netloom.fixed_point import FixedPoint

_INDEX_STAGES = 2


@dataclass(frozen=True, eq=False)
class GatherUnit(SourceUnit):
    """Row after row of a table, each in beats of some of its elements.

    Attributes:
        source: indices, one a beat, each as often as a row has beats.
        rows: raws of the table, (rows, elements of a row).
        element: their type.
        lanes: elements of a row in a beat; divides their number.
        target: device family, for the choice of memories.

    Raises:
        SettingsError: if the numbers contradict each other.
    """

    module = "gather"

    rows: np.ndarray
    element: FixedPoint
    lanes: int
    target: Family = GENERIC

    def __post_init__(self) -> None:
        if self.lanes < 1 or self.rows.shape[1] % self.lanes:
            raise SettingsError(f"unit {self.name!r}: lanes must divide {self.rows.shape[1]}, not be {self.lanes}")
        if self.source.lanes != 1 or self.source.beats % self.words:
            raise SettingsError(
                f"unit {self.name!r}: indices must come one a beat, each {self.words} times, not {self.source.beats} "
                f"beats of {self.source.lanes}"
            )

    @property
    def words(self) -> int:
        """Beats of a row."""
        return int(self.rows.shape[1]) // self.lanes

    @property
    def outputs(self) -> tuple[Stream, ...]:
        """The rows."""
        return (Stream(f"{self.name}_out", self.element, self.lanes, self.source.beats),)

    @property
    def _width(self) -> int:
        return self.lanes * self.element.width

    @cached_property
    def _depth(self) -> int:
        """Words of the memory: for each row a power of two, so that an address is a row and a step side by side."""
        return int(self.rows.shape[0]) << (self.words - 1).bit_length()

    @property
    def _block(self) -> bool:
        return rom_in_block(self._depth, self._width, self.target)

    def parameters(self) -> dict[str, int | str]:
        """Sizes, the index's type, and the memory."""
        index = self.source.element
        return {
            "IN_WIDTH": index.width,
            "IN_SIGNED": int(index.signed),
            "SHIFT": index.fraction,
            "ROWS": int(self.rows.shape[0]),
            "WORDS": self.words,
            "WIDTH": self._width,
            "FILE": f"{self.name}.mem",
            "BLOCK": int(self._block),
        }

    def memories(self) -> dict[str, str]:
        """The rows, beat by beat; zeros where a row has no more."""
        beats = self.rows.reshape(len(self.rows), self.words, self.lanes)
        spare = self._depth // len(self.rows) - self.words
        beats = np.pad(beats, ((0, 0), (0, spare), (0, 0)))
        words = (pack_word(beat, self.element.width) for beat in beats.reshape(-1, self.lanes))
        return {f"{self.name}.mem": hex_memory(words, self._width)}

    def timing(self) -> Timing:
        """Elastic stages: sum, limits, memory, its output register."""
        return ElasticTiming(_INDEX_STAGES + 1 + self._block)

    def resources(self) -> Resources:
        """The memory and its register, the limits of the index, the step."""
        index, address = self.source.element.width, (self._depth - 1).bit_length()
        control = elastic_resources(_INDEX_STAGES + 1 + self._block, 0)
        limits = Resources(lut=2 * index + address, ff=index + address)
        steps = Resources(lut=2 * self.words.bit_length(), ff=3 * self.words.bit_length())
        return (
            control + limits + steps + rom_resources(self._depth, self._width, self.target) + Resources(ff=self._width)
        )
