"""Small float networks as users write them: what people bring to hls4ml's tracker, each in a few lines.

Untrained, with weights of a seed; the data are drawn. `take` brings one of them all the way to the simulated hardware.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import netloom
from netloom.errors import NetloomError
from netloom.pipeline import rundir
from netloom.pipeline.evaluation.simulation import Simulation
from netloom.pipeline.hardware import HardwareRun

BOARD = "ULX3S-85F"
BITS = 6
TRAINING, TESTS, IN_HARDWARE = 48, 12, 3


@dataclass(frozen=True)
class Brought:
    """A user's model.

    Attributes:
        build: makes the float Keras model.
        suffix: of the file it is saved to and given as; empty for a model in memory.
        shapes: of its inputs, where it leaves sizes open.
        integers: whether its data are whole numbers from 0 to 255.
    """

    build: Callable[[], Any]
    suffix: str = ""
    shapes: tuple[tuple[int, ...], ...] | None = None
    integers: bool = False


@dataclass(frozen=True)
class Taken:
    """How far a model went.

    Attributes:
        mismatches: values that differ, out of how many, by what `fixed` was held against: quantized, csim, rtl.
        error: what ended it; empty if nothing did.
    """

    mismatches: dict[str, tuple[int, int]]
    error: str = ""

    @property
    def equal(self) -> bool:
        """Whether it went all the way, without a difference."""
        return not self.error and all(wrong == 0 < of for wrong, of in self.mismatches.values())


def take(name: str, folder: Path, hardware: bool = True, csim: bool = True) -> Taken:
    """Quantize, convert and simulate a model of the zoo in every way, in `folder`."""
    import keras

    keras.utils.set_random_seed(1)
    brought = USER_ZOO[name]
    model = brought.build()
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "data.npz", **drawn(model, brought))
    given: Any = model
    if brought.suffix:
        given = folder / f"mine{brought.suffix}"
        model.save(given)
    board = netloom.HardwareSettings(
        board=BOARD, rtl_samples=IN_HARDWARE, stalled_samples=1, netlist_samples=0, design_seconds=5
    )
    settings = netloom.RunSettings(
        bits=BITS, fine_tune_epochs=0, csim=csim, trace_samples=4, hardware=board if hardware else None
    )
    try:
        run = netloom.run(
            given,
            data=folder / "data.npz",
            input_shapes=brought.shapes,
            settings=settings,
            directory=folder / "run",
            until="rtl" if hardware else "simulate",
        )
    except NetloomError as error:
        return Taken(_recorded(folder / "run", name), f"{type(error).__name__}: {error}")
    return Taken(_recorded(run.directory, name))


def drawn(model: Any, brought: Brought) -> dict[str, np.ndarray]:
    """`x_train` and `x_test`, `x_train/NAME` where there are several inputs: 0 to 255, or around 0."""
    rng = np.random.default_rng(2)
    found = {}
    named = {tensor.name: tensor.shape[1:] for tensor in getattr(model, "inputs", [])}
    if brought.shapes:
        named = dict(zip(named or ["x"], brought.shapes, strict=True))
    for name, shape in named.items():
        for part, samples in (("x_train", TRAINING), ("x_test", TESTS)):
            size = (samples, *shape)
            values = rng.integers(0, 256, size) if brought.integers else rng.normal(0, 1, size).astype(np.float32)
            found[f"{part}/{name}" if len(named) > 1 else part] = values
    return found


AVERAGES = ("squeeze-excite", "inception")
"""Models with an average over 36, whose remainder `quantized` has and the firmware drops before it is quantized."""


def _recorded(directory: Path, model: str) -> dict[str, tuple[int, int]]:
    """Mismatches of `fixed` with the engines that ran, of the network's output and of every layer."""
    records = list(Simulation.load(directory).fidelity) if (directory / rundir.SIMULATION).exists() else []
    if (directory / rundir.RTL).exists():
        found = HardwareRun.load(directory / rundir.RTL)
        records += [one for one in (found.fidelity, found.stalled) if one is not None]
    mismatches: dict[str, tuple[int, int]] = {}
    for record in records:
        if "fixed" in record.engines:
            (other,) = (name for name in record.engines if name != "fixed")
            wrong, of = mismatches.get(other, (0, 0))
            layers = other != "quantized" or model not in AVERAGES
            mismatches[other] = (
                wrong + record.mismatches + layers * (record.layer_mismatches or 0),
                of + record.elements + layers * (record.layer_elements or 0),
            )
    return mismatches


def _layers() -> Any:
    import keras

    return keras.layers


def _dense(*after: str | Callable[[], Any], units: int = 6, last: Any = None) -> Callable[[], Any]:
    """input 5 -> Dense -> what is given -> Dense 3."""

    def build() -> Any:
        import keras

        L = keras.layers
        made = [L.Activation(one) if isinstance(one, str) else one() for one in after]
        return keras.Sequential([keras.Input((5,)), L.Dense(units), *made, L.Dense(3, activation=last)])

    return build


def _sequence(*build_layers: Callable[[Any], Any], shape: tuple[int | None, ...]) -> Callable[[], Any]:
    """A `Sequential` of layers, each from `keras.layers`."""

    def build() -> Any:
        import keras

        return keras.Sequential([keras.Input(shape), *(make(keras.layers) for make in build_layers)])

    return build


def _functional(
    body: Callable[..., Any], *shapes: tuple[int | None, ...], dtype: str | None = None, name: str | None = None
) -> Callable[[], Any]:
    """A functional model: `body` takes `keras` and the inputs, named a, b, ..."""

    def build() -> Any:
        import keras

        inputs = [keras.Input(shape, name=letter, dtype=dtype) for letter, shape in zip("abc", shapes, strict=False)]
        return keras.Model(inputs if len(inputs) > 1 else inputs[0], body(keras, *inputs), name=name)

    return build


def _squeeze_excite(keras: Any, x: Any) -> Any:
    L = keras.layers
    x = L.Conv2D(4, 3, padding="same", activation="relu")(x)
    s = L.Dense(2, activation="relu")(L.GlobalAveragePooling2D()(x))
    s = L.Reshape((1, 1, 4))(L.Dense(4, activation="sigmoid")(s))
    return L.Dense(3)(L.GlobalAveragePooling2D()(L.Multiply()([x, s])))


def _residual(keras: Any, x: Any) -> Any:
    L = keras.layers
    x = L.Conv2D(4, 3, padding="same")(x)
    y = L.ReLU()(L.BatchNormalization()(L.Conv2D(4, 3, padding="same")(x)))
    y = L.BatchNormalization()(L.Conv2D(4, 3, padding="same")(y))
    return L.Dense(3)(L.Flatten()(L.MaxPooling2D()(L.ReLU()(L.add([x, y])))))


def _unet(keras: Any, x: Any) -> Any:
    L = keras.layers
    a = L.Conv2D(3, 3, padding="same", activation="relu")(x)
    b = L.Conv2D(4, 3, padding="same", activation="relu")(L.MaxPooling2D()(a))
    up = L.Conv2DTranspose(3, 2, strides=2)(b)
    y = L.Conv2D(3, 3, padding="same", activation="relu")(L.Concatenate()([a, up]))
    return L.Conv2D(1, 1, activation="sigmoid")(y)


def _inception(keras: Any, x: Any) -> Any:
    L = keras.layers
    one = L.Conv2D(2, 1, padding="same", activation="relu")(x)
    three = L.Conv2D(2, 3, padding="same", activation="relu")(L.Conv2D(2, 1, activation="relu")(x))
    five = L.Conv2D(2, 5, padding="same", activation="relu")(x)
    pool = L.Conv2D(2, 1, activation="relu")(L.MaxPooling2D(3, strides=1, padding="same")(x))
    return L.Dense(3)(L.GlobalAveragePooling2D()(L.concatenate([one, three, five, pool])))


def _two_inputs(keras: Any, a: Any, b: Any) -> Any:
    L = keras.layers
    y = L.Concatenate()([L.Dense(4, activation="relu")(a), L.Flatten()(L.Conv1D(2, 3, activation="relu")(b))])
    return L.Dense(2)(y)


def _two_outputs(keras: Any, a: Any) -> Any:
    L = keras.layers
    y = L.Dense(6, activation="relu")(a)
    return [L.Dense(3, name="kind")(y), L.Dense(1, name="size")(y)]


def _nested(keras: Any, a: Any) -> Any:
    L = keras.layers
    encoder = keras.Sequential([keras.Input((5,)), L.Dense(4, activation="relu"), L.Dense(2)], name="encoder")
    decoder = keras.Sequential([keras.Input((2,)), L.Dense(4, activation="relu"), L.Dense(5)], name="decoder")
    return decoder(encoder(a))


def _siamese(keras: Any, a: Any, b: Any) -> Any:
    L = keras.layers
    shared = L.Dense(4, activation="relu", name="shared")
    return L.Dense(1)(L.Subtract()([shared(a), shared(b)]))


def _subclassed() -> Any:
    import keras

    class Mine(keras.Model):
        def __init__(self) -> None:
            super().__init__(name="mine")
            self.first = keras.layers.Dense(5)
            self.act = keras.layers.ReLU()
            self.last = keras.layers.Dense(3)

        def call(self, x: Any) -> Any:
            return self.last(self.act(self.first(x) + x) * 0.5)

    return Mine()


def _average(keras: Any, a: Any) -> Any:
    L = keras.layers
    return L.Dense(2)(L.Average()([L.Dense(4, activation="relu")(a), L.Dense(4, activation="tanh")(a)]))


def _broadcast(keras: Any, a: Any) -> Any:
    L = keras.layers
    weight = L.Dense(1, activation="sigmoid")(a)
    return L.Dense(2)(L.Flatten()(L.Multiply()([L.Conv1D(4, 1)(a), weight])))


def _arithmetic(keras: Any, a: Any) -> Any:
    L = keras.layers
    x, y = L.Dense(4)(a), L.Dense(4, activation="relu")(a)
    return L.Dense(2)(keras.ops.maximum(x + y * 0.5 - 1.0, x))


def _odd_names(keras: Any, a: Any) -> Any:
    L = keras.layers
    return L.Dense(2, name="the end")(L.Dense(4, activation="relu", name="first layer (new)")(a))


def _mixed() -> Any:
    import keras

    L = keras.layers
    half = keras.DTypePolicy("mixed_float16")
    return keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            L.Conv2D(3, 3, activation="relu", dtype=half),
            L.Flatten(),
            L.Dense(3, dtype=half),
            L.Activation("softmax", dtype="float32"),
        ]
    )


def _normalized() -> Any:
    import keras

    L = keras.layers
    normalization = L.Normalization(mean=[0.5, -1.0, 0.0, 2.0], variance=[1.0, 2.0, 0.5, 1.0])
    return keras.Sequential([keras.Input((4,)), normalization, L.Dense(6, activation="relu"), L.Dense(2)])


def _classifier(keras: Any, a: Any) -> Any:
    L = keras.layers
    y = L.Flatten()(L.MaxPooling2D()(L.Conv2D(3, 3, activation="relu")(L.Rescaling(1 / 255)(a))))
    return L.Dense(3, activation="softmax")(L.Dropout(0.3)(y))


def _highway(keras: Any, a: Any) -> Any:
    L = keras.layers
    gate, y = L.Dense(5, activation="sigmoid")(a), L.Dense(5, activation="relu")(a)
    return L.Dense(2)(gate * y + (1 - gate) * a)


def _mobile(keras: Any, x: Any) -> Any:
    L = keras.layers
    x = L.ReLU(6.0)(L.BatchNormalization()(L.Conv2D(4, 3, strides=2, padding="same", use_bias=False)(x)))
    y = L.ReLU(6.0)(L.BatchNormalization()(L.Conv2D(8, 1, use_bias=False)(x)))
    y = L.ReLU(6.0)(L.BatchNormalization()(L.DepthwiseConv2D(3, padding="same", use_bias=False)(y)))
    y = L.BatchNormalization()(L.Conv2D(4, 1, use_bias=False)(y))
    return L.Dense(3)(L.GlobalAveragePooling2D()(x + y))


USER_ZOO: dict[str, Brought] = {
    "LeakyReLU": Brought(_dense(lambda: _layers().LeakyReLU(0.1))),
    "PReLU": Brought(_dense(lambda: _layers().PReLU(alpha_initializer="random_uniform"))),
    "ELU": Brought(_dense(lambda: _layers().ELU(0.7))),
    "SELU with AlphaDropout": Brought(_dense("selu", lambda: _layers().AlphaDropout(0.1))),
    "SiLU": Brought(_dense("silu")),
    "GELU": Brought(_dense("gelu")),
    "Mish": Brought(_dense("mish")),
    "softplus and softsign": Brought(_dense("softplus", lambda: _layers().Dense(4, activation="softsign"))),
    "hard_sigmoid": Brought(_dense("hard_sigmoid")),
    "hard_silu": Brought(_dense("hard_silu")),
    "ReLU6 with a slope": Brought(_dense(lambda: _layers().ReLU(6.0, negative_slope=0.125))),
    "exponential": Brought(_dense("exponential")),
    "softmax last": Brought(_dense("relu", last="softmax")),
    "Softmax layer last": Brought(_sequence(lambda L: L.Dense(3), lambda L: L.Softmax(), shape=(5,))),
    "sigmoid last": Brought(_dense("relu", last="sigmoid")),
    "tanh inside": Brought(_dense("tanh")),
    "one logit": Brought(
        _sequence(lambda L: L.Dense(4, activation="relu"), lambda L: L.Dense(1, activation="sigmoid"), shape=(5,))
    ),
    "batch normalization first": Brought(
        _sequence(lambda L: L.BatchNormalization(), lambda L: L.Dense(4, activation="relu"), shape=(5,))
    ),
    "grouped convolution": Brought(
        _sequence(
            lambda L: L.Conv2D(4, 3, groups=2, activation="relu"),
            lambda L: L.Flatten(),
            lambda L: L.Dense(3),
            shape=(6, 6, 4),
        )
    ),
    "transposed convolution": Brought(
        _sequence(
            lambda L: L.Conv2DTranspose(3, 3, strides=2, padding="same", activation="relu"),
            lambda L: L.Conv2D(1, 3, padding="same"),
            shape=(4, 4, 2),
        )
    ),
    "transposed convolution, 1-D": Brought(
        _sequence(lambda L: L.Conv1DTranspose(3, 4, strides=2), lambda L: L.Conv1D(1, 3), shape=(5, 2))
    ),
    "dilated and causal (TCN)": Brought(
        _sequence(
            lambda L: L.Conv1D(3, 3, padding="causal", activation="relu"),
            lambda L: L.Conv1D(3, 3, padding="causal", dilation_rate=2, activation="relu"),
            lambda L: L.GlobalAveragePooling1D(),
            lambda L: L.Dense(2),
            shape=(8, 2),
        )
    ),
    "dilated, 2-D": Brought(
        _sequence(lambda L: L.Conv2D(2, 3, dilation_rate=2), lambda L: L.GlobalMaxPooling2D(), shape=(8, 8, 1))
    ),
    "depthwise, 1-D": Brought(
        _sequence(
            lambda L: L.DepthwiseConv1D(3, padding="same", activation="relu"), lambda L: L.Conv1D(4, 1), shape=(8, 3)
        )
    ),
    "depthwise, multiplied": Brought(
        _sequence(
            lambda L: L.DepthwiseConv2D(3, depth_multiplier=2, activation="relu"),
            lambda L: L.GlobalAveragePooling2D(),
            lambda L: L.Dense(2),
            shape=(6, 6, 2),
        )
    ),
    "separable": Brought(
        _sequence(
            lambda L: L.SeparableConv2D(4, 3, activation="relu"),
            lambda L: L.AveragePooling2D(2),
            lambda L: L.Flatten(),
            lambda L: L.Dense(2),
            shape=(6, 6, 2),
        )
    ),
    "separable, 1-D": Brought(
        _sequence(
            lambda L: L.SeparableConv1D(4, 3, padding="same", activation="relu"),
            lambda L: L.GlobalAveragePooling1D(),
            shape=(8, 2),
        )
    ),
    "TimeDistributed": Brought(
        _sequence(
            lambda L: L.TimeDistributed(L.Conv1D(2, 3, activation="relu")),
            lambda L: L.TimeDistributed(L.Flatten()),
            lambda L: L.TimeDistributed(L.Dense(3)),
            shape=(3, 5, 2),
        )
    ),
    "Normalization": Brought(_normalized),
    "Rescaling of bytes": Brought(_functional(_classifier, (8, 8, 1), dtype="uint8"), integers=True),
    "squeeze-excite": Brought(_functional(_squeeze_excite, (6, 6, 2))),
    "residual": Brought(_functional(_residual, (6, 6, 2))),
    "MobileNet block": Brought(_functional(_mobile, (8, 8, 3))),
    "U-Net": Brought(_functional(_unet, (8, 8, 1))),
    "inception": Brought(_functional(_inception, (6, 6, 3))),
    "autoencoder": Brought(
        _sequence(
            lambda L: L.Conv2D(3, 3, strides=2, padding="same", activation="relu"),
            lambda L: L.Conv2D(2, 3, strides=2, padding="same", activation="relu"),
            lambda L: L.UpSampling2D(2),
            lambda L: L.Conv2D(3, 3, padding="same", activation="relu"),
            lambda L: L.UpSampling2D(2, interpolation="bilinear"),
            lambda L: L.Conv2D(1, 3, padding="same", activation="sigmoid"),
            shape=(8, 8, 1),
        )
    ),
    "two inputs": Brought(_functional(_two_inputs, (4,), (6, 1))),
    "two outputs": Brought(_functional(_two_outputs, (5,))),
    "nested Sequential": Brought(_functional(_nested, (5,)), suffix=".keras"),
    "shared layer (siamese)": Brought(_functional(_siamese, (4,), (4,))),
    "subclassed": Brought(_subclassed, shapes=((5,),)),
    "Average": Brought(_functional(_average, (5,))),
    "broadcast over channels": Brought(_functional(_broadcast, (5, 2))),
    "a + b * 0.5 - 1": Brought(_functional(_arithmetic, (5,))),
    "highway, 1 - gate": Brought(_functional(_highway, (5,))),
    "Conv3D": Brought(
        _sequence(
            lambda L: L.Conv3D(3, 3, activation="relu"),
            lambda L: L.MaxPooling3D(2),
            lambda L: L.Flatten(),
            lambda L: L.Dense(2),
            shape=(4, 6, 6, 1),
        )
    ),
    ".h5 file": Brought(
        _sequence(
            lambda L: L.Conv1D(3, 3, strides=2),
            lambda L: L.BatchNormalization(),
            lambda L: L.ReLU(),
            lambda L: L.MaxPooling1D(2),
            lambda L: L.Flatten(),
            lambda L: L.Dense(3, activation="softmax"),
            shape=(12, 2),
        ),
        suffix=".h5",
    ),
    "open sizes": Brought(
        _sequence(
            lambda L: L.Conv2D(3, 3, activation="relu"),
            lambda L: L.GlobalMaxPooling2D(),
            lambda L: L.Dense(2),
            shape=(None, None, 1),
        ),
        suffix=".keras",
        shapes=((7, 6, 1),),
    ),
    "mixed precision": Brought(_mixed),
    "names with spaces": Brought(_functional(_odd_names, (5,), name="my model")),
    "padding and cropping": Brought(
        _sequence(
            lambda L: L.ZeroPadding2D(((1, 0), (0, 2))),
            lambda L: L.Conv2D(2, 3, activation="relu"),
            lambda L: L.Cropping2D(1),
            lambda L: L.AveragePooling2D(2, strides=1, padding="same"),
            lambda L: L.Permute((2, 1, 3)),
            lambda L: L.Flatten(),
            lambda L: L.Dense(2),
            shape=(7, 6, 1),
        )
    ),
    "RepeatVector": Brought(
        _sequence(
            lambda L: L.Dense(3, activation="relu"),
            lambda L: L.RepeatVector(4),
            lambda L: L.Conv1D(2, 3, padding="same"),
            shape=(5,),
        )
    ),
}
