"""Products of axes named by letters: `EinsumDense`, `Dot`, and what `keras.ops` multiplies."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from netloom.quantize.flat.equal.functions import activated
from netloom.quantize.flat.equal.parts import Parts

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def constant_product(tensor: Any, left: str, kernel: np.ndarray, right: str, out: str, parts: Parts) -> Any:
    """`einsum(f"{left},{right}->{out}", tensor, kernel)` of a constant; the batch comes first in `left` and `out`."""
    _check(left, right, out, parts)
    sizes = dict(zip(left, tensor.shape, strict=True)) | dict(zip(right, kernel.shape, strict=True))
    batch = left[0]
    shared = [one for one in left[1:] if one in right and one in out]
    rows = [one for one in left[1:] if one not in right and one in out]
    summed = [one for one in left[1:] if one not in out]
    new = [one for one in out[1:] if one not in left]
    # Letters that only one of the two has, and the result has not, are summed over.
    kernel = np.einsum(f"{right}->{''.join(one for one in right if one in left or one in out)}", kernel)
    right = "".join(one for one in right if one in left or one in out)
    missing = [one for one in summed if one not in right]
    kernel = np.broadcast_to(
        kernel.reshape(*kernel.shape, *(1,) * len(missing)), (*kernel.shape, *(sizes[one] for one in missing))
    )
    target = [*shared, *summed, *new]
    kernel = kernel.transpose([(right + "".join(missing)).index(one) for one in target])
    counts = [prod(sizes[one] for one in some) for some in (rows, shared, summed, new)]
    moved = parts.permute(tensor, [left.index(one) for one in (*rows, *shared, *summed)])
    if shared:
        flat = parts.reshape(moved, (counts[0], counts[1] * counts[2]))
        result = parts.grouped(flat, kernel.reshape(counts[1:]))
    else:
        result = parts.dense(parts.reshape(moved, (counts[0], counts[2])), kernel.reshape(counts[2:]))
    letters = batch + "".join([*rows, *shared, *new])
    return _in_order(result, letters, out, sizes, parts)


def tensor_product(one: Any, left: str, other: Any, right: str, out: str, parts: Parts) -> Any:
    """`einsum` of two tensors, as products of matrices. The batch comes first everywhere."""
    _check(left, right, out, parts)
    if left[0] != right[0]:
        parts.refuse("it multiplies samples with each other: a network computes each on its own")
    sizes = dict(zip(left, one.shape, strict=True)) | dict(zip(right, other.shape, strict=True))
    both = [letter for letter in left[1:] if letter in right]
    shared, summed = ([x for x in both if (x in out) is kept] for kept in (True, False))
    first, second = ([x for x in some[1:] if x not in both] for some in (left, right))
    if any(letter not in out for letter in (*first, *second)):
        parts.refuse("it sums over an axis that one tensor alone has: sum over it before")
    counts = [prod(sizes[x] for x in some) for some in (shared, first, second, summed)]
    # The second stays as it lies, where that is one of the two orders that there are.
    transposed = list(right[1:]) != [*shared, *summed, *second]
    order, rows, columns = [*summed, *second], counts[3], counts[2]
    if transposed:
        order, rows, columns = [*second, *summed], counts[2], counts[3]
    a = parts.permute(one, [left.index(x) for x in (*shared, *first, *summed)])
    b = parts.permute(other, [right.index(x) for x in (*shared, *order)])
    many = counts[:1] if shared else []
    a = parts.reshape(a, (*many, counts[1], counts[3]))
    b = parts.reshape(b, (*many, rows, columns))
    result = parts.product(a, b, transposed)
    return _in_order(result, left[0] + "".join([*shared, *first, *second]), out, sizes, parts)


def _check(left: str, right: str, out: str, parts: Parts) -> None:
    if any(len(set(letters)) < len(letters) for letters in (left, right, out)):
        parts.refuse("an axis is named twice: take its diagonal before")
    if not out or left[0] != out[0] or any(one not in left + right for one in out):
        parts.refuse("the batch must stay the first axis: move it there")


def _in_order(tensor: Any, letters: str, out: str, sizes: dict[str, int], parts: Parts) -> Any:
    shaped = parts.reshape(tensor, [sizes[one] for one in letters[1:]])
    return parts.permute(shaped, [letters.index(one) for one in out[1:]]) if len(out) > 1 else shaped


def spelled(equation: str, ranks: Sequence[int], parts: Parts) -> tuple[list[str], str]:
    """The letters of an equation's terms and of its result, those that `...` stands for included."""
    terms, _, out = equation.replace(" ", "").partition("->")
    inputs = terms.split(",")
    if not out or len(inputs) != len(ranks):
        parts.refuse(f"its equation {equation!r} must name the axes of its two factors and of its result")
    free = [one for one in _LETTERS if one not in equation]
    width = max((rank - len(term) + 3 for term, rank in zip(inputs, ranks, strict=True) if "..." in term), default=0)
    dots = "".join(free[:width])
    found = []
    for term, rank in zip(inputs, ranks, strict=True):
        missing = rank - len(term) + 3
        found.append(term.replace("...", dots[width - missing :] if missing else ""))
    if any(len(term) != rank for term, rank in zip(found, ranks, strict=True)):
        parts.refuse(f"its equation {equation!r} names other axes than it has")
    return found, out.replace("...", dots)


def einsum_dense(layer: Any, tensors: Sequence[Any], parts: Parts) -> Any:
    """`EinsumDense`: a dense layer on axes moved to the end, grouped where weights differ by position."""
    import keras

    if getattr(layer, "quantization_mode", None):
        parts.refuse(f"its kernel is in {layer.quantization_mode}: give the model as it was before")
    kernel = keras.ops.convert_to_numpy(layer.kernel).astype(np.float32)
    (left, right), out = spelled(layer.equation, (len(tensors[0].shape), kernel.ndim), parts)
    result = constant_product(tensors[0], left, kernel, right, out, parts)
    if layer.bias is not None:
        result = parts.affine(result, 1, keras.ops.convert_to_numpy(layer.bias)[None])
    return activated(result, layer.activation, parts)


def dot(layer: Any, tensors: Sequence[Any], parts: Parts) -> Any:
    """`Dot` over an axis of each of two tensors."""
    one, other = tensors
    axes = (layer.axes,) * 2 if isinstance(layer.axes, int) else tuple(layer.axes)
    axes = tuple(axis % len(tensor.shape) for axis, tensor in zip(axes, tensors, strict=True))
    if layer.normalize:
        one, other = (
            parts.gathered(tensor, (axis,), lambda flat: parts.layer("UnitNormalization", flat))
            for tensor, axis in zip(tensors, axes, strict=True)
        )
    left = _LETTERS[: len(one.shape)]
    right = left[0] + _LETTERS[len(left) : len(left) + len(other.shape) - 1]
    right = right[: axes[1]] + left[axes[0]] + right[axes[1] + 1 :]
    out = "".join(letter for letter in left + right[1:] if letter != left[axes[0]])
    return tensor_product(one, left, other, right, out, parts)


def matmul(values: Sequence[Any], parts: Parts) -> Any:
    """`keras.ops.matmul` of two tensors, or of one and a constant."""
    import keras

    one, other = values
    symbolic = [isinstance(value, keras.KerasTensor) for value in values]
    if all(symbolic):
        if len(one.shape) != len(other.shape) or one.shape[1:-2] != other.shape[1:-2] or len(one.shape) < 3:
            parts.refuse("its tensors must be matrices, as many of each in a sample: reshape them before")
        outer = _LETTERS[: len(one.shape) - 2]
        return tensor_product(one, f"{outer}XY", other, f"{outer}YZ", f"{outer}XZ", parts)
    constant = keras.ops.convert_to_numpy(values[symbolic.index(False)]).astype(np.float32)
    tensor = values[symbolic.index(True)]
    rank = len(tensor.shape)
    if constant.ndim != 2 or rank < 2 or (rank == 2 and not symbolic[0]):
        parts.refuse("its constant must be one matrix")
    left = _LETTERS[:rank]
    if symbolic[0]:
        return constant_product(tensor, left, constant, left[-1] + "Z", left[:-1] + "Z", parts)
    return constant_product(tensor, left, constant, "Z" + left[-2], left[:-2] + "Z" + left[-1], parts)


def einsum(equation: str, values: Sequence[Any], parts: Parts) -> Any:
    """`keras.ops.einsum` of two tensors, or of a tensor and a constant."""
    import keras

    if len(values) != 2:
        parts.refuse("it must have two factors: multiply two by two")
    values = [
        value if isinstance(value, keras.KerasTensor) else keras.ops.convert_to_numpy(value).astype(np.float32)
        for value in values
    ]
    (left, right), out = spelled(equation, [len(value.shape) for value in values], parts)
    if not isinstance(values[0], keras.KerasTensor):
        return constant_product(values[1], right, values[0], left, out, parts)
    if not isinstance(values[1], keras.KerasTensor):
        return constant_product(values[0], left, values[1], right, out, parts)
    return tensor_product(values[0], left, values[1], right, out, parts)
