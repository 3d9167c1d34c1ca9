"""`kernel` and `kernel-digits`: a Gaussian kernel machine, which compares its input with examples, as hardware."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from netloom.errors import InputError, SettingsError
from netloom.models.data.dataset import Dataset
from netloom.models.data.examples import only
from netloom.models.networks.network import Network, Target, Training

if TYPE_CHECKING:
    import keras

_REVIEW = "Supervised learning: Gaussian kernels do not generalize well far from the training examples"
_RIDGE = 0.1


def build() -> "keras.Model":
    """28x28x1 -> 256 examples -> 10 scores."""
    return _build("kernel", (28, 28, 1), 256)


def build_digits() -> "keras.Model":
    """64 pixels -> 128 examples -> 10 scores."""
    return _build("kernel-digits", (64,), 128)


def _build(name: str, shape: tuple[int, ...], examples: int) -> "keras.Model":
    """exp(-gamma |x - c|^2) of each example c, as exp(2 gamma x.c - gamma |c|^2 - gamma x.x); then weighted sums."""
    import keras
    from keras import layers

    pixels = keras.Input(shape, name="pixels")
    flat = layers.Flatten(name="flatten")(pixels) if len(shape) > 1 else pixels
    norm = layers.Dense(1, use_bias=False, name="norm")(layers.Multiply(name="squares")([flat, flat]))
    exponents = layers.Add(name="exponents")([layers.Dense(examples, name="examples")(flat), norm])
    scores = layers.Dense(10, name="scores")(layers.Activation("exponential", name="kernels")(exponents))
    return keras.Model(pixels, scores, name=name)


def fit(
    model: "keras.Model",
    dataset: Dataset,
    training: Training,
    seed: int = 0,
    callbacks: Sequence["keras.callbacks.Callback"] = (),
) -> dict[str, list[float]]:
    """Draw examples from the train split, and find the weights of their kernels by ridge regression (scikit-learn).

    The width of the kernels is scikit-learn's `gamma="scale"`: 1 / (features * variance).

    Raises:
        InputError: there are no labels.
        SettingsError: for more than one epoch: there are no steps that could be repeated.
    """
    from sklearn.linear_model import Ridge
    from sklearn.metrics.pairwise import rbf_kernel

    del callbacks  # of steps, and there are none
    if training.epochs != 1:
        raise SettingsError(f"{model.name} is solved for, not trained in epochs; leave --epochs out")
    if dataset.y_train is None:
        raise InputError(f"{dataset.source}: training needs labels, and there is no y_train")
    x = only(dataset.x_train).reshape(len(only(dataset.x_train)), -1)
    wanted = np.eye(10, dtype=np.float32)[np.asarray(dataset.y_train)]
    gamma = float(1 / (x.shape[1] * x.var()))
    layer = model.get_layer("examples")
    examples = x[np.random.default_rng(seed).choice(len(x), layer.units, replace=False)]
    kernels = rbf_kernel(x, examples, gamma)
    ridge = Ridge(alpha=_RIDGE).fit(kernels, wanted)
    layer.set_weights([2 * gamma * examples.T, -gamma * (examples**2).sum(axis=1)])
    model.get_layer("norm").set_weights([np.full((x.shape[1], 1), -gamma, np.float32)])
    model.get_layer("scores").set_weights([ridge.coef_.T, ridge.intercept_])
    return {"loss": [float(((ridge.predict(kernels) - wanted) ** 2).mean())]}


def _no_steps(steps: int) -> "keras.optimizers.Optimizer":
    raise AssertionError(f"a kernel machine takes none of {steps} steps")


NETWORK = Network(
    name="kernel",
    title="Gaussian kernel machine",
    review=_REVIEW,
    description="Handwritten digits, 28x28 pixels, by their likeness to 256 examples: half the products of lenet.",
    dataset="mnist",
    builder=build,
    training=Training(epochs=1, batch_size=128, optimizer=_no_steps, validation_fraction=0),
    expected_score=0.925,
    bits=8,
    fine_tune_epochs=0,
    target=Target("ULX3S-85F", target_ii=2048, rtl_samples=1000),
    training_seconds=4,
    csim_samples=1000,
    trainer=fit,
)

DIGITS = Network(
    name="kernel-digits",
    title="Gaussian kernel machine",
    review=_REVIEW,
    description="Handwritten digits, 8x8 pixels, by their likeness to 128 examples: twice the products of digits.",
    dataset="digits",
    builder=build_digits,
    training=Training(epochs=1, batch_size=32, optimizer=_no_steps, validation_fraction=0),
    expected_score=0.96,
    bits=8,
    fine_tune_epochs=0,
    target=Target("ULX3S-25F", target_ii=640),
    training_seconds=2,
    trainer=fit,
)
