"""Keras layers of netloom's own. Importing this registers them with Keras.

Convolutions and an embedding that QKeras does not have, in its style; layers that compute by the firmware's very
tables, and train; those that say of every element what it becomes; one that writes by itself; and the host's part at
a network's ends.
"""

from netloom.quantize.layers.argmax import ArgMax
from netloom.quantize.layers.convolution import (
    QConv1DTranspose,
    QConv3D,
    QConv3DTranspose,
    QDepthwiseConv1D,
    QPaddedConv2DTranspose,
)
from netloom.quantize.layers.decoder import RecurrentDecoder
from netloom.quantize.layers.elements import Function, Rearrange
from netloom.quantize.layers.embedding import QEmbedding
from netloom.quantize.layers.ends import HostQuantize, HostScale
from netloom.quantize.layers.norm import QNormalization
from netloom.quantize.layers.product import MatrixProduct
from netloom.quantize.layers.recurrent import (
    QGRU,
    QLSTM,
    MaskedGRU,
    MaskedLSTM,
    MaskedMemoryLSTM,
    MaskedSimpleRNN,
    MemoryLSTM,
    QMaskedGRU,
    QMaskedLSTM,
    QMaskedMemoryLSTM,
    QMaskedSimpleRNN,
    QMemoryLSTM,
    QSimpleRNN,
    QuantizedFunction,
)
from netloom.quantize.layers.softmax import MaskedSoftmax, QSoftmax

__all__ = [
    "ArgMax",
    "Function",
    "HostQuantize",
    "HostScale",
    "MaskedGRU",
    "MaskedLSTM",
    "MaskedMemoryLSTM",
    "MaskedSimpleRNN",
    "MaskedSoftmax",
    "MatrixProduct",
    "MemoryLSTM",
    "QConv1DTranspose",
    "QConv3D",
    "QConv3DTranspose",
    "QDepthwiseConv1D",
    "QEmbedding",
    "QGRU",
    "QLSTM",
    "QMaskedGRU",
    "QMaskedLSTM",
    "QMaskedMemoryLSTM",
    "QMaskedSimpleRNN",
    "QMemoryLSTM",
    "QNormalization",
    "QPaddedConv2DTranspose",
    "QSimpleRNN",
    "QSoftmax",
    "QuantizedFunction",
    "Rearrange",
    "RecurrentDecoder",
]
