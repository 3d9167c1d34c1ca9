"""Float models with convolutions and poolings of every kind."""

import keras

layers = keras.layers


def in_time():
    inputs = keras.Input((12, 4))
    x = layers.Conv1D(4, 3, padding="causal", dilation_rate=2, name="causal")(inputs)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = layers.DepthwiseConv1D(3, depth_multiplier=2, strides=2, padding="same")(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = layers.MaxPooling1D(3, strides=2, padding="same")(x)
    x = layers.Conv1DTranspose(3, 4, strides=2, padding="same")(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = layers.SeparableConv1D(4, 2, dilation_rate=2, depth_multiplier=2, activation="relu")(x)
    return keras.Model(inputs, layers.Conv1D(4, 2, groups=2)(x))


def images():
    inputs = keras.Input((8, 7, 4))
    x = layers.Conv2D(4, 3, groups=2, padding="same", activation="relu")(inputs)
    x = layers.DepthwiseConv2D(2, depth_multiplier=2, use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = layers.AveragePooling2D((2, 3), padding="same")(x)
    x = layers.Conv2DTranspose(3, 3, strides=2, output_padding=1)(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = layers.Conv2DTranspose(2, 2, strides=2, activation="relu")(x)
    return keras.Model(inputs, layers.Conv2D(3, 2, dilation_rate=(2, 3))(x))


def volumes():
    inputs = keras.Input((4, 5, 4, 2))
    x = layers.Conv3D(3, 2, padding="same")(inputs)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = layers.MaxPooling3D(2, padding="same")(x)
    x = layers.Conv3DTranspose(2, 2, strides=2, activation="relu")(x)
    x = layers.AveragePooling3D(3, strides=2, padding="same")(x)
    return keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling3D()(x)))
