"""Quantization: a Keras model to its QKeras twin, and the fixed-point type of every stage after."""
