"""Makes `tests/support/onnx/onnx_models/`: networks of Brevitas, exported as QONNX and QCDQ, untrained.

    pip install '.[onnx,brevitas]' && python tests/support/onnx/brevitas_models.py

PyTorch is no dependency of the tests, so what comes out is kept; where it is installed (its CPU build will do)
`tests/quantize/onnx/test_onnx_brevitas.py` makes it again.
"""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from brevitas import nn as qnn
from brevitas.export import export_onnx_qcdq, export_qonnx
from brevitas.quant import (
    Int8ActPerTensorFixedPoint,
    Int8BiasPerTensorFixedPointInternalScaling,
    Int8WeightPerTensorFixedPoint,
    ShiftedUint8ActPerTensorFloat,
    Uint8ActPerTensorFixedPoint,
)


def dense(bits: int) -> Any:
    """12-8-6-3."""
    sizes = (12, 8, 6, 3)
    layers: list[Any] = [qnn.QuantIdentity(act_quant=Int8ActPerTensorFixedPoint, bit_width=bits)]
    for index, (inputs, outputs) in enumerate(pairwise(sizes)):
        layers.append(linear(qnn.QuantLinear, bits, inputs, outputs))
        if index < len(sizes) - 2:
            layers.append(qnn.QuantReLU(act_quant=Uint8ActPerTensorFixedPoint, bit_width=bits))
    return torch.nn.Sequential(*layers)


def picture(bits: int) -> Any:
    """A convolution, a pooling, a depthwise and a pointwise convolution, a dense layer, on 2x8x7."""
    return torch.nn.Sequential(
        qnn.QuantIdentity(act_quant=Int8ActPerTensorFixedPoint, bit_width=bits),
        linear(qnn.QuantConv2d, bits, 2, 4, 3, padding=1),
        qnn.QuantReLU(act_quant=Uint8ActPerTensorFixedPoint, bit_width=bits),
        torch.nn.MaxPool2d(2),
        linear(qnn.QuantConv2d, bits, 4, 4, 3, groups=4, padding=1, stride=2),
        qnn.QuantReLU(act_quant=Uint8ActPerTensorFixedPoint, bit_width=bits),
        linear(qnn.QuantConv2d, bits, 4, 5, 1),
        qnn.QuantReLU(act_quant=Uint8ActPerTensorFixedPoint, bit_width=bits),
        torch.nn.Flatten(),
        linear(qnn.QuantLinear, bits, 20, 3),
    )


def default() -> Any:
    """12-8-6-3 of Brevitas's layers without arguments: scales of any size; biases and outputs are not quantized."""
    sizes = (12, 8, 6, 3)
    layers: list[Any] = [qnn.QuantIdentity()]
    for index, (inputs, outputs) in enumerate(pairwise(sizes)):
        layers.append(qnn.QuantLinear(inputs, outputs, bias=True))
        if index < len(sizes) - 2:
            layers.append(qnn.QuantReLU())
    return torch.nn.Sequential(*layers)


def default_picture() -> Any:
    """A convolution with zeros around, a pooling, a dense layer, on 2x8x7; input and output have zero points."""
    return torch.nn.Sequential(
        qnn.QuantIdentity(act_quant=ShiftedUint8ActPerTensorFloat),
        qnn.QuantConv2d(2, 4, 3, padding=1, bias=True),
        qnn.QuantReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
        qnn.QuantLinear(48, 3, bias=True),
        qnn.QuantIdentity(act_quant=ShiftedUint8ActPerTensorFloat),
    )


def linear(kind: Any, bits: int, *sizes: int, **options: Any) -> Any:
    """A layer with quantized weights and bias."""
    return kind(
        *sizes,
        bias=True,
        weight_quant=Int8WeightPerTensorFixedPoint,
        weight_bit_width=bits,
        bias_quant=Int8BiasPerTensorFixedPointInternalScaling,
        **options,
    )


def write(folder: Path) -> None:
    """Write all into a folder that is there."""
    models: list[tuple[str, Callable[[], Any], tuple[int, ...]]] = [
        ("dense", lambda: dense(5), (12,)),
        ("picture", lambda: picture(8), (2, 8, 7)),
        ("default", default, (12,)),
        ("default_picture", default_picture, (2, 8, 7)),
    ]
    for name, build, shape in models:
        torch.manual_seed(1)
        model, x = build(), torch.randn(64, *shape)
        for _ in range(10):
            model(x)  # scales of activations are found from what they see
        model.eval()
        export_qonnx(model, x[:1], str(folder / f"brevitas_{name}.onnx"), dynamo=False)
        if name in ("picture", "default"):
            export_onnx_qcdq(model, x[:1], str(folder / f"brevitas_{name}_qcdq.onnx"), dynamo=False)


if __name__ == "__main__":
    write(Path(__file__).with_name("onnx_models"))
