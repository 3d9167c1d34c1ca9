"""Recurrent layers in quantization: what of their cells gets a type, how its range is seen, and QKeras's layer."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from netloom.fixed_point import FixedPoint
from netloom.quantize.calibrate import calibrate
from netloom.quantize.graph.layer_graph import Block
from netloom.quantize.policy import Policy
from netloom.quantize.quantizer_types import relu_quantizer, type_quantizer

RECURRENT_CLASSES = ("SimpleRNN", "LSTM", "GRU", "MemoryLSTM")
"""Of Keras and of `quantize.layers`; QKeras's begin with a Q, those with a mask with `Masked`, in between."""

MASKED = frozenset(f"Masked{name}" for name in RECURRENT_CLASSES)
"""Recurrent layers that read which steps they take, behind the states to begin with."""

RECURRENT = frozenset(RECURRENT_CLASSES) | MASKED

STATE_PART, _ACTIVATION, _GATE = "state", "activation", "recurrent_activation"
"""What of a cell has a type of its own: the state where it is read, and what its functions take."""

_OPTIONS = ("units", "use_bias", "return_sequences", "go_backwards", "reset_after", "unroll")
_SATURATED = {"tanh": 4.0, "sigmoid": 8.0}
"""From where on a function is within 2**-10 of its limit: what it takes needs no greater range."""


def cell_parts(block: Block) -> dict[str, float | None]:
    """What of a cell is quantized, and the largest value that matters, if that is known."""
    functions = [name for name in (_ACTIVATION, _GATE) if block.config.get(name, "linear") != "linear"]
    return {STATE_PART: None, **{name: _SATURATED.get(block.config[name]) for name in functions}}


def see_cell(layer: Any, given: Sequence[Any], name: str) -> dict[str, Any]:
    """By part of a float recurrent layer's cell, what every step reads as its state, and gives its functions.

    Args:
        layer: of a float model.
        given: the tensors it is called with, as `call_recurrent` takes them.
        name: of the layer that sees them.
    """
    import keras

    sequence, *initial = given
    taken = initial.pop() if type(layer).__name__ in MASKED else None
    watching = watching_cell(layer.cell)
    watched = keras.layers.RNN(watching, return_sequences=True, go_backwards=layer.go_backwards, name=name)
    return seen_values(watching, watched(sequence, initial_state=initial or None, mask=taken), initial)


def seen_values(watching: Any, values: Any, initial: Sequence[Any]) -> dict[str, Any]:
    """By part of a cell, the values that a watching one gave.

    Args:
        watching: the cell.
        values: what it gave in all steps, (batch, steps, ...).
        initial: the states it began with, if any were given.
    """
    import keras

    found, start = {}, 0
    for part, size in watching.sizes.items():
        found[part] = values[..., start : start + size]
        start += size
    if initial:
        begins = keras.ops.expand_dims(keras.ops.concatenate(initial, axis=-1), axis=1)
        found[STATE_PART] = keras.ops.concatenate([begins, found[STATE_PART]], axis=1)
    return found


def call_recurrent(layer: Any, tensors: Sequence[Any]) -> Any:
    """Its result for a sequence, states to begin with, if any are given, and which steps it takes, if it reads that."""
    sequence, *others = tensors
    given = {"taken": others.pop()} if type(layer).__name__.removeprefix("Q") in MASKED else {}
    return layer(sequence, **({"initial_state": others} if others else {}), **given)


def watching_cell(cell: Any) -> Any:
    """A cell that computes what another does, and gives the values inside."""
    import keras

    states = list(cell.state_size) if isinstance(cell.state_size, list | tuple) else [cell.state_size]
    kind = type(cell).__name__
    calls = {"SimpleRNNCell": (1, 0), "LSTMCell": (2, 3), "GRUCell": (1, 2)}[kind]

    class Watching(keras.layers.Layer):
        """Shares the variables of `cell`."""

        def __init__(self) -> None:
            super().__init__()
            self.cell = cell
            self.state_size = cell.state_size
            self.sizes = {STATE_PART: sum(states), _ACTIVATION: calls[0] * cell.units, _GATE: calls[1] * cell.units}
            self.output_size = sum(self.sizes.values())
            self.built = True

        def get_initial_state(self, batch_size: int | None = None) -> Any:
            return cell.get_initial_state(batch_size)

        def call(self, inputs: Any, states: Sequence[Any], training: bool = False) -> tuple[Any, Any]:
            seen: dict[str, list[Any]] = {_ACTIVATION: [], _GATE: []}
            copy = object.__new__(type(cell))
            copy.__dict__.update(cell.__dict__)
            for part, values in seen.items():
                if hasattr(cell, part):
                    copy.__dict__[part] = _noting(getattr(cell, part), values)
            _, after = copy.call(inputs, states, training=training)
            return keras.ops.concatenate([*after, *seen[_ACTIVATION], *seen[_GATE]], axis=-1), after

    return Watching()


def _noting(function: Callable[[Any], Any], values: list[Any]) -> Callable[[Any], Any]:
    def noted(x: Any) -> Any:
        values.append(x)
        return function(x)

    return noted


def quantized_recurrent(block: Block, policy: Policy, types: Mapping[str, FixedPoint]) -> Any:
    """QKeras's layer for a float one.

    Args:
        block: the float layer.
        policy: widths of weights, biases and of what functions give.
        types: by part of the cell.
    """
    from netloom.quantize import layers

    weights = policy.bits("weights", block.owner, block.owner_class)
    bits = {"kernel": weights, "recurrent_kernel": weights}
    bits["bias"] = policy.bits("biases", block.owner, block.owner_class)
    options = {name: block.config[name] for name in _OPTIONS if name in block.config}
    for name, values in block.weights.items():
        kind = name.removesuffix("_kernel")
        grid = calibrate(values, bits[name], f"layer {block.owner!r}, {name}", policy.calibration)
        options[f"{kind}_quantizer"] = type_quantizer(grid)
        options[f"{kind}_initializer"] = "zeros"
    options["state_quantizer"] = type_quantizer(types[STATE_PART])
    options |= dict(_functions(block, policy, types))
    return getattr(layers, f"Q{block.class_name}")(**options, name=block.name)


def _functions(block: Block, policy: Policy, types: Mapping[str, FixedPoint]) -> Iterator[tuple[str, Any]]:
    """The cell's functions, quantized."""
    import keras

    from netloom.quantize.layers import QuantizedFunction

    for part in (_ACTIVATION, _GATE):
        if part not in block.config:
            continue
        function = block.config[part]
        if part not in types:
            yield part, None
        elif function == "relu":
            yield part, relu_quantizer(types[part].width, types[part].integer)
        else:
            index = types[part]
            taken = index.to_float(np.arange(index.raw_min, index.raw_max + 1)).astype(np.float32)
            given = keras.ops.convert_to_numpy(getattr(keras.activations, function)(keras.ops.convert_to_tensor(taken)))
            bits = policy.bits("activations", block.owner, block.owner_class)
            result = calibrate(given, bits, f"layer {block.owner!r}, {part}", policy.calibration, signed=None)
            yield part, QuantizedFunction(function, type_quantizer(index), type_quantizer(result))
