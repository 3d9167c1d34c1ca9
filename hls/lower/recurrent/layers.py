"""Lowering of hls4ml's own recurrent layers, `LSTM`, `GRU` and `Bidirectional`, to what `nnet_recurrent.h` computes."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from netloom.errors import LayerNotSupportedError
from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls.dataflow import Bounds, Permute
from netloom.hls.lower.activation import SIGMOID_TABLE, TANH_TABLE
from netloom.hls.lower.context import LoweringContext
from netloom.hls.lower.merge import common_type
from netloom.hls.lower.recurrent.loop import CPP_FUNCTIONS, RecurrentLoop
from netloom.hls.lower.recurrent.ranges import needs, reached
from netloom.hls.lower.types import ACCUM, RESULT, fixed_point

_SPARE = 32
"""Bits more to the left of the point, so that ranges grow without wrapping while they are proven."""


def lower_recurrent(node: Any, context: LoweringContext) -> None:
    """`LSTM` and `GRU`: a loop over steps."""
    loop = RecurrentLoop(node)
    _check(node, [loop])
    _choose_types(node, context, [loop])
    context.finish(_add(loop, context, bool(node.get_attr("return_sequences"))))


def lower_bidirectional(node: Any, context: LoweringContext) -> None:
    """`Bidirectional`: two loops, one from behind; what a step gives is joined with what the other gives for it."""
    loops = [RecurrentLoop(node, direction) for direction in ("forward", "backward")]
    _check(node, loops)
    if str(node.get_attr("strategy")).lower() != "latency":
        raise LayerNotSupportedError(
            f"layer {node.name!r}: a Bidirectional needs Strategy Latency; with others hls4ml checks the reuse factor "
            "of other products than those it computes"
        )
    if int(node.get_attr("n_out")) != sum(loop.units for loop in loops):
        raise LayerNotSupportedError(f"layer {node.name!r}: merge_mode must be 'concat', the one that hls4ml computes")
    _choose_types(node, context, loops)
    every = bool(node.get_attr("return_sequences"))
    results = [_add(loop, context, every) for loop in loops]
    sizes = [context.type_of(name).size for name in results]
    forward, backward = (
        np.arange(size, dtype=np.int64).reshape(-1, loop.units) for size, loop in zip(sizes, loops, strict=True)
    )
    joined = np.concatenate([forward, sizes[0] + backward[::-1]], axis=-1)
    context.finish(context.add("join", Permute(joined if every else joined[0]), *results))


def _add(loop: RecurrentLoop, context: LoweringContext, every: bool) -> str:
    """The loop's node."""
    built = loop.build(context, context.inputs[0], every)
    name = context.add(f"{loop.prefix}scan", built.scan, *built.products)
    bounds, shape = reached(built, context), context.type_of(name).shape
    context.builder.bounds[name] = Bounds(*(np.broadcast_to(end, shape) for end in (bounds.low, bounds.high)))
    return name


def _check(node: Any, loops: list[RecurrentLoop]) -> None:
    """Refuse what the C++ leaves out, reads wrong or does not compile.

    Raises:
        LayerNotSupportedError: naming the layer.
    """

    def refuse(why: str) -> None:
        raise LayerNotSupportedError(f"layer {node.name!r}: {why}")

    if node.get_attr("pass_initial_states") or len(node.inputs) > 1 or node.get_attr("return_state"):
        refuse("states that other layers bring or take are not supported; leave initial_state and return_state out")
    if node.get_attr("direction") == "backward" or node.get_attr("time_major"):
        refuse("hls4ml's C++ reads steps forwards along the first axis only; leave direction and time_major out")
    for loop in loops:
        if loop.name not in ("LSTM", "GRU"):
            refuse(f"hls4ml has no C++ for {loop.name}; use LSTM or GRU")
        for function in loop.functions:
            if function not in CPP_FUNCTIONS:
                refuse(f"hls4ml's C++ has no {function!r} for recurrent layers; use {', '.join(CPP_FUNCTIONS)}")
        if loop.name == "GRU" and loop.attribute("apply_reset_gate") == "before":
            refuse("hls4ml's C++ resets what the state is multiplied to, not the state; use reset_after=True")
        _check_kernel(node, loop)
    accum, result = (_precision(node, role) for role in (ACCUM, RESULT))
    if _of_one_type(node, loops) and _in_cpp(accum) != _in_cpp(result):
        refuse(
            f"its type accum is {accum} and its type result {result}, and hls4ml's C++ of an LSTM compiles for one type"
            " only; make them one"
        )


def _check_kernel(node: Any, loop: RecurrentLoop) -> None:
    """hls4ml chooses the function for the recurrent product by the reuse factor of the other one."""
    reuse, recurrent = (int(loop.attribute(name) or 1) for name in ("reuse_factor", "recurrent_reuse_factor"))
    if str(node.get_attr("strategy")).lower() == "resource" and (reuse <= loop.units) != (recurrent <= loop.units):
        raise LayerNotSupportedError(
            f"layer {node.name!r}: for reuse factors of {reuse} and, of the state's product, {recurrent}, hls4ml takes "
            "C++ that aborts; use another ReuseFactor"
        )


def _of_one_type(node: Any, loops: list[RecurrentLoop]) -> bool:
    """Whether the C++ hands pointers to the accumulator's type on as such to the result's.

    It does in the function for LSTMs that are not static, which is compiled for an `LSTM` in any case.
    """
    return any(loop.name == "LSTM" for loop in loops) and not (loops[0].prefix and node.get_attr("static"))


def _precision(node: Any, role: str) -> Any:
    variable = node.get_output_variable().type if role == RESULT else node.get_attr(f"{role}_t")
    return variable.precision


def _in_cpp(precision: Any) -> tuple[bool, FixedPoint]:
    """What tells types from each other: `ap_int<8>` is none of `ap_fixed`'s."""
    return "Integer" in type(precision).__name__, fixed_point(precision)


def _given(node: Any, role: str) -> FixedPoint:
    """The type that hls4ml's graph carries."""
    return fixed_point(_precision(node, role))


def _choose_types(node: Any, context: LoweringContext, loops: list[RecurrentLoop]) -> None:
    """Of the table, the accumulator and the result."""
    functions = {function for loop in loops for function in loop.functions}
    if functions != {"relu"}:
        context.choose("table", lambda: TANH_TABLE if "tanh" in functions else SIGMOID_TABLE)
    given = {role: _given(node, role) for role in (ACCUM, RESULT)}

    @cache
    def narrowest() -> dict[str, FixedPoint]:
        found = [_needs(loop, context, given) for loop in loops]
        types = {role: common_type([type_ for one in found for type_ in one[role]]) for role in given}
        if not _of_one_type(node, loops):
            return types
        # A result that saturates is never widened.
        saturates = given[RESULT].overflow is not Overflow.WRAP
        return given if saturates else dict.fromkeys(types, common_type(list(types.values())))

    for role in (ACCUM, RESULT):
        context.choose(role, lambda role=role: narrowest()[role])  # type: ignore[misc]


def _needs(loop: RecurrentLoop, context: LoweringContext, given: dict[str, FixedPoint]) -> dict[str, list[FixedPoint]]:
    wide = {
        role: replace(type_, width=type_.width + _SPARE, integer=type_.integer + _SPARE)
        for role, type_ in given.items()
        if role == ACCUM or type_.overflow is Overflow.WRAP
    }
    draft = context.apart(wide)
    (name,) = context.inputs
    source = draft.builder.source(name, context.type_of(name))
    draft.builder.bounds[source] = context.bounds_of(name)
    return needs(loop.build(draft, source, every=False, begun=True), draft, source)
