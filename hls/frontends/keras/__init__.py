"""Keras and QKeras models."""
