"""Lowering of HGQ's quantizers, which give every element a type of its own."""

from typing import Any

import numpy as np

from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Cast, Permute
from netloom.hls.lower.context import LoweringContext
from netloom.hls.lower.merge import common_type
from netloom.hls.lower.types import RESULT

_NOTHING = (0, 0, 0)


def lower_fixed_point_quantizer(node: Any, context: LoweringContext) -> None:
    """`FixedPointQuantizer`: the elements of each type are taken out, cast, and put back; those of no bits are 0."""
    source = context.inputs[0]
    shape = context.type_of(source).shape
    columns = [np.broadcast_to(np.asarray(part)[0], shape).ravel() for part in node.get_attr("mask_kbi")]
    masks = [tuple(int(part) for part in mask) if mask[1] else _NOTHING for mask in zip(*columns, strict=True)]
    modes = f"{node.get_attr('RND')},{node.get_attr('SAT')}"
    types = {
        mask: FixedPoint.parse(f"{'' if mask[0] else 'u'}fixed<{mask[1]},{mask[2]},{modes}>")
        for mask in dict.fromkeys(masks)
        if mask is not _NOTHING
    }
    if len(types) == 1 and _NOTHING not in masks:
        context.finish(context.add("quantize", Cast(next(iter(types.values()))), source))
        return
    result = context.choose(RESULT, lambda: common_type([type_.with_modes() for type_ in types.values()]))
    joined, taken = "", np.array([], dtype=np.int64)
    for index, (mask, type_) in enumerate(types.items()):
        elements = np.flatnonzero([other == mask for other in masks])
        part = context.add(f"take{index}", Permute(elements), source)
        part = context.add(f"quantize{index}", Cast(type_), part)
        if type_ != result:
            part = context.add(f"result{index}", Cast(result), part)
        order = np.arange(len(taken) + len(elements), dtype=np.int64)
        joined = context.add(f"join{index}", Permute(order), joined, part) if joined else part
        taken = np.concatenate([taken, elements])
    places = np.full(len(masks), -1, dtype=np.int64)
    places[taken] = np.arange(len(taken))
    context.finish(context.add("place", Permute(places.reshape(shape)), joined or source))
