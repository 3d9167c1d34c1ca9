"""Functions of quantized cells: tables of the real ones, and hard ones that are counted."""

from qkeras import quantized_bits, quantized_sigmoid, quantized_tanh

from netloom.quantize.layers import QuantizedFunction


def bits(width=6, integer=1, **options):
    return quantized_bits(width, integer, alpha=1, **options)


def table(function, integer, signed):
    return QuantizedFunction(function, bits(9, integer), bits(8, 0, keep_negative=signed))


TABLES = {"activation": lambda: table("tanh", 2, True), "recurrent_activation": lambda: table("sigmoid", 3, False)}
HARD = {"activation": lambda: quantized_tanh(7), "recurrent_activation": lambda: quantized_sigmoid(6)}
