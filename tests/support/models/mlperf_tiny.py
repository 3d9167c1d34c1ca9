"""The four networks of MLPerf Tiny, untrained, quantized on random data: for time, not for accuracy."""

from pathlib import Path

import numpy as np

from netloom.hls import Conversion, HlsSettings, convert
from netloom.models import get_network
from netloom.quantize import Policy, quantize

MLPERF_TINY = ("tiny-ad", "tiny-kws", "tiny-ic", "tiny-vww")


def converted(name: str, directory: Path) -> Conversion:
    """One of them as firmware, its weights those of seed 0."""
    network = get_network(name)
    model = network.build()
    samples = np.random.default_rng(0).uniform(0, 1, (64, *model.input_shape[1:])).astype(np.float32)
    twin = quantize(model, Policy.uniform(network.bits), samples, fine_tune_epochs=0)
    return convert(twin, HlsSettings(io_type="io_stream"), directory)
