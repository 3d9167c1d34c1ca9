"""Masks: which steps of a padded sequence count. Keras hands them on beside tensors; here they are tensors themselves.

What makes a mask (`Masking`, `Embedding(mask_zero=True)`) Keras has as operations of the graph, which become layers as
any others do; a layer that takes one is called with it by Keras's own hand. So nothing is masked in a flat model but by
a tensor of zeros and ones that a layer is given. Where Keras finds a mask only when samples come, in models and layers
that it does not look into before, masks are refused.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import numpy as np

from netloom.errors import LayerNotSupportedError
from netloom.quantize.flat.equal.parts import Parts
from netloom.quantize.functions.one_value import TRUTHS

_HANDED_ON = frozenset({"Reshape", "Rearrange", "Permute", "GlobalMaxPooling1D", "Maximum", "Minimum"})
"""Layers that give ones and zeros of ones and zeros."""

_NONE_AT_INFERENCE = frozenset({"BatchNormalization"})
"""Layers that take a mask, and heed it in training alone."""

_TAKING = (
    frozenset({"SimpleRNN", "LSTM", "MemoryLSTM", "GRU", "RNN", "Bidirectional", "TimeDistributed"})
    | _NONE_AT_INFERENCE
)
"""Layers that take a mask, and are looked at by themselves."""

_NOT_TAKEN = (
    "it takes a mask that comes with the samples, which SimpleRNN, LSTM and GRU do alone: give it a result of theirs"
    " that has none (return_sequences=False), or make no mask (mask_zero=False, no Masking) and pad to one length"
)


def truth(tensor: Any, parts: Parts) -> Any:
    """1 for what is not zero, else 0: the tensor itself, if it is that already."""
    return tensor if _is_truth(tensor) else parts.function(tensor, "not_equal", {"x2": 0.0}, "x1")


def _is_truth(tensor: Any) -> bool:
    made = tensor._keras_history.operation
    if type(made).__name__ in _HANDED_ON:
        node = made._inbound_nodes[tensor._keras_history.node_index]
        return all(map(_is_truth, node.input_tensors))
    return getattr(made, "function", "") in TRUTHS


def masked_steps(layer: Any, tensor: Any, parts: Parts) -> Any:
    """`Masking`: zeros for the steps of which all elements are its value, the others as they are."""
    import keras

    if not layer.mask_value:
        return keras.layers.Activation("linear", name=parts.names.of(parts.name))(tensor)
    differs = parts.function(tensor, "not_equal", {"x2": float(layer.mask_value)}, "x1")
    order = np.arange(np.prod(tensor.shape[1:])).reshape(-1, tensor.shape[-1]).T
    counts = parts.layer("GlobalMaxPooling1D", parts.rearrange(differs, order))
    return parts.done(parts.layer("Multiply", [tensor, parts.reshape(counts, (*tensor.shape[1:-1], 1))]))


def turned(mask: Any, layer: Any, parts: Parts) -> Any:
    """A mask, (batch, steps, 1), in the order in which a recurrent layer computes the steps."""
    return parts.rearrange(mask, np.arange(mask.shape[1])[::-1, None]) if layer.go_backwards else mask


def zeroed(result: Any, mask: Any, layer: Any, parts: Parts) -> Any:
    """What a recurrent layer with `zero_output_for_mask` gives, of what it gives without."""
    computed = turned(mask, layer, parts)
    if not layer.return_sequences:
        computed = parts.rearrange(computed, np.array([mask.shape[1] - 1]))
    return parts.layer("Multiply", [result, computed])


def without_mask(kind: str, given: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Arguments of a call of a layer that computes the same without its mask.

    Args:
        kind: of layer.
        given: its arguments by name.
        name: of the layer.

    Raises:
        LayerNotSupportedError: if it does not.
    """
    import keras

    masks = [key for key, value in given.items() if key.endswith("mask") and isinstance(value, keras.KerasTensor)]
    if masks and kind not in _NONE_AT_INFERENCE:
        raise _refusal(name, kind, _NOT_TAKEN)
    return {key: value for key, value in given.items() if key not in masks}


def _takes_mask(layer: Any) -> bool:
    """Whether Keras hands a mask to a layer, and nothing here says what becomes of it."""
    taken = getattr(layer, "call_signature_parameters", ())
    return type(layer).__name__.removeprefix("Q") not in _TAKING and any(name.endswith("mask") for name in taken)


def _refusal(name: str, kind: str, problem: str) -> LayerNotSupportedError:
    return LayerNotSupportedError(f"layer {name!r} ({kind}): {problem}")


def check_masks(nodes: Iterable[Any], read: Collection[int], looked_into: Callable[[Any], bool]) -> None:
    """Refuse a model through which masks go that Keras finds only when samples come, or that are joined.

    Args:
        nodes: the calls in it.
        read: identities of all tensors that anything reads.
        looked_into: whether something that is called is a model, or a layer of the user's own.

    Raises:
        LayerNotSupportedError: naming the first layer.
    """
    for node in nodes:
        if any(mask_of(tensor) is not None for tensor in node.input_tensors):
            problem = _problem(node, read, looked_into(node.operation))
            if problem is not None:
                raise _refusal(node.operation.name, type(node.operation).__name__, problem)


def _problem(node: Any, read: Collection[int], inside: bool) -> str | None:
    """What is wrong with a call that reads a tensor with a mask; None if nothing."""
    import keras

    operation, kind = node.operation, type(node.operation).__name__
    if inside or kind == "Pipeline":
        return (
            "it reads a tensor with a mask, which layers in it may take or not: put what makes the mask inside of it,"
            " or call its layers in the model itself"
        )
    if _takes_mask(operation):
        return _NOT_TAKEN
    if kind == "Multiply" and isinstance(operation, keras.Layer):
        return "it takes what is masked for 1, or 0 if all is: multiply with the operator *, which does not"
    if kind == "Cast" and operation.dtype == node.input_tensors[0].dtype:
        return "it changes nothing, and hands a mask on of which Keras knows only when samples come: leave it out"
    if kind == "Concatenate" and id(mask_of(node.outputs[0])) in read:
        return (
            "masks are joined by it, and a layer behind it takes what that gives: put a Masking behind it, or join"
            " tensors without masks"
        )
    return None


def check_results(outputs: Iterable[Any], name: str) -> None:
    """Refuse a nested model, or a layer of the user's own, whose results have a mask that may be read behind it.

    Args:
        outputs: what it gives, in itself.
        name: of it.

    Raises:
        LayerNotSupportedError: naming it.
    """
    if any(mask_of(tensor) is not None for tensor in outputs):
        raise LayerNotSupportedError(
            f"layer {name!r}: what it gives has a mask, which layers behind it may take or not: put the layers that"
            " take it inside of it, or call its layers in the model itself"
        )


def mask_of(tensor: Any) -> Any:
    """The mask that Keras hands on beside a tensor of the user's; None without."""
    return getattr(tensor, "_keras_mask", None)
