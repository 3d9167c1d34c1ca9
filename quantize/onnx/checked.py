"""`checked_onnx`: an ONNX file that may come from anywhere, read without believing it."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError

from netloom.errors import LayerNotSupportedError, ModelFileError
from netloom.quantize.onnx.channels_last import CHANNELS_LAST, OPERATORS, channels_first
from netloom.quantize.onnx.operators.table import ATTRIBUTES, BUILDERS, QUANTIZER_BUILDERS

_LARGEST_FILE = 2**31
LARGEST_TENSOR = 2**28
"""Elements: nothing that fits an FPGA comes near."""

_OPSETS = range(9, 26)
_QONNX_DOMAINS = ("qonnx.custom_op.general", "onnx.brevitas", "finn.custom_op.general")
"""One domain under its names: today's, and those of older files, of which exporters forgot to state the version."""
_FOLDED = ("QuantizeLinear", "DequantizeLinear", "Abs", "Constant", "Cast", "Gather", "Neg", "Pow", "Shape", "Slice")
"""Operators of constants and of quantizers, gone when qonnx has cleaned the model, or refused then."""

_KNOWN = {**dict.fromkeys(("", "ai.onnx"), (*BUILDERS, *_FOLDED, *QUANTIZER_BUILDERS)), CHANNELS_LAST: OPERATORS}
"""What is read of each domain; of qonnx's own quantizers."""


def checked_onnx(path: Path, input_shapes: Sequence[tuple[int, ...]] | None = None) -> onnx.ModelProto:
    """The model of a file, one sample a batch, every shape known; nothing outside the file is read.

    Args:
        path: of the file.
        input_shapes: shape of each input without the batch, where the model leaves sizes open.

    Raises:
        ModelFileError: if it is damaged, keeps weights in other files, or is no graph that computes anything.
        LayerNotSupportedError: for an operator, a domain, an opset or a shape that netloom does not read, by its node.
    """
    if path.stat().st_size > _LARGEST_FILE:
        raise ModelFileError(f"{path} has more than 2 GB, which no ONNX file in one part has")
    try:
        model = onnx.load_model_from_string(path.read_bytes())
    except DecodeError:
        raise ModelFileError(f"{path} is damaged, or no ONNX file: export the model again") from None
    if not model.graph.node or not model.graph.output:
        raise ModelFileError(f"{path} holds no graph with outputs: export the model again")
    _check_opsets(model, path)
    own = {(function.domain, function.name) for function in model.functions}
    for node in model.graph.node:
        _check_node(node, own)
    if model.graph.sparse_initializer:
        raise ModelFileError(f"{path}: sparse tensors are not read; export the model with dense ones")
    for tensor in _tensors(model):
        _check_tensor(tensor, path)
    channels_first(model)
    try:
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).partition("==>")[0].split())[:200]
        raise ModelFileError(f"{path} is no valid ONNX model: {reason}") from None
    _check_attributes(model)
    _set_shapes(model.graph, input_shapes)
    return model


def node_name(node: Any) -> str:
    """What a node is called in messages: its name, or where it has none that of its result."""
    return str(node.name or (node.output[0] if node.output else node.op_type))


def _check_opsets(model: onnx.ModelProto, path: Path) -> None:
    versions = {one.domain: one.version for one in model.opset_import}
    used = {node.domain for node in model.graph.node}
    unknown = used - {"", "ai.onnx", CHANNELS_LAST, *_QONNX_DOMAINS}
    if unknown:
        raise LayerNotSupportedError(f"{path} uses operators of {min(unknown)!r}, which netloom does not read")
    model.opset_import.extend(onnx.helper.make_opsetid(domain, 1) for domain in sorted(used - {"", *versions}))
    # qonnx folds constants by the version of the first.
    model.opset_import.sort(key=lambda one: one.domain not in ("", "ai.onnx"))
    version = versions.get("", versions.get("ai.onnx", 0))
    if version not in _OPSETS:
        raise LayerNotSupportedError(
            f"{path} is of opset {version}; netloom reads {_OPSETS[0]} to {_OPSETS[-1]}: convert it with"
            " onnx.version_converter"
        )


def _check_node(node: Any, own: Collection[tuple[str, str]]) -> None:
    if (node.domain, node.op_type) in own:
        raise LayerNotSupportedError(
            f"node {node_name(node)!r}: {node.op_type} is a function of the file's own; inline it"
        )
    if any(one.type == onnx.AttributeProto.SPARSE_TENSOR for one in node.attribute):
        raise LayerNotSupportedError(f"node {node_name(node)!r}: sparse tensors are not read; use a dense one")
    if node.op_type not in _KNOWN.get(node.domain, QUANTIZER_BUILDERS):
        raise LayerNotSupportedError(
            f"node {node_name(node)!r}: operator {'.'.join(filter(None, (node.domain, node.op_type)))} is not read;"
            f" those that are: {', '.join(sorted((*BUILDERS, *QUANTIZER_BUILDERS)))}"
        )


def _check_attributes(model: onnx.ModelProto) -> None:
    """What no builder reads has the value that it would have if it were left out."""
    version = next(one.version for one in model.opset_import if one.domain in ("", "ai.onnx"))
    for node in model.graph.node:
        if node.op_type in _FOLDED:
            continue
        for one in node.attribute:
            if one.name in ATTRIBUTES.get(node.op_type, ()):
                continue
            value, default = onnx.helper.get_attribute_value(one), None
            if node.op_type in BUILDERS:
                known = onnx.defs.get_schema(node.op_type, version, "").attributes[one.name].default_value
                default = onnx.helper.get_attribute_value(known) if known.name else None
            if value != default:
                said = " ".join(str(value).split())[:60]
                raise LayerNotSupportedError(
                    f"node {node_name(node)!r}: {one.name}={said} is not read, and would change what"
                    f" {node.op_type} gives; leave it out"
                )


def _tensors(model: onnx.ModelProto) -> list[onnx.TensorProto]:
    constants = [one.t for node in model.graph.node for one in node.attribute if one.type == onnx.AttributeProto.TENSOR]
    return [*model.graph.initializer, *constants]


def _check_tensor(tensor: onnx.TensorProto, path: Path) -> None:
    if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
        raise ModelFileError(
            f"{path}: tensor {tensor.name!r} is kept in another file, and none but {path.name} is read; save the model"
            " in one file (onnx.save_model(..., save_as_external_data=False))"
        )
    if any(size < 0 for size in tensor.dims) or np.prod([float(size) for size in tensor.dims]) > LARGEST_TENSOR:
        raise ModelFileError(f"{path}: tensor {tensor.name!r} is said to have shape {list(tensor.dims)}")
    try:
        onnx.numpy_helper.to_array(tensor)
    except (ValueError, TypeError, KeyError, NotImplementedError) as error:
        raise ModelFileError(f"{path}: tensor {tensor.name!r} is damaged: {_first_line(error)}") from None


def _set_shapes(graph: onnx.GraphProto, given: Sequence[tuple[int, ...]] | None) -> None:
    """One sample a batch; open sizes as given.

    Raises:
        LayerNotSupportedError: if a size is open and not given, or is another than given.
    """
    constants = {one.name for one in graph.initializer}
    inputs = [one for one in graph.input if one.name not in constants]
    if given is not None and len(given) != len(inputs):
        raise LayerNotSupportedError(f"the model has {len(inputs)} inputs, and {len(given)} input shapes are given")
    for one, shape in zip(inputs, given or [None] * len(inputs), strict=True):  # type: ignore[list-item]
        dims = one.type.tensor_type.shape.dim
        if len(dims) < 2:
            raise LayerNotSupportedError(
                f"input {one.name!r}: its first axis must be of samples, and it has {len(dims)}"
            )
        dims[0].dim_value = 1
        found = [dim.dim_value for dim in dims][1:]
        if shape is not None:
            if len(shape) != len(found) or any(
                size > 0 and size != asked for size, asked in zip(found, shape, strict=True)
            ):
                raise LayerNotSupportedError(f"input {one.name!r} has shape {found} (0: open), which cannot be {shape}")
            for dim, asked in zip(list(dims)[1:], shape, strict=True):
                dim.dim_value = asked
        elif min(found) < 1:
            raise LayerNotSupportedError(
                f"input {one.name!r}: sizes {found} are open where they are 0; say them (--input-shape)"
            )
        if np.prod([float(dim.dim_value) for dim in dims]) > LARGEST_TENSOR:
            raise LayerNotSupportedError(
                f"input {one.name!r}: shape {found} is larger than any network on an FPGA takes"
            )
    # What the file says of other shapes is not believed: all are inferred.
    for value in graph.output:
        value.type.tensor_type.ClearField("shape")
    del graph.value_info[:]


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)[:200]
