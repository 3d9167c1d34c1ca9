"""Recurrent layers as those of one direction and one cell, that give one tensor: others are made of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from netloom.errors import LayerNotSupportedError
from netloom.quantize.flat.distributed import Cloner
from netloom.quantize.flat.equal import masks
from netloom.quantize.flat.equal.parts import Parts

_MERGES = {"concat": "Concatenate", "sum": "Add", "mul": "Multiply", "ave": "Average"}
_LSTM = ("LSTM", "QLSTM")
_ONE = (*_LSTM, "MemoryLSTM", "QMemoryLSTM", "SimpleRNN", "QSimpleRNN", "GRU", "QGRU")
_BOTH = ("Bidirectional", "QBidirectional")

_OF_CALLS = ("_call_signature", "call_signature_parameters", "_call_has_mask_arg")
"""What a layer of Keras keeps of the arguments of its `call`."""

RecurrentTensors = tuple[list[Any], list[Any]]
"""Results, and states after the last step; None for states that nobody wants."""


def has_states(layer: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
    """Whether a call of a recurrent layer has more than a sequence going in, or more than a result coming out."""
    if type(layer).__name__ not in (*_ONE, *_BOTH, "RNN"):
        return False
    beside = (*args[1:], kwargs.get("initial_state"), kwargs.get("mask"))
    split = getattr(layer, "merge_mode", "concat") is None
    return layer.return_state or split or any(value is not None for value in beside)


def keeps_state(model: Any) -> bool:
    """Whether a model has a layer that keeps its state from call to call."""
    return any(getattr(layer, "stateful", False) for layer in model._flatten_layers(include_self=False))


def check_stateful(layer: Any, name: str, times: int) -> None:
    """Refuse a layer that keeps more states than one sequence's, or in another way than a layer of one cell does.

    Raises:
        LayerNotSupportedError: naming the layer.
    """
    kind, where = type(layer).__name__, f"layer {name!r} ({type(layer).__name__}): stateful=True"
    if kind not in _ONE or times:
        raise LayerNotSupportedError(
            f"{where} is supported of SimpleRNN, LSTM and GRU alone, and not in TimeDistributed: give it whole"
            " sequences"
        )
    batch = layer.states[0].shape[0] if layer.states else 1
    if batch != 1:
        raise LayerNotSupportedError(
            f"{where} with a batch of {batch}: hardware takes one sequence at a time, so build it with batch_size=1"
        )


def new_states(layer: Any) -> list[Any]:
    """Variables of its own for a copy of a layer that keeps its state."""
    import keras

    return [keras.Variable(np.zeros((1, size)), trainable=False, name="rnn_state") for size in layer.state_size]


def with_states(
    layer: Any, cloner: Cloner, args: Sequence[Any], kwargs: Mapping[str, Any], name: str, wanted: Sequence[bool]
) -> list[Any]:
    """What such a call gives: results, and behind them the states, if it returns them.

    Args:
        layer: the user's.
        cloner: what makes the flat model's layers.
        args: of the call: the sequence; perhaps the states to begin with, and a mask.
        kwargs: likewise.
        name: of the layer.
        wanted: of all that it gives, what anything reads.

    Raises:
        LayerNotSupportedError: for states to begin with, or a mask, that are constants.
    """
    import keras

    given = dict(zip(("sequences", "initial_state", "mask"), args, strict=False)) | dict(kwargs)
    parts = Parts(cloner.names, name, f"layer {name!r} ({type(layer).__name__})")
    mask = given.get("mask")
    if mask is not None:
        if not isinstance(mask, keras.KerasTensor):
            parts.refuse("its mask is a constant: make it an input of the model, or leave those steps out")
        if layer.stateful:
            parts.refuse("stateful=True with a mask: give it the steps that count and no others")
        mask = parts.reshape(masks.truth(mask, parts), (mask.shape[1], 1))
    start = given.get("initial_state")
    initial = [] if start is None else keras.tree.flatten(start)
    if not all(isinstance(state, keras.KerasTensor) for state in initial):
        parts.refuse("its initial_state is a constant: make it an input of the model, or what a layer gives")
    results, states = _called(layer, cloner, _Given(given["sequences"], initial, mask), name, parts, wanted)
    return [*results, *(states if layer.return_state else [])]


def combined(layer: Any, cloner: Cloner, tensor: Any, name: str, parts: Parts) -> Any:
    """The result of `Bidirectional`, or `RNN`, of a sequence alone."""
    ((result,), _) = _called(layer, cloner, _Given(tensor), name, parts, ())
    return result


@dataclass(frozen=True)
class _Given:
    """What a recurrent layer is called with: a sequence, states to begin with, and a mask, (batch, steps, 1)."""

    sequence: Any
    initial: Sequence[Any] = ()
    mask: Any = None

    def call(self, layer: Any) -> Any:
        """The layer's result."""
        given = {"initial_state": list(self.initial) or None, "taken": self.mask}
        return layer(self.sequence, **{name: value for name, value in given.items() if value is not None})


def _called(
    layer: Any, cloner: Cloner, given: _Given, name: str, parts: Parts, wanted: Sequence[bool]
) -> RecurrentTensors:
    if type(layer).__name__ in _BOTH:
        return _both(layer, cloner, given, name, parts, wanted)
    states = wanted[1:]
    if type(layer).__name__ == "RNN":
        result, after = _cells(layer, given, parts, states)
    else:
        result, after = _one(layer, cloner, given, name, parts, states)
    if given.mask is not None and layer.zero_output_for_mask:
        result = masks.zeroed(result, given.mask, layer, parts)
    return [result], after


def _one(
    layer: Any, cloner: "Cloner | _Itself", given: _Given, name: str, parts: Parts, wanted: Sequence[bool]
) -> tuple[Any, list[Any]]:
    """A layer of one cell. Its state is the last step of what it gives; a memory it gives beside that, if it is to."""
    from netloom.quantize.layers import Rearrange

    if given.mask is not None and given.initial and any(wanted):
        parts.refuse(
            "it begins with states that are given, and its own are read, which of a sample without a step would be"
            " those: leave its mask, its initial_state or its states out"
        )
    memory = type(layer).__name__ in _LSTM and any(wanted[1:])
    clone = cloner.clone(layer, name, kind=_class_of(layer, memory, given.mask is not None))
    clone.return_state = clone.zero_output_for_mask = False
    result = given.call(clone)
    if not wanted:
        return result, []
    order = np.arange(np.prod(result.shape[1:])).reshape(result.shape[1:])
    units = layer.cell.units
    last = order[-1] if layer.return_sequences else order
    state = None
    if wanted[0]:
        # A layer of its own in any case: what it gives and its state may both be outputs of the model.
        # No Activation: hls4ml gives a linear one a type of its own, which may be narrower.
        state = Rearrange(last[:units].tolist(), name=parts.names.of(f"{parts.name}_state"))(result)
    states = [state, *(parts.rearrange(result, last[units:]) if wish else None for wish in wanted[1:])]
    return parts.rearrange(result, order[..., :units]) if memory else result, states


def _class_of(layer: Any, memory: bool, masked: bool) -> type[Any] | None:
    """The class derived from a layer's that gives its memory too, or reads a mask; None if that is its own."""
    from netloom.quantize import layers

    if not memory and not masked:
        return None
    kind = type(layer).__name__.removeprefix("Q")
    kind = kind if kind.startswith("Memory") or not memory else f"Memory{kind}"
    quantized = "Q" if hasattr(layer, "get_quantizers") else ""
    return getattr(layers, f"{quantized}{'Masked' if masked else ''}{kind}")


def change_class(layer: Any, kind: type[Any]) -> None:
    """Make a layer one of a class derived from its own, whose `call` may take other arguments."""
    layer.__class__ = kind
    fresh = vars(kind(1, name=layer.name))
    layer.__dict__.update((name, fresh[name]) for name in _OF_CALLS)


def _both(
    layer: Any, cloner: Cloner, given: _Given, name: str, parts: Parts, wanted: Sequence[bool]
) -> RecurrentTensors:
    """A layer, one that begins with the last step, whose results are turned round, and both merged, if they are."""
    middle, results = len(given.initial) // 2, 1 + (layer.merge_mode is None)
    states = wanted[results:]
    half = len(states) // 2
    (forward,), after = _called(
        layer.forward_layer,
        cloner,
        replace(given, initial=given.initial[:middle]),
        f"{name}_forward",
        parts,
        (True, *states[:half]),
    )
    (backward,), before = _called(
        layer.backward_layer,
        cloner,
        replace(given, initial=given.initial[middle:]),
        f"{name}_backward",
        parts,
        (True, *states[half:]),
    )
    if layer.return_sequences:
        order = np.arange(backward.shape[1] * backward.shape[2]).reshape(backward.shape[1:])
        backward = parts.rearrange(backward, order[::-1])
    if layer.merge_mode is None:
        return [forward, backward], [*after, *before]
    return [parts.layer(_MERGES[layer.merge_mode], [forward, backward])], [*after, *before]


def _cells(layer: Any, given: _Given, parts: Parts, wanted: Sequence[bool]) -> tuple[Any, list[Any]]:
    """`RNN` of cells that Keras or QKeras has a layer for: that layer, or one after the other."""
    import keras

    cells = layer.cell.cells if type(layer.cell).__name__ == "StackedRNNCells" else [layer.cell]
    tensor = given.sequence
    after: list[Any] = []
    for number, cell in enumerate(cells):
        last, count = number == len(cells) - 1, len(keras.tree.flatten(cell.state_size))
        states, begin = wanted[len(after) : len(after) + count], given.initial[len(after) : len(after) + count]
        one = _layer_of(cell, parts)(
            **{key: value for key, value in cell.get_config().items() if key not in ("name", "trainable", "dtype")},
            return_sequences=layer.return_sequences or not last,
            go_backwards=layer.go_backwards and not number,
            name=parts.names.of(f"{parts.name}_{number}"),
        )
        mask = given.mask if given.mask is None or not number else masks.turned(given.mask, layer, parts)
        tensor, found = _one(one, _Itself(parts), _Given(tensor, begin, mask), one.name, parts, states)
        one.set_weights(cell.get_weights())
        after += found or [None] * count
    return tensor, after


class _Itself:
    """In place of a `Cloner`, for layers that are the flat model's own."""

    def __init__(self, parts: Parts) -> None:
        self.names = parts.names

    def clone(self, layer: Any, name: str, *, kind: type[Any] | None = None) -> Any:
        """The layer."""
        del name
        if kind is not None:
            change_class(layer, kind)
        return layer


def _layer_of(cell: Any, parts: Parts) -> Any:
    import keras

    from netloom.quantize import layers

    kind = type(cell).__name__.removesuffix("Cell")
    known = {f"{module}.{name}" for module in ("keras", "qkeras") for name in ("SimpleRNN", "LSTM", "GRU")}
    library = type(cell).__module__.partition(".")[0]
    if f"{library}.{kind.removeprefix('Q')}" not in known:
        parts.refuse(f"its cell is a {type(cell).__name__}: use SimpleRNN, LSTM or GRU, or their cells")
    return getattr(keras.layers if library == "keras" else layers, kind)
