"""`MatVecUnit`: a constant matrix times vectors, folded on PE x SIMD multipliers."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from netloom.errors import FoldingError
from netloom.firmware.stream import Stream, hex_memory
from netloom.firmware.units.memories.styles import rom_in_block, rom_luts, words_a_row
from netloom.firmware.units.pipeline import PipelineUnit
from netloom.firmware.units.products.multiplier import LATENCY, multiplier_resources
from netloom.firmware.units.products.weights import (
    FoldedWeights,
    bits_of_range,
    narrowest,
    product_range,
    shared,
    trimmed,
)
from netloom.firmware.units.unit import Resources, SourceUnit, type_parameters
from netloom.fixed_point import Overflow
from netloom.hls.dataflow import MatVec
from netloom.rounding import Rounding, round_raw


@dataclass(frozen=True, eq=False)
class MatVecUnit(PipelineUnit, SourceUnit):
    """Matrix-vector products: of `source.beats / (NF * SF)` vectors, NF beats of `pe` results each.

    A vector is SF beats and comes NF times over. Result `n` is lane `n % pe` of beat `n // pe`. Sums are taken modulo
    the accumulator's width, in any order, unless it may saturate on the way: then product by product, in the order of
    the operation.

    Attributes:
        source: the vectors, SIMD elements a beat.
        operation: matrix, bias and accumulator.
        pe: results computed at a time; divides their number.
        k_order: which input of the matrix each lane of each beat is, (SF, SIMD).
        values: least and greatest raw of a vector's elements.
        saturates: whether a sum may leave a saturating accumulator on the way (`order_matters`). Every one then goes
            through its overflow mode.
        dsps: DSP blocks it may use. Two narrow weights may share one.

    Raises:
        SettingsError: if the stream does not bring whole vectors, or `dsps` is not 0 to `pe` * SIMD.
        FoldingError: if an order of summation is prescribed that this folding does not keep.
    """

    module = "matvec"

    operation: MatVec
    pe: int
    k_order: np.ndarray
    values: tuple[int, int]
    saturates: bool
    dsps: int = 0

    def __post_init__(self) -> None:
        depth, outputs = self.operation.weights.shape
        if self.pe < 1 or outputs % self.pe:
            raise self._error(f"pe must divide its {outputs} outputs, and {self.pe} does not")
        if self.k_order.ndim != 2 or self.k_order.shape[1] != self.source.lanes:
            raise self._error(f"k_order must be (SF, {self.source.lanes}), not {self.k_order.shape}")
        if sorted(self.k_order.ravel().tolist()) != list(range(depth)):
            raise self._error(f"k_order must have each of {depth} inputs once")
        if self.source.beats % (self.sf * self.nf):
            raise self._error(f"{self.source.beats} beats must be vectors of {self.sf}, {self.nf} times each")
        self._check_dsps(self.dsps)
        order = range(depth) if self.operation.order is None else self.operation.order
        if self.saturates and (self.simd != 1 or self.k_order.ravel().tolist() != list(order)):
            raise self._error(
                f"a sum in {self.operation.accum} may saturate on the way: SIMD must be 1 and inputs must come in "
                "their order; or use a wider accumulator, or one that wraps",
                FoldingError,
            )

    @property
    def simd(self) -> int:
        """Products summed at a time for each result."""
        return self.source.lanes

    @property
    def sf(self) -> int:
        """Beats of a vector."""
        return len(self.k_order)

    @property
    def nf(self) -> int:
        """Groups of `pe` results: how often a vector comes."""
        return self.operation.weights.shape[1] // self.pe

    @property
    def multipliers(self) -> int:
        """PE x SIMD."""
        return self.pe * self.simd

    @property
    def outputs(self) -> tuple[Stream, ...]:
        """The results."""
        return (Stream(f"{self.name}_out", self.operation.accum, self.pe, self.source.beats // self.sf),)

    @cached_property
    def _weights(self) -> FoldedWeights:
        operation, element, widest = self.operation, self.source.element, self.target.dsp_width
        raws, zeros = trimmed(operation.weights)
        shift = element.fraction + operation.weight_type.fraction - zeros - operation.accum.fraction
        if -shift >= operation.accum.width and not self.saturates:
            # So far above the accumulator that nothing of a product is left in it.
            raws, shift = np.zeros_like(raws), 0
        folded = raws[self.k_order].reshape(self.sf, self.simd, self.nf, self.pe).transpose(2, 0, 3, 1)
        products = product_range(raws, self.values)
        can_share = self.target.packs and self.dsps and self.pe > 1 and shift <= 0 and not self.saturates
        if can_share and element.width <= widest:
            pack = bits_of_range(*products, signed=element.signed or int(raws.min()) < 0)
            stored, blocks, served = shared(folded, self.dsps)
            narrow = narrowest(stored)
            if pack + narrow.width <= widest:
                return FoldedWeights(stored, narrow, shift, products, pack, blocks, served)
        narrow = narrowest(folded)
        blocks = self.dsps if max(narrow.width, element.width) <= widest else 0
        return FoldedWeights(folded, narrow, shift, products, 0, blocks, blocks)

    @property
    def _cast_works(self) -> bool:
        return (self._weights.shift > 0 and self.operation.accum.rounding is not Rounding.TRN) or self.saturates

    @cached_property
    def _start(self) -> np.ndarray:
        return self.operation.start()

    @property
    def _totals(self) -> bool:
        return self.sf > 1 or bool(self._start.any()) or self._weights.pack > 0 or self.saturates

    @property
    def latency(self) -> int:
        """Clocks from a vector's last beat to its result's arrival in the output FIFO."""
        return 1 + LATENCY + self._cast_works + (self.simd - 1).bit_length() + self._totals

    @property
    def _bias_width(self) -> int:
        ends = int(self._start.min()), int(self._start.max())
        return max(1, bits_of_range(*ends, signed=self.operation.accum.signed))

    @property
    def _memory(self) -> tuple[int, int]:
        """Words of weights, and bits of each."""
        return self.nf * self.sf, self.multipliers * self._weights.type.width

    @property
    def _weights_in_block(self) -> bool:
        return rom_in_block(*self._memory, self.target)

    @property
    def _row(self) -> int:
        """Words of weights that are read at once."""
        return words_a_row(*self._memory, self.target) if self._weights_in_block else 1

    @property
    def _term_width(self) -> int:
        """Bits that hold every product once it is cast."""
        accum, weights = self.operation.accum, self._weights
        if self.saturates:
            return accum.width
        ends = np.array(weights.product_range, dtype=object)
        low, high = (int(end) for end in round_raw(ends, max(weights.shift, 0), accum.rounding))
        # Where weights share a block, the upper product is one too low until its carry is added.
        return bits_of_range(low - (weights.pack > 0), high, signed=True)

    def parameters(self) -> dict[str, int | str]:
        """Folding, types, memories, and what is done with an overflow where one is possible."""
        accum, weights = self.operation.accum, self._weights
        return {
            "PE": self.pe,
            "SIMD": self.simd,
            "SF": self.sf,
            "NF": self.nf,
            **type_parameters("IN", self.source.element),
            **type_parameters("WEIGHT", weights.type),
            "SHIFT": weights.shift,
            "ROUNDING": str(accum.rounding),
            "TERM_WIDTH": self._term_width,
            **type_parameters("OUT", accum),
            "OVERFLOW": str(accum.overflow if self.saturates else Overflow.WRAP),
            "WEIGHTS": f"{self.name}_weights.mem",
            "WEIGHTS_BLOCK": int(self._weights_in_block),
            "WEIGHTS_ROW": self._row,
            "BIAS": f"{self.name}_bias.mem" if self._start.any() else "",
            "BIAS_WIDTH": self._bias_width,
            "BIAS_BLOCK": int(rom_in_block(self.nf, self.pe * self._bias_width, self.target)),
            "PACK": weights.pack,
            "DSPS": weights.blocks,
            **self._fifo_parameters(),
        }

    def memories(self) -> dict[str, str]:
        """Weights, a word a beat, in rows; bias, a word a group of results."""
        rows = self._weights.stored.reshape(-1, self._row * self.multipliers)
        files = {f"{self.name}_weights.mem": hex_memory(rows, self._weights.type.width)}
        if self._start.any():
            files[f"{self.name}_bias.mem"] = hex_memory(self._start.reshape(self.nf, self.pe), self._bias_width)
        return files

    def resources(self) -> Resources:
        """Multipliers, adder trees, totals, the memories, the output FIFO."""
        weights, width, term = self._weights, self.operation.accum.width, self._term_width
        in_luts, count = self.multipliers - weights.in_dsps, self.sf.bit_length()
        total = multiplier_resources(
            self.source.element.width, weights.type.width, self.target, in_luts, weights.blocks
        )
        total += Resources(3 * count + 10, count + 3 * self.latency + self.source.width)
        if self._cast_works:
            total += Resources(self.multipliers * term * (1 + self.saturates), self.multipliers * term)
        lut, ff = self._tree(term, width)
        if self._totals:
            lut, ff = lut + self.target.adder(width, True), ff + width
        total += Resources(self.pe * (lut + self.saturates * 2 * width), self.pe * ff)
        total += self._sequence(*self._memory, self._row)
        if self._start.any():
            total += self._sequence(self.nf, self.pe * self._bias_width)
        return total + self._fifo_resources()

    def _sequence(self, depth: int, width: int, row: int = 1) -> Resources:
        """A memory read word after word; the register behind a block RAM may be part of it."""
        address = (depth - 1).bit_length()
        control = Resources(2 * address, address)
        if row > 1:
            waiting = row * width
            return control + Resources(waiting, waiting, rams=((depth // row, waiting),))
        if rom_in_block(depth, width, self.target):
            held = 0 if self.target.ram_register else width
            return control + Resources(ff=held, rams=((depth, width),))
        return control + Resources(lut=rom_luts(depth, width), ff=width if depth > 1 else 0)

    def _tree(self, term: int, limit: int) -> tuple[int, int]:
        """LUTs and flip-flops of one adder tree."""
        lut = ff = 0
        terms, width = self.simd, term
        while terms > 1:
            width = min(width + 1, limit)
            lut += terms // 2 * self.target.adder(width, False)
            terms = -(-terms // 2)
            ff += terms * width
        return lut, ff
