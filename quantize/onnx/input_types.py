"""`build_input`: an input of the network, quantized to the type that the file says its values are of."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from netloom.errors import LayerNotSupportedError, PrecisionError, QuantizerNotSupportedError, SettingsError
from netloom.fixed_point import FixedPoint, Overflow
from netloom.quantize.onnx.edge import Edge
from netloom.quantize.onnx.keras_builder import KerasBuilder
from netloom.quantize.onnx.quant import QUANT_OPERATORS
from netloom.quantize.onnx.real import Grid
from netloom.quantize.quantizer_types import FLOAT32_BITS, type_quantizer
from netloom.rounding import Rounding

_QUANTIZERS = (*QUANT_OPERATORS, "BipolarQuant")


def read_types(path: Path, inputs: int, texts: Sequence[str] | None, quantized: bool) -> list[FixedPoint | None]:
    """The types that are given for a model's inputs; None where none is.

    Args:
        path: of the model.
        inputs: how many it has.
        texts: a type each, or None.
        quantized: whether the model is.

    Raises:
        SettingsError: for types of a float model, or more or fewer than there are inputs.
        PrecisionError: for what is no type, or rounds as no quantizer does.
    """
    if texts is None:
        return [None] * inputs
    if not quantized:
        raise SettingsError(f"{path} is a float model: the types of its inputs are found on data; leave them out")
    if len(texts) != inputs:
        raise SettingsError(f"{path} has {inputs} inputs, and {len(texts)} input types are given")
    return [_type(text) for text in texts]


def _type(text: str) -> FixedPoint:
    type_ = FixedPoint.parse(text)
    if "," not in text.partition(",")[2]:
        type_ = type_.with_modes(Rounding.RND_CONV, Overflow.SAT)
    if type_.rounding is not Rounding.RND_CONV or type_.overflow not in (Overflow.SAT, Overflow.SAT_SYM):
        raise PrecisionError(f"input type {text!r}: inputs are rounded by RND_CONV and SAT; leave the modes out")
    return type_


def build_input(builder: KerasBuilder, value: Any, type_: FixedPoint | None = None) -> Edge:
    """An input; in a quantized model a quantizer behind it, where a type is given and no `Quant` reads it.

    Args:
        builder: of the model.
        value: of the graph's inputs.
        type_: of its values, instead of what the file says of them.

    Raises:
        QuantizerNotSupportedError: for a type that has no quantizer, by the input's name.
        SettingsError: for a type of an input that a quantizer reads.
    """
    import keras
    from qkeras import QActivation

    name = value.name
    shape = tuple(builder.wrapped.get_tensor_shape(name)[1:])
    builder.inputs.append(keras.Input(shape, name=builder.name(name)))
    edge = Edge(builder.inputs[-1])
    readers = [node for node in builder.wrapped.graph.node if name in node.input]
    if not builder.quantized or all(node.op_type in _QUANTIZERS for node in readers):
        if type_ is not None:
            raise SettingsError(f"input {name!r}: quantizers read it, which say its type; leave the input type out")
        return edge
    type_ = type_ or _declared(builder, name)
    if type_ is None:
        return edge
    tensor = QActivation(type_quantizer(type_), name=builder.name(f"{name}_quantizer"))(edge.tensor)
    return Edge(tensor, grid=Grid.of(type_.step, type_.raw_min, type_.raw_max))


def _declared(builder: KerasBuilder, name: str) -> FixedPoint | None:
    """The type that qonnx's annotation says; None without one, and of floats."""
    try:
        found = builder.wrapped.get_tensor_datatype(name)
    except (KeyError, ValueError) as error:
        said = " ".join(str(error).split())[:60]
        raise LayerNotSupportedError(f"input {name!r}: its datatype is none of qonnx's: {said}") from None
    if found.get_canonical_name().startswith("SCALEDINT") or not (found.is_integer() or found.is_fixed_point()):
        return None
    signed = found.min() < 0
    fraction = found.frac_bits() if found.is_fixed_point() else 0
    width = found.bitwidth() + (signed and found.bitwidth() < 2)
    if width > FLOAT32_BITS:
        raise QuantizerNotSupportedError(
            f"input {name!r}: its values are said to be {found.name}; types of up to {FLOAT32_BITS} bits are read"
        )
    narrow = signed and found.min() == -found.max()
    overflow = Overflow.SAT_SYM if narrow else Overflow.SAT
    return FixedPoint(width, width - fraction, signed, Rounding.RND_CONV, overflow)
