"""Comparisons, which are functions of one value, and what chooses by them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from netloom.quantize.flat.equal.calls.call import Call
from netloom.quantize.flat.equal.functions import function_called
from netloom.quantize.flat.equal.masks import truth

COMPARISONS = frozenset("Greater GreaterEqual Less LessEqual Equal NotEqual FloorDivide Mod".split())
"""Operations of a tensor and another, or a number: of one value if the other is a number."""

_OF_DIFFERENCE = COMPARISONS - {"FloorDivide", "Mod"}


def compared(call: Call) -> Any:
    """1 where it holds, 0 elsewhere; of two tensors, by their difference. Or a quotient's whole part, or the rest."""
    constant, function = call.constant(), function_called(call.kind)
    if constant is None:
        if call.kind not in _OF_DIFFERENCE:
            call.refuse("a tensor as its divisor takes two: take the floor of a quotient")
        difference = call.parts.layer("Subtract", call.tensors)
        return call.parts.function(difference, function, {"x2": 0.0}, "x1")
    if constant.size != 1:
        call.refuse("its constant must be one number: subtract the others from the tensor, and compare with 0")
    first = call.values[0] is call.tensors[0]
    number = float(constant.ravel()[0])
    if not first and call.kind not in _OF_DIFFERENCE:
        call.refuse("a tensor as its divisor is one that may be 0: take the floor of a quotient")
    if first and call.kind not in _OF_DIFFERENCE and number == 0:
        call.refuse("it divides by zero: give it another number")
    return call.function(options={"x2" if first else "x1": number}, argument="x1" if first else "x2")


def keeps_values(call: Call) -> bool:
    """Whether a cast is to floats."""
    return str(call.operation.dtype).startswith(("float", "bfloat"))


def _cast(call: Call) -> Any:
    """To whole numbers, those towards zero; to bool, 1 for what is not zero."""
    to = str(call.operation.dtype)
    if to == "bool":
        return truth(call.tensors[0], call.parts)
    if not to.startswith("int"):
        call.refuse(f"a negative number as {to} depends on the machine: cast to int32")
    return call.parts.function(call.tensors[0], "trunc")


def _where(call: Call) -> Any:
    """One times a condition, and the other times its opposite."""
    import keras

    condition, *both = call.values
    if not isinstance(condition, keras.KerasTensor):
        call.refuse("its condition must be a tensor: choose by constants with arithmetic")
    if len(both) != 2:
        call.refuse("it takes a condition and two values")
    chosen = []
    for function, value in zip(("not_equal", "equal"), both, strict=True):
        holds = truth(condition, call.parts)
        places = holds if function == "not_equal" else call.parts.function(holds, function, {"x2": 0.0}, "x1")
        if isinstance(value, keras.KerasTensor):
            chosen.append(call.parts.layer("Multiply", [places, value]))
        elif (number := keras.ops.convert_to_numpy(value).astype(np.float64)).any():
            chosen.append(call.parts.affine(places, number, 0))
    if len(chosen) == 2:
        return call.parts.layer("Add", chosen)
    return chosen[0] if chosen else call.parts.affine(condition, 0, 0)


def _logical(call: Call) -> Any:
    """Of ones and zeros the lesser, the greater, or the opposite."""
    if call.constant() is not None:
        call.refuse("one of its two is constant: leave it out")
    truths = [truth(tensor, call.parts) for tensor in call.tensors]
    if call.kind == "LogicalNot":
        return call.parts.function(truths[0], "equal", {"x2": 0.0}, "x1")
    return call.parts.layer("Minimum" if call.kind == "LogicalAnd" else "Maximum", truths)


CALLS: dict[str, Callable[[Call], Any]] = {
    "Cast": _cast,
    "Where": _where,
    **dict.fromkeys(("LogicalNot", "LogicalAnd", "LogicalOr"), _logical),
}
