"""`RecurrentDecoder`: writes a sequence by itself, as a layer: each symbol that it says is the next one it reads."""

from collections.abc import Iterator, Sequence
from typing import Any

import keras
import qkeras

from netloom.errors import SettingsError
from netloom.quantize.layers.embedding import QEmbedding
from netloom.quantize.layers.recurrent import QGRU, QLSTM, QSimpleRNN

_TAKEN: dict[str, tuple[type, ...]] = {
    "embedding": (keras.layers.Embedding, QEmbedding),
    "recurrent": (
        *(keras.layers.SimpleRNN, keras.layers.LSTM, keras.layers.GRU),
        *(qkeras.QSimpleRNN, qkeras.QLSTM, qkeras.QGRU, QSimpleRNN, QLSTM, QGRU),
    ),
    "logits": (keras.layers.Dense, qkeras.QDense),
    "quantizer": (qkeras.QActivation,),
}
"""Classes of its parts, exactly: a class derived from one may compute anything."""


@keras.saving.register_keras_serializable("netloom")
class RecurrentDecoder(keras.layers.Layer):
    """A recurrent network that is fed what it has just said, for so many steps, whatever it says.

    In each step the embedding of the symbol before, `start` in the first, goes through the recurrent layer's cell, and
    what that gives through `logits`; the symbol of the greatest is said, the first of equal ones. After `stop` it says
    `stop` for ever. Its parts are used, not copied: a network of the same layers, taught with the right symbols before
    each place (teacher forcing), trains them. The symbols are whole numbers of a float type, (batch, steps), without
    a gradient.

    It is called with the states to begin with, those of one recurrent layer like its own, (batch, units) each, and
    perhaps `noise`, (batch, steps, symbols), which is added to the logits. Gumbel noise times T makes it draw each
    symbol as often as the softmax of logits / T says (Maddison, Tarlow, Minka, "A* Sampling", NeurIPS 2014). Without
    states they are zeros; then there must be noise, for a layer has an input.

    Args:
        embedding: an `Embedding` or `QEmbedding`, a row a symbol.
        recurrent: a `SimpleRNN`, `LSTM` or `GRU`, or QKeras's, of which the cell alone is used.
        logits: a `Dense` or `QDense`, a unit a symbol, no activation.
        steps: symbols to say.
        start: symbol that is read in the first step; it may be `stop` too.
        stop: symbol behind which nothing else is said; None for none.
        quantizer: a `QActivation` of what `logits` reads; None for what the cell gives.

    Raises:
        SettingsError: if a part is none of those, or does not fit the others; if there is no step, or a symbol is none;
            and when called, for states or noise of another shape.
    """

    def __init__(
        self,
        embedding: Any,
        recurrent: Any,
        logits: Any,
        *,
        steps: int,
        start: int = 0,
        stop: int | None = None,
        quantizer: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.embedding, self.recurrent, self.logits, self.quantizer = embedding, recurrent, logits, quantizer
        self.steps, self.start, self.stop = steps, start, stop
        for problem in self._problems():
            raise SettingsError(f"layer {self.name!r} (RecurrentDecoder): {problem}")

    def _problems(self) -> Iterator[str]:
        """What is wrong with the arguments."""
        for part, taken in _TAKEN.items():
            layer = getattr(self, part)
            if type(layer) not in taken and not (part == "quantizer" and layer is None):
                names = ", ".join(dict.fromkeys(kind.__name__ for kind in taken))
                yield f"{part} must be one of {names}, not {type(layer).__name__}"
        if self.recurrent.go_backwards or self.recurrent.stateful:
            yield "recurrent must read forward and keep nothing: leave go_backwards and stateful out"
        function = getattr(self.logits.activation, "__name__", self.logits.activation)
        if function not in (None, "linear"):
            yield "logits must have no activation: the greatest logit is the greatest probability"
        if self.logits.units != self.symbols:
            yield f"logits must have a unit for each of the {self.symbols} rows of embedding, not {self.logits.units}"
        if type(self.steps) is not int or self.steps < 1:
            yield f"steps must be a whole number of at least 1, not {self.steps!r}"
        for name, symbol in (("start", self.start), ("stop", self.stop)):
            if symbol is None and name == "stop":
                continue
            if type(symbol) is not int or not 0 <= symbol < self.symbols:
                yield f"{name} must be a symbol, from 0 to {self.symbols - 1}, not {symbol!r}"

    @property
    def parts(self) -> dict[str, Any]:
        """Its layers, by the names of the arguments."""
        return {name: layer for name in _TAKEN if (layer := getattr(self, name)) is not None}

    @property
    def symbols(self) -> int:
        """How many there are."""
        return int(self.embedding.input_dim)

    @property
    def cell(self) -> Any:
        """The recurrent layer's."""
        return self.recurrent.cell

    @property
    def state_sizes(self) -> list[int]:
        """Of the cell: one, or an LSTM's two."""
        return list(keras.tree.flatten(self.cell.state_size))

    def __call__(self, states: Any = None, noise: Any = None, **options: Any) -> Any:
        """As every layer is called; states and noise, of which Keras tells `build` the shapes alone, kept apart."""
        where = f"layer {self.name!r} (RecurrentDecoder)"
        flat = keras.tree.flatten(states)
        if noise is None and not [one for one in flat if one is not None]:
            raise SettingsError(f"{where}: it must be called with states, noise, or both")
        if any(len(one.shape) == 3 for one in flat if hasattr(one, "shape")):
            raise SettingsError(f"{where}: noise must be given by name, noise=..., not among the states")
        return super().__call__(states, noise=noise, **options)

    def build(self, states_shape: Any = None, noise_shape: Any = None) -> None:
        """Build the parts that are not, and hold the shapes against them."""
        # Keras gives the shape of an only argument as the first, whichever it is.
        given = [*_shapes(states_shape), *_shapes(noise_shape)]
        states, noise = [shape for shape in given if len(shape) == 2], [shape for shape in given if len(shape) != 2]
        wanted = [(size,) for size in self.state_sizes]
        for what, found, right in (
            ("states", states, [[], wanted]),
            ("noise", noise, [[], [(self.steps, self.symbols)]]),
        ):
            shapes = [tuple(shape[1:]) for shape in found]
            if shapes not in right:
                raise SettingsError(
                    f"layer {self.name!r} (RecurrentDecoder): {what} must have shape {_told(right[1])} without the"
                    f" batch, not {_told(shapes)}"
                )
        for layer, shape in (
            (self.embedding, (None, 1)),
            (self.recurrent, (None, None, self.embedding.output_dim)),
            (self.logits, (None, self.cell.units)),
        ):
            if not layer.built:
                layer.build(shape)
        for part, kernel, width in (
            ("recurrent", self.cell.kernel, self.embedding.output_dim),
            ("logits", self.logits.kernel, self.cell.units),
        ):
            if kernel.shape[0] != width:
                raise SettingsError(
                    f"layer {self.name!r} (RecurrentDecoder): {part} was built to read {kernel.shape[0]} numbers, and"
                    f" is given {width}"
                )
        self.built = True

    def compute_output_shape(self, states_shape: Any = None, noise_shape: Any = None) -> tuple[int | None, ...]:
        """A symbol a step."""
        return (*_shapes(states_shape or noise_shape)[0][:1], self.steps)

    def call(self, states: Any = None, noise: Any = None) -> Any:
        """The symbols."""
        return self.watched(self.cell, [] if states is None else keras.tree.flatten(states), noise)[0]

    def watched(self, cell: Any, states: Sequence[Any], noise: Any) -> tuple[Any, Any]:
        """The symbols, (batch, steps), and what `cell` gives beside its state in each step, (batch, steps, ...).

        Args:
            cell: in place of its own, with whose state it goes on.
            states: to begin with; zeros if there are none.
            noise: or None.
        """
        ops = keras.ops
        like = states[0] if states else noise
        batch = ops.shape(like)[0]
        begun = list(states) or [ops.zeros((batch, size), self.compute_dtype) for size in self.state_sizes]
        begun += [ops.full((batch, 1), self.start, self.compute_dtype), ops.zeros((batch, 1), self.compute_dtype)]
        heard = ops.zeros((batch, self.steps, 1), self.compute_dtype) if noise is None else noise
        loop = keras.layers.RNN(_Step(self, cell), return_sequences=True)
        _, found, _ = loop.inner_loop(heard, begun, None)
        return found[..., 0], found[..., 1:]

    def get_config(self) -> dict[str, Any]:
        """The arguments, the parts with theirs."""
        parts = {name: keras.saving.serialize_keras_object(getattr(self, name)) for name in _TAKEN}
        return {**super().get_config(), **parts, "steps": self.steps, "start": self.start, "stop": self.stop}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "RecurrentDecoder":
        """For Keras's `deserialize`."""
        parts = {
            name: keras.saving.deserialize_keras_object(config[name], custom_objects=custom_objects)
            for name in _TAKEN
            if config.get(name) is not None
        }
        return cls(**{**config, **parts})


class _Step:
    """A cell for Keras's loop: its input is the noise, and its state ends with the symbol before and the stop's flag.

    It gives the symbol, and behind it what the decoder's cell gives.
    """

    def __init__(self, decoder: RecurrentDecoder, cell: Any) -> None:
        self.decoder, self.cell = decoder, cell
        self.state_size = [*decoder.state_sizes, 1, 1]

    def call(self, inputs: Any, states: Any) -> tuple[Any, Any]:
        ops, decoder = keras.ops, self.decoder
        *state, said, stopped = states
        row = decoder.embedding(ops.cast(said[:, 0], "int32"))
        result, after = self.cell(row, state, training=False)
        after = keras.tree.flatten(after)
        read = after[0] if decoder.quantizer is None else decoder.quantizer(after[0])
        chosen = ops.argmax(decoder.logits(read) + inputs, axis=-1, keepdims=True)
        said = ops.cast(chosen, inputs.dtype)
        if decoder.stop is not None:
            said = ops.where(stopped > 0, ops.cast(decoder.stop, said.dtype), said)
            stopped = ops.cast(ops.equal(said, decoder.stop), said.dtype)
        return ops.concatenate([said, result], axis=-1), [*after, said, stopped]

    __call__ = call


def _shapes(given: Any) -> list[tuple[int | None, ...]]:
    """Shapes of one argument: none, one, or a list of them."""
    if given is None:
        return []
    return [tuple(shape) for shape in given] if isinstance(given[0], list | tuple) else [tuple(given)]


def _told(shapes: Sequence[tuple[int | None, ...]]) -> str:
    return " and ".join(map(str, shapes)) or "none"
