"""Keras layers of netloom's own. Importing this registers them with Keras.

Convolutions that QKeras does not have, in its style; and layers that compute by the firmware's very tables, and train.
"""

from netloom.quantize.layers.convolution import (
    QConv1DTranspose,
    QConv3D,
    QConv3DTranspose,
    QDepthwiseConv1D,
    QPaddedConv2DTranspose,
)
from netloom.quantize.layers.norm import QNormalization
from netloom.quantize.layers.softmax import QSoftmax

__all__ = [
    "QConv1DTranspose",
    "QConv3D",
    "QConv3DTranspose",
    "QDepthwiseConv1D",
    "QNormalization",
    "QPaddedConv2DTranspose",
    "QSoftmax",
]
