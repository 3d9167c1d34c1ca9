"""Quantizers of activations: a type that is one, or a scale, a shift and a rounding that rise where it rises."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from netloom.common.ends import InputScale
from netloom.errors import LayerNotSupportedError, QuantizerNotSupportedError
from netloom.fixed_point import FixedPoint, Overflow
from netloom.quantize.flat.equal.affine import affine
from netloom.quantize.onnx.attributes import attributes
from netloom.quantize.onnx.edge import Edge
from netloom.quantize.onnx.fit import Line, fitted_lines
from netloom.quantize.onnx.keras_builder import KerasBuilder
from netloom.quantize.onnx.quant import QuantNode, is_power_of_two, plain_type, trunc_stairs
from netloom.quantize.onnx.real import Grid, Real, is_short
from netloom.quantize.onnx.stairs import Stairs, Threshold, whole_thresholds
from netloom.quantize.quantizer_types import FLOAT32_BITS, type_quantizer
from netloom.quantize.smallest_grid import is_fixed
from netloom.rounding import Rounding

MOST_LINES = 15
"""Scales and shifts that a quantizer may take: one where its steps are even, more where they are not."""


def build_quant(builder: KerasBuilder, node: Any) -> Edge:
    """A `QActivation`; before it a scale and a shift, where the quantizer is none that QKeras has."""
    from qkeras import QActivation

    edge, name = builder.edge(node, real=True), builder.node_name(node)
    quant = QuantNode.of(name, attributes(node), [builder.weights(node, one) for one in node.input[1:4]])
    type_ = plain_type(quant)
    if builder.is_input(edge) and edge.real is not None and type_ is not None and not edge.real.shift.any():
        edge = builder.settled(f"node {name!r}", edge)
    elif builder.is_input(edge) and (type_ is None or edge.real is not None):
        real = Real(quant.scale.ravel(), -quant.zero_point * quant.scale.ravel())
        return build_host_quantizer(builder, node, edge, quant.input_scale(edge.real or Real()), real)
    if type_ is not None and edge.real is None:
        tensor = QActivation(type_quantizer(type_), name=builder.name(name))(edge.tensor)
        return replace(edge, tensor=tensor, grid=Grid.of(type_.step, type_.raw_min, type_.raw_max))
    return build_stairs(builder, node, edge, quant.stairs())


def build_bipolar(builder: KerasBuilder, node: Any) -> Edge:
    """One threshold, at 0."""
    scale = builder.weights(node, node.input[1])
    if scale.size != 1 or not np.isfinite(scale).all() or float(scale.flat[0]) <= 0:
        raise QuantizerNotSupportedError(
            f"node {builder.node_name(node)!r}: its scale must be one number, positive and finite"
        )
    step, edge = float(scale.flat[0]), builder.edge(node, real=True)
    if builder.is_input(edge):
        before = edge.real or Real()
        bipolar = InputScale(
            scale=1 / before.scale.item(), zero_point=before.shift.item(), low=-1, high=1, rounding="BIPOLAR"
        )
        return build_host_quantizer(builder, node, edge, bipolar, Real(np.array([step])))
    stairs = Stairs([[Threshold(Fraction(0))]], 2 * step, -step)
    return build_stairs(builder, node, edge, stairs)


def build_host_quantizer(builder: KerasBuilder, node: Any, edge: Edge, scale: InputScale, real: Real) -> Edge:
    """A quantizer of the network's input that no type equals: the host sends its whole numbers.

    Args:
        builder: of the model.
        node: the quantizer.
        edge: the input.
        scale: what the host does.
        real: what the whole numbers stand for.

    Raises:
        QuantizerNotSupportedError: if the input is read by other nodes too, or limited before.
    """
    from qkeras import QActivation

    from netloom.quantize.layers import HostQuantize

    name = builder.node_name(node)
    if edge.real is not None and edge.real.limited:
        raise QuantizerNotSupportedError(
            f"node {name!r}: it reads the network's input, which is limited before; quantize it first"
        )
    readers = [builder.node_name(one) for one in builder.wrapped.graph.node if node.input[0] in one.input]
    if len(readers) > 1:
        raise QuantizerNotSupportedError(
            f"node {name!r}: it is no plain quantizer (scale a power of two, zero point 0, to the nearest), so the host"
            f" sends its whole numbers, and nothing else reads the input then; {', '.join(map(repr, readers))} do"
        )
    signed, largest = scale.low < 0, max(scale.high, -scale.low - 1)
    bits = largest.bit_length() + signed
    type_ = FixedPoint(bits, bits, signed, Rounding.RND_CONV, Overflow.SAT)
    tensor = HostQuantize(scale, name=builder.name(f"{name}_host"))(edge.tensor)
    tensor = QActivation(type_quantizer(type_), name=builder.name(name))(tensor)
    result = replace(edge, tensor=tensor, grid=Grid.of(1.0, scale.low, scale.high), real=real)
    return builder.settled(name, result) if real.scale.item() == 1 and not real.shift.any() else result


def build_multi_threshold(builder: KerasBuilder, node: Any) -> Edge:
    """FINN's: as many levels as thresholds are reached."""
    name, given, edge = builder.node_name(node), attributes(node), builder.edge(node, real=True)
    rank = len(edge.tensor.shape)
    usual = {2: b"NC", 3: b"NWC", 4: b"NCHW"}.get(rank, b"")
    layout = given.get("data_layout", b"") or usual
    values = builder.weights(node, node.input[1])
    first = layout.find(b"C") == 1 and rank > 2
    if values.ndim != 2 or len(layout) != rank or layout.find(b"C") not in (1, rank - 1):
        raise QuantizerNotSupportedError(f"node {name!r}: data_layout {layout.decode()!r} is not of its input")
    if values.shape[0] > 1 and first != edge.last:
        grid = None if edge.grid is None else edge.grid.uniform
        moved = builder.channels_last(node, edge) if first else builder.as_in_onnx(f"node {name!r}", edge)
        edge = replace(edge, tensor=moved, last=first, grid=grid)
    channels = edge.tensor.shape[-1]
    if values.shape[0] not in (1, channels):
        raise QuantizerNotSupportedError(f"node {name!r}: thresholds of {values.shape[0]} channels for {channels}")
    if values.shape[0] > 1 and edge.order is not None:
        values = values[edge.order]
    scale, shift = given.get("out_scale", 1.0), given.get("out_bias", 0.0)
    if not (np.isfinite([scale, shift]).all() and scale > 0):
        raise QuantizerNotSupportedError(f"node {name!r}: out_scale must be positive and finite, out_bias finite")
    rows = [[Threshold(Fraction(float(value))) for value in np.sort(row)] for row in values]
    return build_stairs(builder, node, edge, Stairs(rows, float(scale), float(shift)))


def build_trunc(builder: KerasBuilder, node: Any) -> Edge:
    """Bits of a quantized number left out."""
    name, edge = builder.node_name(node), builder.edge(node, real=True)
    constants = [builder.weights(node, one) for one in node.input[1:]]
    return build_stairs(builder, node, edge, trunc_stairs(name, attributes(node), constants, _values(edge)))


def _values(edge: Edge) -> tuple[float, float]:
    """The least and the greatest value that ONNX's tensor can have."""
    if edge.grid is None:
        return -np.inf, np.inf
    real = edge.real or Real()
    ends = [real.slope * edge.grid.step * end + real.shift for end in (edge.grid.low, edge.grid.high)]
    return max(float(np.min(ends)), real.floor), min(float(np.max(ends)), real.ceiling)


def build_stairs(builder: KerasBuilder, node: Any, edge: Edge, stairs: Stairs) -> Edge:
    """A quantizer of what lies on a grid.

    Raises:
        QuantizerNotSupportedError: if its input lies on no grid that is known, or no lines meet its thresholds.
    """
    name = builder.node_name(node)
    if builder.is_input(edge):
        raise QuantizerNotSupportedError(
            f"node {name!r}: {node.op_type} of the network's input is not read; put a Quant before it, of any scale"
        )
    if edge.grid is None:
        raise QuantizerNotSupportedError(
            f"node {name!r}: it is no plain quantizer (scale a power of two, zero point 0, to the nearest), and its"
            " input lies on no grid that is known; put a plain one before it"
        )
    real = edge.real or Real()
    whole, signs = whole_thresholds(stairs, real, edge.grid)
    channels = edge.tensor.shape[-1]
    if len(whole) not in (1, channels):
        raise QuantizerNotSupportedError(f"node {name!r}: {len(whole)} scales for {channels} channels")
    low, high = _reached(edge.grid, signs)
    # Levels that every value reaches, or none.
    always = int((whole <= low[:, None]).all(0).sum())
    never = int((whole > high[:, None]).all(0).sum())
    kept, shift = whole[:, always : whole.shape[1] - never], stairs.shift + stairs.scale * always
    levels = kept.shape[1]
    if not levels:
        raise LayerNotSupportedError(f"node {name!r}: its result is always {shift:g}; leave out what leads to it")
    slopes = np.broadcast_to(np.abs(real.slope) * edge.grid.step / stairs.scale, (len(kept),))
    lines = fitted_lines(kept, slopes, low, high, MOST_LINES)
    type_ = _type(stairs.scale, shift, levels)
    if type_ is not None and lines is not None and len(lines) == 1:
        scale, least = lines[0].scale * signs * (stairs.scale / edge.grid.step), lines[0].shift * stairs.scale + shift
        if is_fixed(least):
            tensor = _cast(builder, node, edge.tensor, scale, least, type_)
            return Edge(tensor, edge.last, edge.order, Grid.of(type_.step, type_.raw_min, type_.raw_max))
    tensor = _summed(builder, node, edge, lines, signs)
    grid = Grid.of(1.0, 0, levels)
    result = Edge(tensor, edge.last, edge.order, grid, Real(np.array([stairs.scale]), np.array([shift])))
    return builder.settled(name, result) if is_short(np.array([stairs.scale, shift])) else result


def _reached(grid: Grid, signs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least and the greatest whole number of each channel, as its thresholds are turned."""
    low, high = grid.low, grid.high
    if len(signs) == 1:
        low, high = low.min(), high.max()
    low, high = (np.broadcast_to(end, signs.shape) for end in (low, high))
    return np.where(signs > 0, low, -high), np.where(signs > 0, high, -low)


def _type(scale: float, shift: float, levels: int) -> FixedPoint | None:
    """The type of all of a quantizer's values; None if there is none, or if it would round ties the other way."""
    bits, least = levels.bit_length(), shift / scale
    signed = least < 0
    if not is_power_of_two(np.array(scale)) or levels != 2**bits - 1:
        return None
    if least != (-(2 ** (bits - 1)) if signed else 0) or least % 2:
        return None
    fraction = 1 - int(np.frexp(scale)[1])
    return FixedPoint(bits, bits - fraction, signed, Rounding.RND_CONV, Overflow.SAT)


def _cast(builder: KerasBuilder, node: Any, tensor: Any, scale: Any, shift: Any, type_: FixedPoint) -> Any:
    """A scale and a shift, rounded to a type."""
    from qkeras import QActivation

    tensor = _line(builder, node, tensor, scale, shift)
    return QActivation(type_quantizer(type_), name=builder.name_of(node))(tensor)


def _line(builder: KerasBuilder, node: Any, tensor: Any, scale: Any, shift: Any) -> Any:
    name = builder.node_name(node)
    scale, shift = (value if len(value) > 1 else float(value[0]) for value in (scale, shift))
    return affine(tensor, scale, shift, builder.name(f"{name}_scale"), f"node {name!r}")


def _rounded(builder: KerasBuilder, node: Any, tensor: Any, scale: Any, shift: Any, levels: int) -> Any:
    """A scale and a shift, rounded to whole numbers from 0 to `levels`."""
    import keras
    from qkeras import QActivation

    bits = levels.bit_length()
    tensor = _line(builder, node, tensor, scale, shift)
    if levels < 2**bits - 1:
        name = builder.name(f"{builder.node_name(node)}_limit")
        tensor = keras.layers.ReLU(max_value=float(levels), name=name)(tensor)
    type_ = FixedPoint(bits, bits, False, Rounding.RND_CONV, Overflow.SAT)
    return QActivation(type_quantizer(type_), name=builder.name_of(node))(tensor)


def _summed(builder: KerasBuilder, node: Any, edge: Edge, lines: Sequence[Line] | None, signs: np.ndarray) -> Any:
    """Each line rounded, and the sum of them.

    Raises:
        QuantizerNotSupportedError: if there are none.
    """
    import keras

    assert edge.grid is not None
    name = builder.node_name(node)
    if lines is None:
        raise QuantizerNotSupportedError(
            f"node {name!r}: its thresholds are met by no {MOST_LINES} scales and shifts of {FLOAT32_BITS} bits; use"
            " fewer bits, or scales that are powers of two"
        )
    step = edge.grid.step
    found = [_rounded(builder, node, edge.tensor, one.scale * signs / step, one.shift, one.levels) for one in lines]
    while len(found) > 1:
        pairs = [found[index : index + 2] for index in range(0, len(found), 2)]
        found = [
            pair[0] if len(pair) == 1 else keras.layers.Add(name=builder.name(f"{name}_sum"))(pair) for pair in pairs
        ]
    return found[0]
