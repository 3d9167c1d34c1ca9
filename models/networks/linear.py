"""`linear` and `linear-digits`: a weighted sum a class, which carves the input space into half-spaces."""

from typing import TYPE_CHECKING

from netloom.models.networks.network import Network, Target, Training
from netloom.models.networks.optimizers import adam

if TYPE_CHECKING:
    import keras

_REVIEW = "Supervised learning: a linear classifier carves its input space into half-spaces"


def build() -> "keras.Model":
    """28x28x1 -> 10 logits."""
    return _build("linear", (28, 28, 1))


def build_digits() -> "keras.Model":
    """64 pixels -> 10 logits."""
    return _build("linear-digits", (64,))


def _build(name: str, shape: tuple[int, ...]) -> "keras.Model":
    import keras
    from keras import layers

    flatten = [layers.Flatten(name="flatten")] if len(shape) > 1 else []
    return keras.Sequential([keras.Input(shape, name="pixels"), *flatten, layers.Dense(10, name="logits")], name=name)


NETWORK = Network(
    name="linear",
    title="Linear classifier",
    review=_REVIEW,
    description="Handwritten digits, 28x28 pixels, by one weighted sum a class (softmax regression): the baseline.",
    dataset="mnist",
    builder=build,
    training=Training(epochs=10, batch_size=128, optimizer=adam(3e-3)),
    expected_score=0.915,
    bits=8,
    fine_tune_epochs=2,
    target=Target("ULX3S-85F", target_ii=1024),
    training_seconds=30,
)

DIGITS = Network(
    name="linear-digits",
    title="Linear classifier",
    review=_REVIEW,
    description="Handwritten digits, 8x8 pixels, by one weighted sum a class (softmax regression): the baseline.",
    dataset="digits",
    builder=build_digits,
    training=Training(epochs=40, batch_size=32, optimizer=adam(3e-3)),
    expected_score=0.93,
    bits=6,
    fine_tune_epochs=10,
    target=Target("ULX3S-25F", target_ii=128),
    training_seconds=18,
)
