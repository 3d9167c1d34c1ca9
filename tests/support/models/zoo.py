"""A few networks that together hold every supported layer, converted and run in C++ once for all tests.

Workers of pytest-xdist share them through a folder: whoever comes first builds, the others wait.
"""

import fcntl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

SAMPLES = 64


@dataclass(frozen=True)
class Specimen:
    """A converted network with what hls4ml's C++ made of random inputs.

    Attributes:
        conversion: the loaded firmware.
        inputs: one array an input.
        outputs: of the C++, one array an output.
        trace: {layer: result} of the C++.
    """

    conversion: Any
    inputs: list[np.ndarray]
    outputs: list[np.ndarray]
    trace: dict[str, np.ndarray]


def build_once(folder: Path, build: Callable[[Path], None]) -> Path:
    """A folder filled by `build`, once for all processes."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder.with_suffix(".done")
        if not done.exists():
            folder.mkdir(exist_ok=True)
            build(folder)
            done.touch()
    return folder


def specimen(name: str, shared: Path) -> Specimen:
    """A network of the zoo, from the folder all workers share."""
    from netloom.hls import Conversion

    folder = build_once(shared / name, lambda folder: _build(name, folder))
    conversion = Conversion.load(folder / "firmware")
    with np.load(folder / "csim.npz") as arrays:
        inputs = [arrays[f"input.{i}"] for i in range(len(conversion.dataflow.sources))]
        outputs = [arrays[f"output.{i}"] for i in range(len(conversion.dataflow.outputs))]
        trace = {key.removeprefix("trace."): arrays[key] for key in arrays.files if key.startswith("trace.")}
    return Specimen(conversion, inputs, outputs, trace)


def model(name: str, shared: Path) -> Any:
    """The QKeras model of a specimen."""
    specimen(name, shared)
    from netloom.quantize import load_model

    return load_model(shared / name / "model.keras")


def _build(name: str, folder: Path) -> None:
    import keras

    from netloom.hls import HlsSettings, convert
    from netloom.models.data.examples import as_list
    from netloom.quantize import save_model
    from netloom.sim import open_engine

    build, settings = ZOO[name]
    keras.utils.set_random_seed(1)
    network = build()
    rng = np.random.default_rng(2)
    for layer in network.layers:
        if any(hasattr(layer, f"{prefix}_quantizer_internal") for prefix in ("kernel", "depthwise")):
            layer.set_weights([rng.normal(0, 0.7, weight.shape) for weight in layer.get_weights()])
    save_model(network, folder / "model.keras")
    conversion = convert(network, HlsSettings(**settings), folder / "firmware")
    inputs = random_inputs(conversion)
    with open_engine("csim", conversion=conversion) as csim:
        outputs = as_list(csim.predict(inputs))
        trace = csim.trace(inputs)
    np.savez(
        folder / "csim.npz",
        **{f"input.{i}": array for i, array in enumerate(inputs)},
        **{f"output.{i}": array for i, array in enumerate(outputs)},
        **{f"trace.{layer}": array for layer, array in trace.items()},
    )


def random_inputs(conversion: Any, samples: int = SAMPLES, seed: int = 5) -> list[np.ndarray]:
    """Inputs within the type, at its ends, between its steps and far beyond it."""
    rng = np.random.default_rng(seed)
    inputs = []
    for tensor in conversion.dataflow.sources.values():
        low, high = tensor.element.min, tensor.element.max
        x = rng.uniform(low, high, (samples, *tensor.shape))
        x[0], x[1] = low, high
        x[2:8] = np.where(rng.random(x[2:8].shape) < 0.5, low, high)
        x[8] *= 3
        inputs.append(x)
    return inputs


def bits(width: int, integer: int = 0, **options: Any) -> Any:
    """`quantized_bits` with a step that is a power of two."""
    from qkeras import quantized_bits

    return quantized_bits(width, float(integer), alpha=1, **options)


def relu(width: int, integer: int = 0, name: str | None = None) -> Any:
    """A quantized ReLU."""
    from qkeras import QActivation, quantized_relu

    return QActivation(quantized_relu(width, float(integer)), name=name)


def quant(width: int, integer: int = 0, name: str | None = None, **options: Any) -> Any:
    """A quantized identity."""
    from qkeras import QActivation

    return QActivation(bits(width, integer, **options), name=name)


def linear(width: int = 4, **options: Any) -> dict[str, Any]:
    """Quantizers of a dense or convolution layer."""
    return {"kernel_quantizer": bits(width), "bias_quantizer": bits(6, 1), **options}


def batch_norm(name: str) -> Any:
    """A batch normalization whose scale and offset lie on a grid."""
    import keras
    from qkeras import QBatchNormalization

    return QBatchNormalization(
        gamma_quantizer=bits(5),
        beta_quantizer=bits(5),
        mean_quantizer=None,
        variance_quantizer=None,
        inverse_quantizer=None,
        epsilon=2**-10,
        moving_variance_initializer=keras.initializers.Constant(1 - 2**-10),
        gamma_initializer=keras.initializers.RandomNormal(0.5, 0.3, seed=1),
        beta_initializer=keras.initializers.RandomNormal(0, 0.3, seed=2),
        name=name,
    )


def mlp() -> Any:
    """Dense layers, batch normalization, a residual addition, sigmoid, tanh and softmax."""
    import keras
    from qkeras import QDense

    x = inputs = keras.Input((9,), name="features")
    x = quant(6, 0, "input_quantizer")(x)
    x = QDense(8, **linear(), activation="quantized_relu(5,1)", name="fc1")(x)
    skip = x
    x = QDense(8, **linear(5, use_bias=False), name="fc2")(x)
    x = batch_norm("norm")(x)
    x = keras.layers.Add(name="residual")([quant(6, 0, "narrowed", symmetric=1)(x), skip])
    x = keras.layers.Activation("relu", name="plain_relu")(x)
    x = QDense(6, **linear(), name="fc3")(x)
    x = keras.layers.Activation("tanh", name="hyperbolic")(x)
    x = quant(6, 0, "halfway")(x)
    x = QDense(5, **linear(), name="fc4")(x)
    x = keras.layers.Activation("sigmoid", name="logistic")(x)
    x = quant(6, 0, "unsigned", keep_negative=False)(x)
    x = QDense(4, **linear(), name="fc5")(x)
    return keras.Model(inputs, keras.layers.Softmax(name="probabilities")(x))


def image() -> Any:
    """Convolutions of every kind, pooling of every kind, and every layer that moves pixels."""
    import keras
    from qkeras import QConv2D, QDense, QDepthwiseConv2D, QSeparableConv2D

    layers = keras.layers
    x = inputs = keras.Input((8, 8, 2), name="picture")
    x = quant(5, 0, "input_quantizer", keep_negative=False)(x)
    x = layers.ZeroPadding2D(((1, 0), (0, 1)), name="padding")(x)
    x = QConv2D(3, (3, 2), padding="same", **linear(), name="conv_same")(x)
    x = relu(4, 1, "relu1")(x)
    x = layers.Cropping2D(((0, 1), (1, 0)), name="cropping")(x)
    x = QConv2D(4, 3, strides=2, padding="same", **linear(), name="conv_strided")(x)
    x = batch_norm("norm")(x)
    x = relu(4, 1, "relu2")(x)
    x = layers.UpSampling2D(2, name="upsampling")(x)
    x = layers.MaxPooling2D(2, name="max_pooling")(x)
    x = QDepthwiseConv2D(2, depthwise_quantizer=bits(4), bias_quantizer=bits(6, 1), padding="valid", name="depthwise")(
        x
    )
    x = quant(5, 1, "quant3")(x)
    other = QConv2D(2, 1, **linear(3), name="pointwise")(x)
    x = layers.Concatenate(name="joined")([x, quant(5, 1, "quant4")(other)])
    x = QSeparableConv2D(
        4, 2, padding="same", depthwise_quantizer=bits(4), pointwise_quantizer=bits(4), bias_quantizer=bits(6, 1),
        name="separable",
    )(x)  # fmt: skip
    x = relu(5, 2, "relu5")(x)
    x = layers.Permute((2, 1, 3), name="swapped")(x)
    x = layers.AveragePooling2D((3, 2), strides=(3, 2), name="average_pooling")(x)
    x = layers.Flatten(name="flat")(x)
    return keras.Model(inputs, QDense(3, **linear(), name="scores")(x))


def sequence() -> Any:
    """The same family in one dimension, with global pooling."""
    import keras
    from qkeras import QConv1D, QDense, QSeparableConv1D

    layers = keras.layers
    x = inputs = keras.Input((12, 2), name="series")
    x = quant(6, 0, "input_quantizer")(x)
    x = layers.ZeroPadding1D((1, 2), name="padding")(x)
    x = QConv1D(3, 3, padding="valid", **linear(), name="conv_valid")(x)
    x = relu(4, 1, "relu1")(x)
    x = QConv1D(4, 2, strides=2, padding="same", **linear(), name="conv_strided")(x)
    x = quant(5, 1, "quant2")(x)
    x = layers.UpSampling1D(2, name="upsampling")(x)
    x = layers.Cropping1D((1, 1), name="cropping")(x)
    x = layers.MaxPooling1D(2, name="max_pooling")(x)
    x = QSeparableConv1D(
        4, 2, depthwise_quantizer=bits(4), pointwise_quantizer=bits(4), bias_quantizer=bits(6, 1), name="separable"
    )(x)
    x = relu(5, 1, "relu3")(x)
    x = layers.AveragePooling1D(2, name="average_pooling")(x)
    x = quant(6, 1, "quant4")(x)
    x = QDense(4, **linear(), name="at_every_step")(x)
    x = quant(6, 1, "quant5")(x)
    a = layers.GlobalMaxPooling1D(name="global_max")(x)
    b = layers.GlobalAveragePooling1D(name="global_average")(x)
    x = layers.Concatenate(name="pooled")([a, b])
    return keras.Model(inputs, QDense(3, **linear(), name="scores")(x))


def merges() -> Any:
    """Two inputs of unlike types, every merge, two outputs."""
    import keras
    from qkeras import QDense

    layers = keras.layers
    left, right = keras.Input((5,), name="left"), keras.Input((5,), name="right")
    a = quant(6, 1, "quantized_left")(left)
    b = quant(5, 0, "quantized_right", keep_negative=False)(right)
    total = layers.Add(name="total")([a, b])
    difference = layers.Subtract(name="difference")([b, a])
    grid = layers.Reshape((5, 1), name="grid")(layers.Multiply(name="product")([total, difference]))
    product = layers.Flatten(name="flat")(grid)
    most = layers.Maximum(name="most")([product, a])
    least = layers.Minimum(name="least")([product, b])
    both = layers.Concatenate(name="both")([most, least])
    scores = QDense(3, **linear(), name="scores")(both)
    return keras.Model([left, right], [scores, relu(4, 1, "rest")(difference)])


def lossy() -> Any:
    """Dense and pooling layers for types that lose bits; see `LOSSY`."""
    import keras
    from qkeras import QConv1D, QDense

    x = inputs = keras.Input((8, 2), name="series")
    x = quant(6, 0, "input_quantizer")(x)
    x = QConv1D(4, 3, **linear(), name="conv")(x)
    x = quant(5, 1, "quant1")(x)
    x = keras.layers.AveragePooling1D(2, name="average_pooling")(x)
    x = keras.layers.Flatten(name="flat")(x)
    x = QDense(6, **linear(), name="saturating")(x)
    x = quant(6, 2, "quant2")(x)
    x = QDense(6, **linear(), name="wrapping")(x)
    x = quant(6, 2, "quant3")(x)
    return keras.Model(inputs, QDense(4, **linear(), name="rounding")(x))


LOSSY = {
    "conv": {"accum": "fixed<6,1,TRN,SAT>", "result": "fixed<7,3,RND_ZERO,SAT_SYM>"},
    "average_pooling": {"accum": "fixed<7,2,RND,SAT>", "result": "fixed<6,2,RND_INF,WRAP>"},
    "saturating": {"accum": "fixed<9,3,RND_CONV,SAT>", "result": "fixed<7,3,RND_MIN_INF,SAT_ZERO>"},
    "wrapping": {"accum": "fixed<7,2>", "result": "fixed<6,3,TRN_ZERO,WRAP>"},
    "rounding": {"accum": "fixed<8,2,RND,SAT_ZERO>", "result": "fixed<6,4,RND,SAT>"},
}
STREAM = {"io_type": "io_stream"}
RESOURCE = {"strategy": "Resource", "reuse_factor": 2}

ZOO: dict[str, tuple[Callable[[], Any], dict[str, Any]]] = {
    "mlp": (mlp, {}),
    "image": (image, {}),
    "image_stream": (image, STREAM),
    "sequence_stream_resource": (sequence, STREAM | RESOURCE),
    "merges": (merges, {}),
    "lossy": (lossy, {"precision": LOSSY}),
    "lossy_resource_stream": (lossy, STREAM | RESOURCE | {"precision": LOSSY}),
}
"""Networks of the quick tests: name -> how to build, settings of the conversion."""

SLOW_ZOO: dict[str, tuple[Callable[[], Any], dict[str, Any]]] = {
    "mlp_stream_resource": (mlp, STREAM | RESOURCE),
    "image_stream_resource": (image, STREAM | RESOURCE),
    "sequence": (sequence, {}),
    "lossy_resource": (lossy, RESOURCE | {"precision": LOSSY}),
}
"""The other settings of the same networks, for `make test-all`."""
ZOO |= SLOW_ZOO
