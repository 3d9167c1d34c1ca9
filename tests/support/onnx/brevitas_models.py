"""Makes `tests/support/onnx/onnx_models/`: networks of Brevitas, exported as QONNX and QCDQ, untrained.

    pip install torch brevitas qonnx onnxscript && python tests/support/onnx/brevitas_models.py

torch is no dependency of the tests, so what comes out is kept.
"""

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
    Uint8ActPerTensorFixedPoint,
)

FOLDER = Path(__file__).with_name("onnx_models")


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


def main() -> None:
    """Write all."""
    FOLDER.mkdir(exist_ok=True)
    for name, build, shape in (("dense", dense, (12,)), ("picture", picture, (2, 8, 7))):
        torch.manual_seed(1)
        model, x = build(5 if name == "dense" else 8), torch.randn(64, *shape)
        for _ in range(10):
            model(x)  # scales of activations are found from what they see
        model.eval()
        export_qonnx(model, x[:1], str(FOLDER / f"brevitas_{name}.onnx"), dynamo=False)
        if name == "picture":
            export_onnx_qcdq(model, x[:1], str(FOLDER / f"brevitas_{name}_qcdq.onnx"), dynamo=False)


if __name__ == "__main__":
    main()
