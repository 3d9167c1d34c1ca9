"""Conversion: QKeras to hls4ml's C++ project and the dataflow graph. `convert` imports hls4ml and Keras when called."""

from typing import Any

from netloom.hls.conversion import Conversion, LayerSummary
from netloom.hls.hls_settings import HlsSettings


def convert(model: Any, settings: HlsSettings, directory: Any) -> Conversion:
    """Convert a quantized model; see `netloom.hls.converter.convert_model`."""
    from netloom.hls.converter import convert_model as run

    return run(model, settings, directory)


__all__ = ["Conversion", "HlsSettings", "LayerSummary", "convert"]
