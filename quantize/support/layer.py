"""`LayerFacts`: one call of a layer as plain facts, whichever front end or stage read them."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

LayerShape = tuple[int, ...]
RefusingStage = Literal["quantize", "convert"]


@dataclass(frozen=True)
class LayerFacts:
    """What there is to know of a layer before it is taken or refused.

    Attributes:
        name: as the user calls it.
        kind: name of its class, which the table has; qualified if it is not Keras's or QKeras's.
        config: its arguments, as `get_config` gives them, and what it keeps and `get_config` leaves out.
        defaults: every argument its class takes, with its default (`inspect.Parameter.empty` if it has none).
        inputs: shape of each input, without the batch axis.
        output: shape of its result, likewise.
        tensors: what tells its inputs apart: two equal ones are one tensor.
    """

    name: str
    kind: str
    config: Mapping[str, Any]
    defaults: Mapping[str, Any]
    inputs: Sequence[LayerShape]
    output: LayerShape
    tensors: Sequence[Hashable]


def per_axis(value: Any) -> tuple[int, ...]:
    """An option of one number, or of one a spatial axis, as a tuple."""
    return tuple(value) if isinstance(value, list | tuple) else (value,)
