"""Keras layers of netloom's own: they compute as the firmware does, with its very tables, and train. Needs Keras."""

from netloom.quantize.layers.softmax import QSoftmax

__all__ = ["QSoftmax"]
