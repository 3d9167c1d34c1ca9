"""`MatVecUnit`: a constant matrix times vectors, folded on PE x SIMD multipliers."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from netloom.errors import FoldingError, SettingsError
from netloom.firmware.families import GENERIC, Family
from netloom.firmware.stream import Stream, hex_memory, pack_word
from netloom.firmware.units.memories.rom_style import rom_in_block, rom_luts, words_a_row
from netloom.firmware.units.pipeline import PipelineTiming, fifo_depth, fifo_resources
from netloom.firmware.units.products.multiplier import LATENCY, check_dsps, multiplier_resources
from netloom.firmware.units.products.weights import FoldedWeights
from netloom.firmware.units.saturation import may_saturate
from netloom.firmware.units.timing import Timing
from netloom.firmware.units.unit import Ram, Resources, SourceUnit
from netloom.fixed_point import Overflow
from netloom.hls.dataflow import MatVec
from netloom.rounding import Rounding, round_raw


@dataclass(frozen=True, eq=False)
class MatVecUnit(SourceUnit):
    """Matrix-vector products: of `source.beats / (NF * SF)` vectors, NF beats of `pe` results each.

    A vector is SF beats and comes NF times over. Result `n` is lane `n % pe` of beat `n // pe`. Sums are taken modulo
    the accumulator's width, in any order, unless it may saturate on the way: then product by product, in the order of
    the operation.

    Attributes:
        source: the vectors, SIMD elements a beat.
        operation: matrix, bias and accumulator.
        pe: results computed at a time; divides their number.
        k_order: which input of the matrix each lane of each beat is, (SF, SIMD).
        target: device family.
        dsps: DSP blocks it may use. Two narrow weights may share one: `in_dsps` says how many multipliers they serve.
        values: least and greatest raw of a vector's elements; unless given, those of their type.
        saturates: whether a sum may saturate on the way (`order_matters`). Unless given, as the source's type has it.
        in_block: whether weights lie in block RAM; unless given, where they would take many LUTs.
        row: words of weights that are read at once from there; unless given, as many as it takes to be fast.

    Raises:
        SettingsError: if the stream does not bring whole vectors, or `dsps` is not 0 to `pe` * SIMD.
        FoldingError: if an order of summation is prescribed that this folding does not keep.
    """

    module = "matvec"

    operation: MatVec
    pe: int
    k_order: np.ndarray
    target: Family = GENERIC
    dsps: int = 0
    values: tuple[int, int] | None = None
    saturates: bool | None = None
    in_block: bool | None = None
    row: int | None = None

    def __post_init__(self) -> None:
        depth, outputs = self.operation.weights.shape
        if self.pe < 1 or outputs % self.pe:
            raise SettingsError(f"unit {self.name!r}: pe must divide its {outputs} outputs, and {self.pe} does not")
        if self.k_order.ndim != 2 or self.k_order.shape[1] != self.source.lanes:
            raise SettingsError(
                f"unit {self.name!r}: k_order must be (SF, {self.source.lanes}), not {self.k_order.shape}"
            )
        if sorted(self.k_order.ravel().tolist()) != list(range(depth)):
            raise SettingsError(f"unit {self.name!r}: k_order must have each of {depth} inputs once")
        if self.source.beats % (self.sf * self.nf):
            raise SettingsError(
                f"unit {self.name!r}: {self.source.beats} beats must be vectors of {self.sf}, {self.nf} times each"
            )
        check_dsps(self, self.dsps)
        if self.confines:
            order = range(depth) if self.operation.order is None else self.operation.order
            if self.simd != 1 or self.k_order.ravel().tolist() != list(order):
                raise FoldingError(
                    f"unit {self.name!r}: a sum in {self.operation.accum} may saturate on the way: SIMD must be 1 and "
                    "inputs must come in their order; or use a wider accumulator, or one that wraps"
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
    def confines(self) -> bool:
        """Whether a saturating total may saturate on the way."""
        if self.saturates is not None:
            return self.saturates
        return may_saturate(self.operation, self.operation.weights.shape[:1], self.source.element)

    @cached_property
    def _weights(self) -> FoldedWeights:
        element = self.source.element
        values = self.values or (element.raw_min, element.raw_max)
        return FoldedWeights.of(
            self.operation, element, values, self.k_order, self.pe, self.dsps, self.target, self.confines
        )

    @property
    def in_dsps(self) -> int:
        """Multipliers that DSP blocks serve."""
        return self._weights.in_dsps

    @property
    def _cast_works(self) -> bool:
        return (self._weights.shift > 0 and self.operation.accum.rounding is not Rounding.TRN) or self.confines

    @cached_property
    def _start(self) -> np.ndarray:
        return self.operation.start()

    @property
    def _totals(self) -> bool:
        return self.sf > 1 or bool(self._start.any()) or self._weights.pack > 0 or self.confines

    @property
    def latency(self) -> int:
        """Clocks from a vector's last beat to its result's arrival in the output FIFO."""
        return 1 + LATENCY + self._cast_works + (self.simd - 1).bit_length() + self._totals

    @property
    def depth(self) -> int:
        """Places of the output FIFO."""
        return fifo_depth(self.sf, self.latency)

    @property
    def _bias_width(self) -> int:
        accum = self.operation.accum
        return max(1, max(int(raw if raw >= 0 else ~raw).bit_length() for raw in self._start) + accum.signed)

    @property
    def _weights_in_block(self) -> bool:
        if self.in_block is not None:
            return self.in_block
        return rom_in_block(self.nf * self.sf, self.multipliers * self._weights.width, self.target)

    @property
    def _row(self) -> int:
        if self.row is not None or not self._weights_in_block:
            return self.row or 1
        return words_a_row(self.nf * self.sf, self.multipliers * self._weights.width, self.target)

    @property
    def term_width(self) -> int:
        """Bits that hold every product once it is cast."""
        accum, weights = self.operation.accum, self._weights
        if self.confines:
            return accum.width
        ends = np.array(weights.product_range, dtype=object)
        low, high = (int(end) for end in round_raw(ends, max(weights.shift, 0), accum.rounding))
        # Where weights share a block, the upper product is one too low until its carry is added.
        low -= weights.pack > 0
        return max(high.bit_length(), (-low - 1).bit_length() if low < 0 else 0) + 1

    def parameters(self) -> dict[str, int | str]:
        """Folding, types, memories, and what is done with an overflow where one is possible."""
        source, accum, weights = self.source.element, self.operation.accum, self._weights
        has_bias = bool(self._start.any())
        return {
            "PE": self.pe,
            "SIMD": self.simd,
            "SF": self.sf,
            "NF": self.nf,
            "IN_WIDTH": source.width,
            "IN_SIGNED": int(source.signed),
            "WEIGHT_WIDTH": weights.width,
            "WEIGHT_SIGNED": int(weights.signed),
            "SHIFT": weights.shift,
            "ROUNDING": str(accum.rounding),
            "TERM_WIDTH": self.term_width,
            "OUT_WIDTH": accum.width,
            "OUT_SIGNED": int(accum.signed),
            "OVERFLOW": str(accum.overflow if self.confines else Overflow.WRAP),
            "WEIGHTS": f"{self.name}_weights.mem",
            "WEIGHTS_BLOCK": int(self._weights_in_block),
            "WEIGHTS_ROW": self._row,
            "BIAS": f"{self.name}_bias.mem" if has_bias else "",
            "BIAS_WIDTH": self._bias_width,
            "BIAS_BLOCK": int(rom_in_block(self.nf, self.pe * self._bias_width, self.target)),
            "PACK": weights.pack,
            "DSPS": weights.blocks,
            "DEPTH": self.depth,
            "LUT_RAM": int(self.target.lut_ram > 0),
        }

    def memories(self) -> dict[str, str]:
        """Weights, a word a beat, in rows; bias, a word a group of results."""
        weights, width = self._weights, self._bias_width
        elements = self._row * self.multipliers
        packed = (pack_word(row, weights.width) for row in weights.stored.reshape(-1, elements))
        files = {f"{self.name}_weights.mem": hex_memory(packed, elements * weights.width)}
        if self._start.any():
            packed = (pack_word(word, width) for word in self._start.reshape(self.nf, self.pe))
            files[f"{self.name}_bias.mem"] = hex_memory(packed, self.pe * width)
        return files

    def timing(self) -> Timing:
        """A free-running pipeline, SF beats a result."""
        return PipelineTiming(self.sf, self.latency, self.depth)

    def resources(self) -> Resources:
        """Multipliers, adder trees, totals, the memories, the output FIFO."""
        weights, accum = self._weights, self.operation.accum
        operand, term = self.source.element.width, self.term_width
        total = Resources(
            lut=3 * self.sf.bit_length() + 10,
            ff=self.sf.bit_length() + 3 * self.latency + self.source.width,
            dsp=weights.blocks,
        )
        one = multiplier_resources(operand, weights.width, self.target, dsp=False)
        in_luts = self.multipliers - weights.in_dsps
        total += Resources(in_luts * one.lut, in_luts * one.ff)
        if self._cast_works:
            total += Resources(self.multipliers * (2 * term if self.confines else term), self.multipliers * term)
        lut, ff = self._tree(term, accum.width)
        if self._totals:
            lut, ff = lut + self.target.adder(accum.width, True), ff + accum.width
        total += Resources(self.pe * (lut + self.confines * 2 * accum.width), self.pe * ff)
        total += self._sequence(self.nf * self.sf, self.multipliers * weights.width, self._weights_in_block, self._row)
        if self._start.any():
            width = self.pe * self._bias_width
            total += self._sequence(self.nf, width, rom_in_block(self.nf, width, self.target))
        return total + fifo_resources(self.outputs[0].width, self.depth, self.target)

    def _sequence(self, depth: int, width: int, block: bool, row: int = 1) -> Resources:
        """A memory read word after word; the register behind a block RAM may be part of it."""
        address = (depth - 1).bit_length()
        control = Resources(2 * address, address)
        if row > 1:
            waiting = row * width
            return control + Resources(waiting, waiting, rams=(Ram(depth // row, waiting, block=True),))
        if block:
            held = 0 if self.target.ram_register else width
            return control + Resources(ff=held, rams=(Ram(depth, width, block=True),))
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
