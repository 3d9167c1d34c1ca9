"""Quantization: a Keras model to its QKeras twin, and the fixed-point type of every stage after.

Importing this package imports neither Keras nor TensorFlow; calling its functions does.
"""

from netloom.fixed_point import FixedPoint, Overflow
from netloom.quantize.files.inspection import is_quantized, summarize
from netloom.quantize.files.model_files import load_model, save_model
from netloom.quantize.flat import flatten
from netloom.quantize.policy import LayerBits, Policy
from netloom.quantize.quantizer_types import quantizer_type, relu_quantizer, type_quantizer
from netloom.quantize.streaming import streaming
from netloom.quantize.twin import quantize
from netloom.rounding import Rounding

__all__ = [
    # from a float model to its twin
    "Policy",
    "LayerBits",
    "quantize",
    "streaming",
    "is_quantized",
    "summarize",
    "flatten",
    # model files
    "load_model",
    "save_model",
    # types and quantizers
    "FixedPoint",
    "Overflow",
    "Rounding",
    "quantizer_type",
    "relu_quantizer",
    "type_quantizer",
]
