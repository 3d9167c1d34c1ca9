"""Users' models around a layer or two."""

from typing import Any

from brought import Brought, dense, keras_layers, sequence


def _normalized() -> Any:
    import keras

    L = keras.layers
    normalization = L.Normalization(mean=[0.5, -1.0, 0.0, 2.0], variance=[1.0, 2.0, 0.5, 1.0])
    return keras.Sequential([keras.Input((4,)), normalization, L.Dense(6, activation="relu"), L.Dense(2)])


USER_LAYERS: dict[str, Brought] = {
    "LeakyReLU": Brought(dense(lambda: keras_layers().LeakyReLU(0.1))),
    "PReLU": Brought(dense(lambda: keras_layers().PReLU(alpha_initializer="random_uniform"))),
    "ELU": Brought(dense(lambda: keras_layers().ELU(0.7))),
    "SELU with AlphaDropout": Brought(dense("selu", lambda: keras_layers().AlphaDropout(0.1))),
    "SiLU": Brought(dense("silu")),
    "GELU": Brought(dense("gelu")),
    "Mish": Brought(dense("mish")),
    "softplus and softsign": Brought(dense("softplus", lambda: keras_layers().Dense(4, activation="softsign"))),
    "hard_sigmoid": Brought(dense("hard_sigmoid")),
    "hard_silu": Brought(dense("hard_silu")),
    "ReLU6 with a slope": Brought(dense(lambda: keras_layers().ReLU(6.0, negative_slope=0.125))),
    "exponential": Brought(dense("exponential")),
    "softmax last": Brought(dense("relu", last="softmax")),
    "Softmax layer last": Brought(sequence(lambda L: L.Dense(3), lambda L: L.Softmax(), shape=(5,))),
    "sigmoid last": Brought(dense("relu", last="sigmoid")),
    "tanh inside": Brought(dense("tanh")),
    "one logit": Brought(
        sequence(lambda L: L.Dense(4, activation="relu"), lambda L: L.Dense(1, activation="sigmoid"), shape=(5,))
    ),
    "batch normalization first": Brought(
        sequence(lambda L: L.BatchNormalization(), lambda L: L.Dense(4, activation="relu"), shape=(5,))
    ),
    "grouped convolution": Brought(
        sequence(
            lambda L: L.Conv2D(4, 3, groups=2, activation="relu"),
            lambda L: L.Flatten(),
            lambda L: L.Dense(3),
            shape=(6, 6, 4),
        )
    ),
    "transposed convolution": Brought(
        sequence(
            lambda L: L.Conv2DTranspose(3, 3, strides=2, padding="same", activation="relu"),
            lambda L: L.Conv2D(1, 3, padding="same"),
            shape=(4, 4, 2),
        )
    ),
    "transposed convolution, 1-D": Brought(
        sequence(lambda L: L.Conv1DTranspose(3, 4, strides=2), lambda L: L.Conv1D(1, 3), shape=(5, 2))
    ),
    "dilated and causal (TCN)": Brought(
        sequence(
            lambda L: L.Conv1D(3, 3, padding="causal", activation="relu"),
            lambda L: L.Conv1D(3, 3, padding="causal", dilation_rate=2, activation="relu"),
            lambda L: L.GlobalAveragePooling1D(),
            lambda L: L.Dense(2),
            shape=(8, 2),
        )
    ),
    "dilated, 2-D": Brought(
        sequence(lambda L: L.Conv2D(2, 3, dilation_rate=2), lambda L: L.GlobalMaxPooling2D(), shape=(8, 8, 1))
    ),
    "depthwise, 1-D": Brought(
        sequence(
            lambda L: L.DepthwiseConv1D(3, padding="same", activation="relu"), lambda L: L.Conv1D(4, 1), shape=(8, 3)
        )
    ),
    "depthwise, multiplied": Brought(
        sequence(
            lambda L: L.DepthwiseConv2D(3, depth_multiplier=2, activation="relu"),
            lambda L: L.GlobalAveragePooling2D(),
            lambda L: L.Dense(2),
            shape=(6, 6, 2),
        )
    ),
    "separable": Brought(
        sequence(
            lambda L: L.SeparableConv2D(4, 3, activation="relu"),
            lambda L: L.AveragePooling2D(2),
            lambda L: L.Flatten(),
            lambda L: L.Dense(2),
            shape=(6, 6, 2),
        )
    ),
    "separable, 1-D": Brought(
        sequence(
            lambda L: L.SeparableConv1D(4, 3, padding="same", activation="relu"),
            lambda L: L.GlobalAveragePooling1D(),
            shape=(8, 2),
        )
    ),
    "TimeDistributed": Brought(
        sequence(
            lambda L: L.TimeDistributed(L.Conv1D(2, 3, activation="relu")),
            lambda L: L.TimeDistributed(L.Flatten()),
            lambda L: L.TimeDistributed(L.Dense(3)),
            shape=(3, 5, 2),
        )
    ),
    "Normalization": Brought(_normalized),
    "Conv3D": Brought(
        sequence(
            lambda L: L.Conv3D(3, 3, activation="relu"),
            lambda L: L.MaxPooling3D(2),
            lambda L: L.Flatten(),
            lambda L: L.Dense(2),
            shape=(4, 6, 6, 1),
        )
    ),
    "padding and cropping": Brought(
        sequence(
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
        sequence(
            lambda L: L.Dense(3, activation="relu"),
            lambda L: L.RepeatVector(4),
            lambda L: L.Conv1D(2, 3, padding="same"),
            shape=(5,),
        )
    ),
}
