"""Users' models of some structure: branches, several inputs, models in models, files."""

from typing import Any

from brought import Brought, functional, sequence


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


USER_STRUCTURES: dict[str, Brought] = {
    "Rescaling of bytes": Brought(functional(_classifier, (8, 8, 1), dtype="uint8"), integers=True),
    "squeeze-excite": Brought(functional(_squeeze_excite, (6, 6, 2))),
    "residual": Brought(functional(_residual, (6, 6, 2))),
    "MobileNet block": Brought(functional(_mobile, (8, 8, 3))),
    "U-Net": Brought(functional(_unet, (8, 8, 1))),
    "inception": Brought(functional(_inception, (6, 6, 3))),
    "autoencoder": Brought(
        sequence(
            lambda L: L.Conv2D(3, 3, strides=2, padding="same", activation="relu"),
            lambda L: L.Conv2D(2, 3, strides=2, padding="same", activation="relu"),
            lambda L: L.UpSampling2D(2),
            lambda L: L.Conv2D(3, 3, padding="same", activation="relu"),
            lambda L: L.UpSampling2D(2, interpolation="bilinear"),
            lambda L: L.Conv2D(1, 3, padding="same", activation="sigmoid"),
            shape=(8, 8, 1),
        )
    ),
    "two inputs": Brought(functional(_two_inputs, (4,), (6, 1))),
    "two outputs": Brought(functional(_two_outputs, (5,))),
    "nested Sequential": Brought(functional(_nested, (5,)), suffix=".keras"),
    "shared layer (siamese)": Brought(functional(_siamese, (4,), (4,))),
    "subclassed": Brought(_subclassed, shapes=((5,),)),
    "Average": Brought(functional(_average, (5,))),
    "broadcast over channels": Brought(functional(_broadcast, (5, 2))),
    "a + b * 0.5 - 1": Brought(functional(_arithmetic, (5,))),
    "highway, 1 - gate": Brought(functional(_highway, (5,))),
    ".h5 file": Brought(
        sequence(
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
        sequence(
            lambda L: L.Conv2D(3, 3, activation="relu"),
            lambda L: L.GlobalMaxPooling2D(),
            lambda L: L.Dense(2),
            shape=(None, None, 1),
        ),
        suffix=".keras",
        shapes=((7, 6, 1),),
    ),
    "mixed precision": Brought(_mixed),
    "names with spaces": Brought(functional(_odd_names, (5,), name="my model")),
}
