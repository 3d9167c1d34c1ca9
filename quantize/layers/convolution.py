"""Quantized convolutions that QKeras does not have, in its style: they train, save and load as QKeras's do.

Importing this registers them with Keras.
"""

from abc import abstractmethod
from typing import Any, ClassVar

import keras
from qkeras import get_quantizer


class _Quantized:
    """Mixed in before a Keras layer of convolution: kernel and bias go through their quantizers at every call."""

    _kind: ClassVar[str] = "kernel"

    def __init__(self, *arguments: Any, bias_quantizer: Any = None, **options: Any) -> None:
        quantizer = options.pop(f"{self._kind}_quantizer", None)
        super().__init__(*arguments, **options)
        setattr(self, f"{self._kind}_quantizer_internal", get_quantizer(quantizer))
        self.bias_quantizer_internal = get_quantizer(bias_quantizer)

    @abstractmethod
    def _convolved(self, inputs: Any, kernel: Any) -> Any:
        """What the Keras layer does with a kernel."""

    def call(self, inputs: Any) -> Any:
        """Convolve, add the bias, activate."""
        layer: Any = self
        quantizer = getattr(self, f"{self._kind}_quantizer_internal")
        outputs = self._convolved(inputs, layer.kernel if quantizer is None else quantizer(layer.kernel))
        if layer.use_bias:
            bias = layer.bias
            outputs = outputs + (bias if self.bias_quantizer_internal is None else self.bias_quantizer_internal(bias))
        return outputs if layer.activation is None else layer.activation(outputs)

    def get_config(self) -> dict[str, Any]:
        """What it was made with."""
        quantizers = {
            f"{kind}_quantizer": keras.saving.serialize_keras_object(getattr(self, f"{kind}_quantizer_internal"))
            for kind in (self._kind, "bias")
        }
        return {**super().get_config(), **quantizers}  # type: ignore[misc]


@keras.saving.register_keras_serializable("netloom")
class QDepthwiseConv1D(_Quantized, keras.layers.DepthwiseConv1D):
    """`DepthwiseConv1D` with `depthwise_quantizer` and `bias_quantizer`."""

    _kind = "depthwise"

    @property
    def depthwise_kernel(self) -> Any:
        """The stored kernel, under QKeras's name."""
        return self.kernel

    def _convolved(self, inputs: Any, kernel: Any) -> Any:
        return keras.ops.depthwise_conv(
            inputs, kernel, self.strides, self.padding, self.data_format, self.dilation_rate
        )


@keras.saving.register_keras_serializable("netloom")
class QConv3D(_Quantized, keras.layers.Conv3D):
    """`Conv3D` with `kernel_quantizer` and `bias_quantizer`."""

    def _convolved(self, inputs: Any, kernel: Any) -> Any:
        return self.convolution_op(inputs, kernel)


class _Transposed(_Quantized):
    def _convolved(self, inputs: Any, kernel: Any) -> Any:
        layer: Any = self
        return keras.ops.conv_transpose(
            inputs,
            kernel,
            layer.strides,
            layer.padding,
            layer.output_padding,
            layer.data_format,
            layer.dilation_rate,
        )


@keras.saving.register_keras_serializable("netloom")
class QConv1DTranspose(_Transposed, keras.layers.Conv1DTranspose):
    """`Conv1DTranspose` with `kernel_quantizer` and `bias_quantizer`."""


@keras.saving.register_keras_serializable("netloom")
class QPaddedConv2DTranspose(_Transposed, keras.layers.Conv2DTranspose):
    """`Conv2DTranspose` with `kernel_quantizer` and `bias_quantizer`, and `output_padding`, which QKeras drops."""


@keras.saving.register_keras_serializable("netloom")
class QConv3DTranspose(_Transposed, keras.layers.Conv3DTranspose):
    """`Conv3DTranspose` with `kernel_quantizer` and `bias_quantizer`."""
