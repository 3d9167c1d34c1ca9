"""The four architectures of MLPerf Tiny, untrained, quantized to 8 bits on random data: for time, not for accuracy.

Banbury et al., "MLPerf Tiny Benchmark", NeurIPS 2021: anomaly detection (a dense autoencoder), keyword spotting
(DS-CNN), image classification (ResNet-8), visual wake words (MobileNet, a quarter as wide). Batch normalizations are
left out: they fold into the layer before.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from netloom.hls import Conversion, HlsSettings, convert
from netloom.quantize import Policy, quantize

BITS = 8


def anomaly_detection() -> Any:
    """640-128-128-128-128-8-128-128-128-128-640."""
    import keras

    hidden = (128, 128, 128, 128, 8, 128, 128, 128, 128)
    layers = [keras.layers.Dense(units, activation="relu") for units in hidden]
    return keras.Sequential([keras.Input((640,)), *layers, keras.layers.Dense(640)])


def keyword_spotting() -> Any:
    """DS-CNN: 49x10x1 -> 64 channels, four depthwise separable blocks, 12 classes."""
    import keras

    layers = [keras.layers.Conv2D(64, (10, 4), strides=2, padding="same", activation="relu")]
    for _ in range(4):
        layers += [
            keras.layers.DepthwiseConv2D(3, padding="same", activation="relu"),
            keras.layers.Conv2D(64, 1, activation="relu"),
        ]
    layers += [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(12)]
    return keras.Sequential([keras.Input((49, 10, 1)), *layers])


def image_classification() -> Any:
    """ResNet-8 on 32x32x3, 10 classes."""
    import keras

    conv = keras.layers.Conv2D
    inputs = keras.Input((32, 32, 3))
    x = conv(16, 3, padding="same", activation="relu")(inputs)
    for channels, stride in ((16, 1), (32, 2), (64, 2)):
        y = conv(channels, 3, strides=stride, padding="same", activation="relu")(x)
        y = conv(channels, 3, padding="same")(y)
        if stride > 1:
            x = conv(channels, 1, strides=stride, padding="same")(x)
        x = keras.layers.Activation("relu")(keras.layers.Add()([x, y]))
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, keras.layers.Dense(10)(x))


def visual_wake_words() -> Any:
    """MobileNetV1 with a quarter of the channels, on 96x96x3, two classes."""
    import keras

    layers = [keras.layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")]
    strides = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)
    channels = (16, 32, 32, 64, 64, 128, 128, 128, 128, 128, 128, 256, 256)
    for stride, width in zip(strides, channels, strict=True):
        layers += [
            keras.layers.DepthwiseConv2D(3, strides=stride, padding="same", activation="relu"),
            keras.layers.Conv2D(width, 1, activation="relu"),
        ]
    layers += [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(2)]
    return keras.Sequential([keras.Input((96, 96, 3)), *layers])


MLPERF_TINY: dict[str, Callable[[], Any]] = {
    "anomaly detection": anomaly_detection,
    "keyword spotting": keyword_spotting,
    "image classification": image_classification,
    "visual wake words": visual_wake_words,
}


def converted(name: str, directory: Path) -> Conversion:
    """One of them as firmware, its weights those of seed 0."""
    import keras

    keras.utils.set_random_seed(0)
    model = MLPERF_TINY[name]()
    samples = np.random.default_rng(0).uniform(0, 1, (64, *model.input_shape[1:])).astype(np.float32)
    twin = quantize(model, Policy.uniform(BITS), samples, fine_tune_epochs=0)
    return convert(twin, HlsSettings(io_type="io_stream"), directory)
