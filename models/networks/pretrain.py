"""`pretrain` and `autoencoder`: layers that learn one by one without labels, then backpropagation, as in 2006."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from netloom.models.data.dataset import Dataset
from netloom.models.data.examples import only
from netloom.models.networks.network import Network, Target, Training
from netloom.models.pretraining import Pretraining, pretrain

if TYPE_CHECKING:
    import keras

_REVIEW = "2006: unsupervised layer-by-layer pre-training, then backpropagation, where few labels are there"
_UNITS = (256, 64)
_HOW = Pretraining()


def build() -> "keras.Model":
    """28x28x1 -> 256 -> 64 -> 10 logits, with sigmoids between."""
    import keras
    from keras import layers

    steps = [keras.Input((28, 28, 1), name="pixels"), layers.Flatten(name="flatten")]
    for number, units in enumerate(_UNITS, start=1):
        steps += [layers.Dense(units, name=f"up{number}"), layers.Activation("sigmoid", name=f"hidden{number}")]
    return keras.Sequential([*steps, layers.Dense(10, name="logits")], name="pretrain")


def build_autoencoder() -> "keras.Model":
    """28x28x1 -> 256 -> 64 -> 256 -> 28x28x1, with sigmoids: up to a code of 64, and down the same way."""
    import keras
    from keras import layers

    steps = [keras.Input((28, 28, 1), name="pixels"), layers.Flatten(name="flatten")]
    for number, units in enumerate(_UNITS, start=1):
        steps += [layers.Dense(units, name=f"up{number}"), layers.Activation("sigmoid", name=f"hidden{number}")]
    steps += [layers.Dense(_UNITS[0], name="down2"), layers.Activation("sigmoid", name="shown2")]
    steps += [layers.Dense(784, name="down1"), layers.Activation("sigmoid", name="shown1")]
    return keras.Sequential([*steps, layers.Reshape((28, 28, 1), name="image")], name="autoencoder")


def fit(
    model: "keras.Model",
    dataset: Dataset,
    training: Training,
    seed: int = 0,
    callbacks: Sequence["keras.callbacks.Callback"] = (),
) -> dict[str, list[float]]:
    """Pre-train on all images, those without labels too; then train on those that have them."""
    from netloom.models.training import train

    _climb(model, dataset, seed)
    return train(model, dataset, training, seed, callbacks)


def fit_autoencoder(
    model: "keras.Model",
    dataset: Dataset,
    training: Training,
    seed: int = 0,
    callbacks: Sequence["keras.callbacks.Callback"] = (),
) -> dict[str, list[float]]:
    """Pre-train the way up, unroll it into the way down, then train all of it to give its input again."""
    from netloom.models.training import train

    for number, biases in enumerate(_climb(model, dataset, seed), start=1):
        up = model.get_layer(f"up{number}").get_weights()[0]
        model.get_layer(f"down{number}").set_weights([up.T, biases])
    return train(model, dataset, training, seed, callbacks)


def _climb(model: "keras.Model", dataset: Dataset, seed: int) -> list:
    layers = [model.get_layer(f"up{number}") for number in range(1, len(_UNITS) + 1)]
    images = dataset.x_train if dataset.x_unlabelled is None else dataset.x_unlabelled
    return pretrain(layers, only(images), _HOW, seed)


def adam(steps: int) -> "keras.optimizers.Optimizer":
    """Adam; the learning rate falls to zero along a cosine."""
    import keras

    return keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-3, steps))


NETWORK = Network(
    name="pretrain",
    title="Pre-trained network",
    review=_REVIEW,
    description=(
        "Handwritten digits from 1,000 labels: two layers of restricted Boltzmann machines learn from all images, then"
        " backpropagation from those with labels."
    ),
    dataset="mnist-few-labels",
    builder=build,
    training=Training(epochs=60, batch_size=20, optimizer=adam, validation_fraction=0),
    expected_score=0.92,
    bits=8,
    fine_tune_epochs=10,
    target=Target("ULX3S-85F", target_ii=2048),
    training_seconds=120,
    trainer=fit,
)

AUTOENCODER = Network(
    name="autoencoder",
    title="Deep autoencoder",
    review=_REVIEW,
    description=(
        "The generative half of the same machines, unrolled: images of digits to a code of 64 numbers and back again."
    ),
    dataset="mnist-images",
    builder=build_autoencoder,
    training=Training(epochs=8, batch_size=128, optimizer=adam),
    expected_score=0.02,
    bits=8,
    fine_tune_epochs=1,
    target=Target("ULX3S-85F", target_ii=4096, rtl_samples=1000),
    training_seconds=200,
    task="reconstruction",
    csim_samples=1000,
    trainer=fit_autoencoder,
)
