"""`load_onnx`: an ONNX model as the Keras model that equals it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from netloom.errors import LayerNotSupportedError, ModelFileError
from netloom.quantize.onnx.checked import checked_onnx
from netloom.quantize.onnx.cleaned import cleaned
from netloom.quantize.onnx.input_types import build_input, read_types
from netloom.quantize.onnx.keras_builder import KerasBuilder
from netloom.quantize.onnx.operators.table import BUILDERS, QUANTIZER_BUILDERS
from netloom.quantize.onnx.quant import QUANTIZING_OPERATORS


def load_onnx(
    path: Path, input_shapes: Sequence[tuple[int, ...]] | None = None, input_types: Sequence[str] | None = None
) -> Any:
    """Build the Keras model of an ONNX file; its inputs and outputs are shaped as ONNX has them.

    Args:
        path: of a QONNX or QCDQ model, which becomes one of QKeras layers; or of a float model, one of Keras layers.
        input_shapes: shape of each input without the batch, where the model leaves sizes open.
        input_types: type of each input, where no quantizer reads it.

    Raises:
        ModelFileError: if the file is damaged, or keeps weights outside itself.
        LayerNotSupportedError, QuantizerNotSupportedError: for a node with no exact firmware, by its name.
        SettingsError, PrecisionError: for input types that the model cannot have.
        ToolMissingError: without qonnx.
    """
    import keras

    model = checked_onnx(path, input_shapes)
    quantized = any(node.op_type in QUANTIZING_OPERATORS for node in model.graph.node)
    wrapped, steps = cleaned(model)
    builder = KerasBuilder(wrapped, steps, quantized)
    types = read_types(path, len(wrapped.graph.input), input_types, quantized)
    for value, type_ in zip(wrapped.graph.input, types, strict=True):
        builder.edges[value.name] = build_input(builder, value, type_)
    for node in wrapped.graph.node:
        if node.output[0] in builder.edges:
            continue  # taken by the node before it
        build = BUILDERS.get(node.op_type) or QUANTIZER_BUILDERS.get(node.op_type)
        if build is None:
            name, part = builder.node_name(node), node.op_type in ("QuantizeLinear", "DequantizeLinear")
            raise LayerNotSupportedError(
                f"node {name!r}: {node.op_type} is no part of a quantizer that qonnx recognizes"
                if part
                else f"node {name!r}: operator {node.op_type} is read of constants alone"
            )
        try:
            builder.edges[node.output[0]] = build(builder, node)
        except (ValueError, TypeError, KeyError, IndexError) as error:
            reason = " ".join(str(error).split())[:200]
            raise ModelFileError(f"{path}: node {builder.node_name(node)!r} cannot be built: {reason}") from None
    outputs = []
    for value in wrapped.graph.output:
        if value.name not in builder.edges:
            raise LayerNotSupportedError(f"{path}: output {value.name!r} is a constant")
        outputs.append(builder.output(value.name))
    return keras.Model(builder.inputs, outputs, name=builder.name(path.stem))
