"""An example of every layer of Keras, activation and operation that is taken: small models with weights of a seed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from netloom.quantize.layers import RecurrentDecoder

L, ops = keras.layers, keras.ops

VECTOR, STEPS, IMAGE, VOLUME = (6,), (8, 4), (4, 8, 2), (2, 4, 4, 2)


@dataclass(frozen=True)
class Example:
    """A model of one layer, or of few.

    Attributes:
        make: of the inputs, what the model gives.
        shapes: of the inputs.
        whole: the inputs are whole numbers below this; 0 if they are any.
    """

    make: Callable[..., Any]
    shapes: tuple[tuple[int, ...], ...]
    whole: int = 0

    def model(self, prefix: str) -> Any:
        """The model, with weights drawn; `prefix` begins the names of the inputs."""
        keras.utils.set_random_seed(3)
        inputs = [keras.Input(shape, name=f"{prefix}_{number}") for number, shape in enumerate(self.shapes)]
        model = keras.Model(inputs, self.make(*inputs))
        rng = np.random.default_rng(4)
        for variable in model.weights:
            if "float" in variable.dtype:
                spread = 0.2 if "variance" in variable.name else -0.7
                variable.assign(rng.uniform(spread, 0.9, variable.shape))
        return model

    def inputs(self, samples: int) -> list[np.ndarray]:
        """Values for the inputs."""
        rng = np.random.default_rng(5)
        if self.whole:
            return [rng.integers(0, self.whole, (samples, *shape)).astype(np.float32) for shape in self.shapes]
        return [rng.normal(0, 1, (samples, *shape)).astype(np.float32) for shape in self.shapes]


def of(layer: Callable[[], Any], *shapes: tuple[int, ...], whole: int = 0) -> Example:
    """A layer on its inputs."""
    return Example(lambda *x: layer()(list(x) if len(x) > 1 else x[0]), shapes, whole)


def dense_then(layer: Callable[[], Any]) -> Example:
    """A dense layer and one that is a function of its values."""
    return Example(lambda x: layer()(L.Dense(6)(x)), (VECTOR,))


def image_then(layer: Callable[[], Any]) -> Example:
    """A convolution of single pixels and a layer of images."""
    return Example(lambda x: layer()(L.Conv2D(3, 1)(x)), (IMAGE,))


def _sized(name: str, rank: int, *args: Any, **options: Any) -> Example:
    shape = (STEPS, IMAGE, VOLUME)[rank - 1]
    return of(lambda: getattr(L, f"{name}{rank}D")(*args, **options), shape)


def _ranks(name: str, *args: Any, ranks: tuple[int, ...] = (1, 2, 3), **options: Any) -> dict[str, Example]:
    return {f"{name}{rank}D": _sized(name, rank, *args, **options) for rank in ranks}


def _reversible(x: Any) -> Any:
    layer = L.ReversibleEmbedding(7, 4)
    return layer(layer(x), reverse=True)


def _recurrent(layer: Callable[[], Any]) -> Example:
    """On all steps, and read by a dense layer."""
    return Example(lambda x: L.Dense(3)(layer()(x)), (STEPS,))


LAYERS: dict[str, Example] = {
    "StackedRNNCells": _recurrent(lambda: L.RNN(L.StackedRNNCells([L.GRUCell(3), L.SimpleRNNCell(2)]))),
    "SimpleRNNCell": _recurrent(lambda: L.RNN(L.SimpleRNNCell(3, activation="softsign"))),
    "SimpleRNN": _recurrent(lambda: L.SimpleRNN(3)),
    "RNN": _recurrent(lambda: L.RNN(L.SimpleRNNCell(3, activation="relu"), return_sequences=True)),
    "LSTMCell": _recurrent(lambda: L.RNN(L.LSTMCell(3))),
    "LSTM": _recurrent(lambda: L.LSTM(3, return_sequences=True)),
    "GRUCell": _recurrent(lambda: L.RNN(L.GRUCell(3, reset_after=False), go_backwards=True)),
    "GRU": _recurrent(lambda: L.GRU(3)),
    "Bidirectional": _recurrent(lambda: L.Bidirectional(L.LSTM(3, return_sequences=True))),
    "Activation": dense_then(lambda: L.Activation("gelu")),
    "ActivityRegularization": dense_then(lambda: L.ActivityRegularization(0.1)),
    **_ranks("AdaptiveAveragePooling", 2, ranks=(1, 3)),
    "AdaptiveAveragePooling2D": of(lambda: L.AdaptiveAveragePooling2D((3, 4)), IMAGE),
    **_ranks("AdaptiveMaxPooling", 2, ranks=(1, 3)),
    "AdaptiveMaxPooling2D": of(lambda: L.AdaptiveMaxPooling2D((3, 3)), IMAGE),
    "Add": of(L.Add, VECTOR, VECTOR),
    "AdditiveAttention": of(L.AdditiveAttention, (3, 4), (2, 4)),
    "AlphaDropout": dense_then(lambda: L.AlphaDropout(0.2)),
    "Attention": of(lambda: L.Attention(use_scale=True), (3, 4), (2, 4)),
    "AugMix": image_then(L.AugMix),
    "Average": of(L.Average, VECTOR, VECTOR),
    **_ranks("AveragePooling", 2),
    "BatchNormalization": of(lambda: L.BatchNormalization(axis=1), IMAGE),
    "CategoryEncoding": of(lambda: L.CategoryEncoding(5, output_mode="multi_hot"), (3,), whole=5),
    "CenterCrop": of(lambda: L.CenterCrop(3, 4), IMAGE),
    "Concatenate": of(lambda: L.Concatenate(axis=1), STEPS, STEPS),
    **_ranks("Conv", 3, 2, padding="same", activation="relu"),
    **{
        f"Conv{rank}DTranspose": of(lambda rank=rank: getattr(L, f"Conv{rank}DTranspose")(2, 3, strides=2), shape)
        for rank, shape in ((1, STEPS), (2, (3, 3, 2)), (3, (2, 2, 2, 2)))
    },
    **_ranks("Cropping", 1, ranks=(1, 2)),
    "Cropping3D": of(lambda: L.Cropping3D((0, 1, 1)), VOLUME),
    "CutMix": image_then(L.CutMix),
    "Dense": of(lambda: L.Dense(3), VECTOR),
    **_ranks("DepthwiseConv", 3, ranks=(1, 2)),
    "Discretization": Example(lambda x: L.Embedding(4, 3)(L.Discretization([-0.5, 0.25, 1.0])(x)), (VECTOR,)),
    "Dot": of(lambda: L.Dot(axes=(2, 1), normalize=True), (3, 4), (4, 2)),
    "Dropout": dense_then(lambda: L.Dropout(0.2)),
    "ELU": dense_then(lambda: L.ELU(0.5)),
    "EinsumDense": of(lambda: L.EinsumDense("abc,cde->abde", (3, 2, 3), bias_axes="de"), (3, 4)),
    "Embedding": of(lambda: L.Embedding(11, 3), (5,), whole=11),
    "Flatten": image_then(L.Flatten),
    "GaussianDropout": dense_then(lambda: L.GaussianDropout(0.2)),
    "GaussianNoise": dense_then(lambda: L.GaussianNoise(0.2)),
    **_ranks("GlobalAveragePooling", keepdims=True),
    **_ranks("GlobalMaxPooling"),
    "GroupNormalization": of(lambda: L.GroupNormalization(2), STEPS),
    "GroupedQueryAttention": Example(lambda x: L.GroupQueryAttention(2, 4, 2)(x, x), ((3, 4),)),
    "Identity": dense_then(L.Identity),
    "IntegerLookup": of(
        lambda: L.IntegerLookup(vocabulary=[7, 2, 9], output_mode="multi_hot", num_oov_indices=1), (5,), whole=12
    ),
    "InputLayer": dense_then(L.ReLU),
    "LayerNormalization": of(lambda: L.LayerNormalization(axis=(1, 2)), (3, 4)),
    "LeakyReLU": dense_then(lambda: L.LeakyReLU(0.125)),
    "Masking": Example(lambda x: L.Dense(3)(L.LSTM(3, return_sequences=True)(L.Masking()(x))), ((8, 1),), whole=3),
    "MaxNumBoundingBoxes": image_then(lambda: L.MaxNumBoundingBoxes(3)),
    **_ranks("MaxPooling", 2),
    "Maximum": of(L.Maximum, VECTOR, VECTOR),
    "Minimum": of(L.Minimum, VECTOR, VECTOR),
    "MelSpectrogram": of(lambda: L.MelSpectrogram(8, 4, num_mel_bins=3, sampling_rate=100, power_to_db=False), (24,)),
    "MixUp": image_then(L.MixUp),
    "MultiHeadAttention": Example(lambda x: L.MultiHeadAttention(2, 2)(x, x, use_causal_mask=True), ((3, 4),)),
    "Multiply": of(L.Multiply, STEPS, (8, 1)),
    "Normalization": of(lambda: L.Normalization(mean=[0.5] * 6, variance=[2.0] * 6), VECTOR),
    "PReLU": dense_then(L.PReLU),
    "Permute": of(lambda: L.Permute((2, 1)), STEPS),
    "Pipeline": of(lambda: L.Pipeline([L.Rescaling(0.5), L.RandomFlip()]), IMAGE),
    "RMSNormalization": of(lambda: L.RMSNormalization(axis=(1, 2)), STEPS),
    "RandAugment": image_then(L.RandAugment),
    **{
        f"Random{name}": image_then(lambda name=name, args=args: getattr(L, f"Random{name}")(*args))
        for name, *args in (
            ("Brightness", 0.2),
            ("ColorDegeneration", 0.2),
            ("ColorJitter",),
            ("Contrast", 0.2),
            ("Crop", 3, 5),
            ("ElasticTransform",),
            ("Erasing",),
            ("Flip",),
            ("GaussianBlur",),
            ("Grayscale",),
            ("Hue", 0.2),
            ("Invert",),
            ("Perspective",),
            ("Posterization", 4),
            ("Rotation", 0.2),
            ("Saturation", 0.2),
            ("Sharpness", 0.2),
            ("Shear", 0.2, 0.2),
            ("Translation", 0.2, 0.2),
            ("Zoom", 0.2),
        )
    },
    "ReLU": dense_then(lambda: L.ReLU(2.0, 0.25, 0.5)),
    "RepeatVector": of(lambda: L.RepeatVector(3), VECTOR),
    "Rescaling": of(lambda: L.Rescaling(0.5, -1.0), STEPS),
    "Reshape": dense_then(lambda: L.Reshape((3, 2))),
    "Resizing": of(lambda: L.Resizing(3, 9), IMAGE),
    "ReversibleEmbedding": Example(_reversible, ((4,),), 7),
    "STFTSpectrogram": of(lambda: L.STFTSpectrogram("log", 8, 4), (24, 1)),
    **_ranks("SeparableConv", 3, 3, ranks=(1, 2)),
    "Softmax": of(lambda: L.Softmax(axis=(1, 2)), (2, 3)),
    "Solarization": image_then(L.Solarization),
    "SpatialDropout1D": Example(lambda x: L.SpatialDropout1D(0.2)(L.Conv1D(2, 1)(x)), (STEPS,)),
    "SpatialDropout2D": image_then(lambda: L.SpatialDropout2D(0.2)),
    "SpatialDropout3D": Example(lambda x: L.SpatialDropout3D(0.2)(L.Conv3D(2, 1)(x)), (VOLUME,)),
    "SpectralNormalization": of(lambda: L.SpectralNormalization(L.Dense(3)), VECTOR),
    "Subtract": of(L.Subtract, VECTOR, VECTOR),
    "TimeDistributed": of(lambda: L.TimeDistributed(L.Dense(3)), STEPS),
    "UnitNormalization": of(lambda: L.UnitNormalization(axis=1), STEPS),
    "UpSampling1D": of(L.UpSampling1D, STEPS),
    "UpSampling2D": of(lambda: L.UpSampling2D(2, interpolation="bicubic"), IMAGE),
    "UpSampling3D": of(L.UpSampling3D, (2, 2, 2, 2)),
    **_ranks("ZeroPadding", 1),
}
"""By the name of the layer."""

ACTIVATIONS: dict[str, Example] = {
    name: dense_then(lambda name=name: L.Activation(name))
    for name in (
        "celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_tanh leaky_relu linear log_sigmoid "
        "log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus "
        "sparse_sigmoid squareplus tanh tanh_shrink"
    ).split()
}
"""By their names in `keras.activations`."""


def _channels_first(x: Any) -> Any:
    first = {"data_format": "channels_first"}
    y = L.ReLU()(L.BatchNormalization(axis=1)(L.Conv2D(4, 3, padding="same", **first)(x)))
    y = L.MaxPooling2D(2, **first)(L.DepthwiseConv2D(2, activation="relu", **first)(y))
    return L.Dense(3)(L.Flatten(**first)(L.SeparableConv2D(3, 2, **first)(y)))


def _on(shape: tuple[int, ...], compute: Callable[..., Any], inputs: int = 1) -> Example:
    return Example(compute, (shape,) * inputs)


OPERATIONS: dict[str, Example] = {
    "sum": _on(STEPS, lambda x: ops.sum(x, axis=1)),
    "mean": _on(STEPS, lambda x: ops.mean(x, axis=-1, keepdims=True)),
    "argmax": _on((3, 4), lambda x: L.Embedding(4, 2)(ops.argmax(x, axis=2))),
    "max": _on(IMAGE, lambda x: ops.max(x, axis=(1, 3))),
    "any": _on(STEPS, lambda x: ops.cast(ops.any(x > 0.5, axis=-1), "float32")),
    "min": _on(STEPS, lambda x: ops.amin(x, axis=1)),
    "var": _on(STEPS, lambda x: ops.var(x, axis=-1)),
    "matmul with a constant": _on(STEPS, lambda x: ops.matmul(np.eye(8, dtype=np.float32)[:4], x)),
    "matmul": _on((4, 4), ops.matmul, 2),
    "einsum": _on((3, 4), lambda x, y: ops.einsum("bij,bij->bi", x, y), 2),
    "split": _on(STEPS, lambda x: ops.add(*ops.split(x, 2, axis=1))),
    "pad": _on(STEPS, lambda x: ops.pad(x, ((0, 0), (1, 2), (0, 1)))),
    "slices": _on(IMAGE, lambda x: x[:, ::2, 1:5:3, ::-1]),
    "squeeze and expand_dims": _on((6, 1), lambda x: ops.relu(ops.expand_dims(ops.squeeze(x, 2), 1))),
    "reshape and transpose": _on(IMAGE, lambda x: ops.transpose(ops.reshape(x, (-1, 16, 4)), (0, 2, 1))),
    "stack, flip, roll, repeat, take": _on(
        STEPS,
        lambda x: ops.stack(
            [ops.flip(x, axis=1), ops.roll(x, 1, axis=2), ops.repeat(ops.take(x, [1, 5, 2, 2], axis=1), 2, 1)],
            axis=1,
        ),
    ),
    "functions": _on(VECTOR, lambda x: ops.sqrt(ops.clip(x, 0.25, 2)) + ops.sin(x) ** 2),
    "a / b": _on(VECTOR, lambda x, y: x / (ops.relu(y) + 1.0), 2),
    "layers of data_format='channels_first'": _on((2, 5, 6), lambda x: _channels_first(x)),
    "normalizations of axes in the middle": _on(
        (3, 4, 2), lambda x: L.GroupNormalization(2, axis=2)(L.UnitNormalization(axis=(1, 2))(x))
    ),
    "TimeDistributed of others": _on(
        (2, 6, 6), lambda x: L.TimeDistributed(L.Conv1D(2, 3, data_format="channels_first", activation="glu"))(x)
    ),
    "EinsumDense of weights by place": _on(
        (3, 4), lambda x: L.EinsumDense("abc,bcd->adb", (2, 3), activation="relu", bias_axes="b")(x)
    ),
    "comparisons and where": _on(
        VECTOR,
        lambda x, y: (
            ops.where(ops.logical_and(x > y, ops.logical_not(y >= 0.5)), x, 0.25 * y)
            + ops.cast(ops.logical_or(ops.not_equal(x, 0), y < 1), "float32")
            + ops.where(x % 2.0 <= 1.0, -1.0, x // 0.5)
        ),
        2,
    ),
    "cast to int, one_hot": Example(lambda x: ops.one_hot(ops.cast(x / 2.0, "int32"), 4), ((3,),), whole=8),
    "std, norm": _on(STEPS, lambda x: ops.std(x, axis=1) - ops.norm(x, axis=1)),
    "norm of other orders": _on(STEPS, lambda x: ops.norm(x, ord=1, axis=1) - ops.norm(x, ord=np.inf, axis=1)),
    "logsumexp": _on(STEPS, lambda x: ops.logsumexp(x, axis=1)),
    "cumsum, prod": _on((3, 4), lambda x: ops.prod(ops.cumsum(x, axis=1), axis=1)),
    "conv, max_pool, average_pool": _on(
        IMAGE,
        lambda x: (
            ops.max_pool(ops.conv(x, np.linspace(-1, 1, 24).reshape(2, 2, 2, 3).astype("f"), padding="same"), 2)
            + ops.average_pool(
                ops.depthwise_conv(ops.pad(x, ((0, 0), (0, 0), (0, 0), (0, 1))), np.full((1, 2, 3, 1), 0.75, "f"), 1),
                2,
                strides=2,
                padding="same",
            )
        ),
    ),
    "image.resize": _on(IMAGE, lambda x: ops.image.resize(x, (3, 5))),
    "take_along_axis": _on((5, 3), lambda x: ops.take_along_axis(x, ops.expand_dims(ops.argmax(x, axis=1), 2), axis=1)),
    "a decoder (RecurrentDecoder)": _on(
        (5,), lambda x: RecurrentDecoder(L.Embedding(6, 3), L.GRU(5), L.Dense(6), steps=4, start=1, stop=2)(x)
    ),
    "a constant an element": _on(STEPS, lambda x: x + np.linspace(-1, 1, 32, dtype=np.float32).reshape(8, 4)),
}
"""By what they are, of `keras.ops`."""
