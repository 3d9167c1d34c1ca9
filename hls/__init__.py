"""Conversion: QKeras to hls4ml's C++ project and the dataflow graph. `convert` imports hls4ml and Keras when called."""

from typing import Any

from netloom.hls.firmware import Firmware, LayerSummary
from netloom.hls.settings import HlsSettings


def convert(model: Any, settings: HlsSettings, directory: Any) -> Firmware:
    """Convert a quantized model; see `netloom.hls.conversion.convert`."""
    from netloom.hls.conversion import convert as run

    return run(model, settings, directory)


__all__ = ["Firmware", "HlsSettings", "LayerSummary", "convert"]
