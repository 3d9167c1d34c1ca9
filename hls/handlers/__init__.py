"""Keras-3 layer handlers that hls4ml lacks. Importing this package registers them, through hls4ml's own base class."""

from netloom.hls.handlers import activation, batch_norm, linear, spatial

__all__ = ["activation", "batch_norm", "linear", "spatial"]
