"""`NativeForm`: what an operation is in the C++."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from netloom.hls.dataflow import Window
from netloom.rounding import Rounding
from netloom.sim.native.constants import Constants
from netloom.sim.native.steps import SATURATES, NativeStage, NativeStep, StepKind, confining, shifting
from netloom.sim.operation_site import OperationSite

FARTHEST_SHIFT = 100
"""Scales beyond 2**100 come near to the ends of float32."""


class NoFormError(Exception):
    """A network, or a node of one, that the C++ has no form for: NumPy computes it."""


@dataclass(frozen=True)
class NativeSite(OperationSite):
    """An operation where it stands, and where its step reads.

    Attributes:
        part: which of the inputs a move reads.
        picture: shape of what a product reads.
        view: the windows through which it does, none of them over the edge; None is whole last axes.
    """

    part: int = 0
    picture: Sequence[int] = ()
    view: Window | None = None


def overflow_stages(site: NativeSite) -> list[NativeStage]:
    """The overflow mode of the result's type, if it may be met.

    Raises:
        NoFormError: if the C++ has no such mode.
    """
    return [_known(confining(site.operation.outputs(site.types)[0].element))] if site.may_overflow else []


def shifted(shift: int, rounding: Rounding, scale: int = 1) -> list[NativeStage]:
    """`shifting` as stages.

    Raises:
        NoFormError: if the C++ has no such rounding, or the shift is too far for float32.
    """
    if abs(shift) > FARTHEST_SHIFT:
        raise NoFormError
    return [_known(shifting(shift, rounding, scale))] if shift or scale != 1 else []


def index(size: int, offset: int = 0) -> NativeStage:
    """Which entry of a table is read, but for the offset."""
    return NativeStage(1, -offset, size - 1 - offset, 1, 0, SATURATES)


def _known(stage: NativeStage | None) -> NativeStage:
    if stage is None:
        raise NoFormError
    return stage


def _never(_: NativeSite) -> bool:
    return False


@dataclass(frozen=True)
class NativeForm:
    """What an operation is in the C++: one step of a kind, and what that needs to be this operation; or several.

    Attributes:
        kind: of the step.
        lay: sets what the step reads beside tensors: constants and sizes.
        stages: what numbers go through before they are stored; in a table, before they are looked up.
        fits: whether the C++ has the operation as it stands.
        exact: whether the step is exact where it stands.
        reads_bytes: whether it can read bytes instead of float32.
        moves: whether every number before the stages is one of the inputs' numbers.
        reshapes: whether the result is its input, number by number: then there is no step.
        spread: all its steps, from the `GraphSteps` and the `Work` it is there, where it is not one.
    """

    kind: StepKind
    lay: Callable[[NativeStep, NativeSite, Constants], None] = lambda *_: None
    stages: Callable[[NativeSite], list[NativeStage]] = overflow_stages
    fits: Callable[[NativeSite], bool] = lambda _: True
    exact: Callable[[NativeSite], bool] = lambda site: site.exact_in_float32
    reads_bytes: Callable[[NativeSite], bool] = _never
    moves: Callable[[NativeSite], bool] = _never
    reshapes: Callable[[NativeSite], bool] = _never
    spread: Callable[[Any, Any], Iterator[NativeStep]] | None = None
