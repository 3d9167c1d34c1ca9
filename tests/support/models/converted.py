"""What the tests of `convert` share."""

import numpy as np
import pytest
from zoo import bits, quant

from netloom.hls import HlsSettings

keras = pytest.importorskip("keras")


PARALLEL, STREAM = HlsSettings(), HlsSettings(io_type="io_stream")


def one_layer(layer, shape=(6, 6, 2)):
    """A network of an input quantizer and one layer."""
    inputs = keras.Input(shape, name="source")
    return keras.Model(inputs, layer(quant(5, 0, "input_quantizer")(inputs)))


def convolution(kind="QConv2D", **options):
    import qkeras

    kernel = {"kernel_quantizer": bits(4)}
    if "Depthwise" in kind:
        kernel = {"depthwise_quantizer": bits(4)}
    if "Separable" in kind:
        kernel = {"depthwise_quantizer": bits(4), "pointwise_quantizer": bits(4)}
    filters = {} if "Depthwise" in kind else {"filters": 2}
    return getattr(qkeras, kind)(
        **filters, **{"kernel_size": 3, "bias_quantizer": bits(6, 1), "name": "odd one", **kernel, **options}
    )


def layers():
    return keras.layers


def reshaped_and_read_twice():
    from qkeras import QDense

    source = keras.Input((4,), name="a")
    x = QDense(6, kernel_quantizer="quantized_bits(6,0,alpha=1)", name="dense")(quant(8, 0, "qa")(source))
    x = layers().Reshape((2, 3))(x)
    model = keras.Model(source, layers().Add(name="sum")([x, layers().Permute((1, 2))(x)]))
    model.get_layer("dense").set_weights([np.full((4, 6), 0.34375), np.zeros(6)])
    return model
