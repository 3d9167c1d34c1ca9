"""Optimizers whose learning rate falls to zero along a cosine by the end of training."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

Optimizer = Callable[[int], "keras.optimizers.Optimizer"]
"""As `Training` takes it: its argument is the number of steps in the whole training."""


def adam(rate: float) -> Optimizer:
    """Adam, beginning at a learning rate of `rate`."""

    def made(steps: int) -> "keras.optimizers.Optimizer":
        import keras

        return keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, steps))

    return made


def adamw(rate: float) -> Optimizer:
    """The same with a weight decay of 0.01."""

    def made(steps: int) -> "keras.optimizers.Optimizer":
        import keras

        return keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(rate, steps), weight_decay=0.01)

    return made
