"""`GatherUnit`: rows of a constant table, read at indices."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from netloom.firmware.stream import Stream, hex_memory
from netloom.firmware.units.elastic import ElasticUnit, elastic_resources
from netloom.firmware.units.memories.styles import rom_in_block, rom_resources
from netloom.firmware.units.unit import Resources, type_parameters
from netloom.fixed_point import FixedPoint


@dataclass(frozen=True, eq=False)
class GatherUnit(ElasticUnit):
    """Row after row of a table, each in beats of some of its elements.

    Attributes:
        source: indices, one a beat, each as often as a row has beats.
        rows: raws of the table, (rows, elements of a row).
        element: their type.
        lanes: elements of a row in a beat; divides their number.

    Raises:
        SettingsError: if the numbers contradict each other.
    """

    module = "gather"

    rows: np.ndarray
    element: FixedPoint
    lanes: int

    def __post_init__(self) -> None:
        if self.lanes < 1 or self.rows.shape[1] % self.lanes:
            raise self._error(f"lanes must divide {self.rows.shape[1]}, not be {self.lanes}")
        if self.source.lanes != 1 or self.source.beats % self.words:
            raise self._error(
                f"indices must come one a beat, each {self.words} times, not {self.source.beats} beats of "
                f"{self.source.lanes}"
            )

    @property
    def words(self) -> int:
        """Beats of a row."""
        return int(self.rows.shape[1]) // self.lanes

    @property
    def outputs(self) -> tuple[Stream, ...]:
        """The rows."""
        return (Stream(f"{self.name}_out", self.element, self.lanes, self.source.beats),)

    @cached_property
    def _depth(self) -> int:
        """Words of the memory: for each row a power of two, so that an address is a row and a step side by side."""
        return int(self.rows.shape[0]) << (self.words - 1).bit_length()

    @property
    def _block(self) -> bool:
        return rom_in_block(self._depth, self.outputs[0].width, self.target)

    @property
    def _stages(self) -> int:
        """Sum, limits, memory, its output register."""
        return 3 + self._block

    def parameters(self) -> dict[str, int | str]:
        """Sizes, the index's type, and the memory."""
        index = self.source.element
        return {
            **type_parameters("IN", index),
            "SHIFT": index.fraction,
            "ROWS": int(self.rows.shape[0]),
            "WORDS": self.words,
            "WIDTH": self.outputs[0].width,
            "FILE": f"{self.name}.mem",
            "BLOCK": int(self._block),
        }

    def memories(self) -> dict[str, str]:
        """The rows, beat by beat; zeros where a row has no more."""
        beats = self.rows.reshape(len(self.rows), self.words, self.lanes)
        spare = self._depth // len(self.rows) - self.words
        beats = np.pad(beats, ((0, 0), (0, spare), (0, 0)))
        return {f"{self.name}.mem": hex_memory(beats.reshape(-1, self.lanes), self.element.width)}

    def resources(self) -> Resources:
        """The memory and its register, the limits of the index, the step."""
        index, address, step = self.source.element.width, (self._depth - 1).bit_length(), self.words.bit_length()
        width = self.outputs[0].width
        logic = Resources(2 * index + address + 2 * step, index + address + 3 * step + width)
        return elastic_resources(self._stages, 0) + logic + rom_resources(self._depth, width, self.target)
