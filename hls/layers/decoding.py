"""A decoder's step in operations: a cell that reads the symbol said before, and says the likeliest next one."""

from dataclasses import dataclass

import numpy as np

from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import (
    Bounds,
    Cast,
    DataflowBuilder,
    Elementwise,
    ElementwiseFunction,
    Gather,
    Layer,
    Lookup,
    MatVec,
    Operation,
    Permute,
    Reduce,
    Scan,
    TensorType,
)
from netloom.hls.layers.argmax import marked
from netloom.hls.layers.recurrent_cells import CellBody, RecurrentCell, exact_product


@dataclass(frozen=True, eq=False)
class Decoding:
    """What a decoder computes: weights as raws with their types, in Keras's layout.

    Attributes:
        rows: of the embedding, (symbols, inputs).
        rows_type: theirs.
        cell: what reads a row.
        kernel: of the logits, (units, symbols).
        kernel_type: its.
        bias: of the logits, (symbols,).
        bias_type: its.
        read: what the cell's result is cast to before it is multiplied by `kernel`; None for as it is.
        steps: symbols to say.
        start: symbol that the first step reads.
        stop: symbol that is said for ever, once it has been; None for none.
    """

    rows: np.ndarray
    rows_type: FixedPoint
    cell: RecurrentCell
    kernel: np.ndarray
    kernel_type: FixedPoint
    bias: np.ndarray
    bias_type: FixedPoint
    read: FixedPoint | None
    steps: int
    start: int
    stop: int | None

    @property
    def symbols(self) -> int:
        """How many there are."""
        return int(self.rows.shape[0])

    @property
    def symbol(self) -> FixedPoint:
        """The type of their numbers."""
        width = max((self.symbols - 1).bit_length(), 1)
        return FixedPoint(width, width, signed=False)

    def scan(self, name: str, begun: bool, noise: FixedPoint | None) -> Scan:
        """The loop over all steps, which gives (steps, 1) symbols.

        It carries the cell's state, the symbol, and whether `stop` has been said. Noise, (steps, symbols), is its first
        input, if there is any; then come states.

        Args:
            name: of the layer; those in the body are `name/logits` and the like.
            begun: whether inputs bring the states to begin with, as they are read; else they are zeros.
            noise: type of the noise; None without.
        """
        body = _Body(self, name)
        said = body.builder.source(f"{name}/symbol.read", TensorType((1,), self.symbol))
        cell = body.cell(said)
        result, carried = cell.step()
        states = {source: cell.carry(source, value) for source, value in carried.items()}
        scores = body.scores(result, noise)
        symbol, flags = body.choice(scores)
        carries = [*states.items(), (said, symbol), *flags.items()]
        zeros = None if begun else np.zeros(self.cell.units, dtype=np.int64)
        initial = (*(zeros for _ in states), np.array([self.start]), *(np.array([0]) for _ in flags))
        sources = [source for source, _ in carries]
        fed = [body.noise] if noise is not None else []
        dataflow = body.builder.build([*sources, *fed], [symbol])
        return Scan(dataflow, tuple(carries), initial, self.steps, (True,))


class _Body:
    """Collects the operations of one step around the cell."""

    def __init__(self, decoding: Decoding, name: str) -> None:
        self.decoding, self.name, self.builder = decoding, name, DataflowBuilder()
        self.noise = f"{name}/noise.input"

    def cell(self, said: str) -> CellBody:
        """The cell, on the row of the symbol that is read."""
        decoding, builder = self.decoding, self.builder
        found = self._add("row", "read", Gather(decoding.rows, decoding.rows_type.with_modes()), said)
        row = self._add("row", "flat", Permute(np.arange(decoding.rows.shape[1])), found)
        products = decoding.cell.inputs(builder.types[row])
        inputs = {gate: self._add(gate, "input", product, row) for gate, product in products.items()}
        return CellBody(decoding.cell, self.name, builder, inputs)

    def scores(self, result: str, noise: FixedPoint | None) -> str:
        """A number for each symbol, of the cell's result and the noise."""
        decoding, builder = self.decoding, self.builder
        read = result if decoding.read is None else self._add("logits", "read", Cast(decoding.read), result)
        weights = (decoding.kernel, decoding.kernel_type), (decoding.bias, decoding.bias_type)
        product: MatVec = exact_product(*weights, builder.types[read])
        logits = self._close("logits", self._add("logits", "product", product, read))
        if noise is None:
            return logits
        builder.source(self.noise, TensorType((decoding.symbols,), noise))
        added = self._add("scores", "sum", Elementwise(ElementwiseFunction.ADD), logits, self.noise)
        return self._close("scores", added)

    def choice(self, scores: str) -> tuple[str, dict[str, str]]:
        """The symbol that is said, and by source the flag of the stop, if there is one.

        The flag stands above the mark of the largest score: a table of both says the symbol, and another the flag.
        """
        decoding, builder = self.decoding, self.builder
        tensor = builder.types[scores]
        marks, mark = marked(tensor, Bounds.of(tensor))
        largest = self._add("symbol", "largest", Reduce(), self._add("symbol", "marked", marks, scores))
        index = self._add("symbol", "mark", Cast(mark), largest)
        # Mark 2**width - 1 is the first symbol's; the least ones may be nobody's.
        symbols = np.minimum(2**mark.width - 1 - np.arange(2**mark.width), decoding.symbols - 1)
        if decoding.stop is None:
            return self._said(index, symbols), {}
        flag = FixedPoint(1, 1 - tensor.element.fraction, signed=False)
        stopped = builder.source(f"{self.name}/stopped.read", TensorType((1,), flag))
        both = self._add("symbol", "index", Elementwise(ElementwiseFunction.ADD), index, stopped)
        symbols = np.concatenate([symbols, np.full(2**mark.width, decoding.stop)])
        ends = self._add("stopped", "table", Lookup((symbols == decoding.stop).astype(np.int64), flag), both)
        return self._said(both, symbols), {stopped: self._add("stopped", "carry", Cast(flag), ends)}

    def _said(self, index: str, symbols: np.ndarray) -> str:
        found = self._add("symbol", "table", Lookup(symbols, self.decoding.symbol), index)
        return self._close("symbol", self._add("symbol", "carry", Cast(self.decoding.symbol), found))

    def _add(self, part: str, suffix: str, operation: Operation, *inputs: str) -> str:
        return self.builder.add(f"{self.name}/{part}", suffix, operation, *inputs)

    def _close(self, part: str, value: str) -> str:
        self.builder.layer(Layer(f"{self.name}/{part}", "DecoderPart", value, self.name, 1))
        return value
