"""Q-learning: a network learns what actions are worth by taking them, from a memory of what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from netloom.models.data.catching import ACTIONS, Positions, drawn_positions

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class QLearning:
    """How it is learned.

    Attributes:
        games: that are played at once; a step of each is played for every step of training.
        exploring: share of the actions that are drawn at random, at the beginning; it falls to a tenth of it.
        discount: what a point is worth a step later.
        memory: steps of all games that are remembered.
        copied: every so many steps the network that says what the next position is worth becomes what is learned.
    """

    games: int = 32
    exploring: float = 0.5
    discount: float = 0.95
    memory: int = 1000
    copied: int = 100


def learn_by_playing(
    model: "keras.Model",
    how: QLearning,
    steps: int,
    batch_size: int,
    optimizer: "keras.optimizers.Optimizer",
    seed: int,
    callbacks: Sequence["keras.callbacks.Callback"] = (),
) -> list[float]:
    """Train a model in place to say what each action is worth.

    A ball that lands ends what counts: it was worth 1 if it was caught, else -1.

    Args:
        model: screens to a value an action.
        how: settings of the learning.
        steps: of training.
        batch_size: remembered moves a step.
        optimizer: of the model.
        seed: of all that is drawn.
        callbacks: told of every step.

    Returns:
        The loss of each step.
    """
    import keras
    import tensorflow as tf

    random = np.random.default_rng(seed)
    older = keras.models.clone_model(model)
    value, later = tf.function(model), tf.function(older)

    @tf.function
    def improve(screens: "tf.Tensor", taken: "tf.Tensor", worth: "tf.Tensor") -> "tf.Tensor":
        with tf.GradientTape() as tape:
            said = tf.reduce_sum(model(screens, training=True) * taken, axis=1)
            loss = tf.reduce_mean((said - worth) ** 2)
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return loss

    told = keras.callbacks.CallbackList(list(callbacks), model=model, epochs=1, steps=steps)
    told.on_train_begin()
    told.on_epoch_begin(0)
    losses, here = [], drawn_positions(how.games, random)
    memory = np.zeros((how.memory, how.games, len(here.values) + 1), np.int64)
    for step in range(steps):
        if step % how.copied == 0:
            older.set_weights(model.get_weights())
        actions = value(here.screens()).numpy().argmax(axis=1)
        free = random.random(how.games) < how.exploring * (1 - 0.9 * step / steps)
        actions = np.where(free, random.integers(len(ACTIONS), size=how.games), actions)
        memory[step % how.memory] = np.stack([*here.values, actions], axis=1)
        there = here.moved(actions)
        here = there.thrown(there.landed, random)
        known = memory[: step + 1].reshape(-1, memory.shape[-1])
        *before, done = known[random.integers(len(known), size=batch_size)].T
        # What came of a move is not remembered but made again: the game has no chance in it until a ball is thrown.
        after = Positions(*before).moved(done)
        points = np.where(after.caught, 1.0, -1.0)
        hoped = how.discount * later(after.screens()).numpy().max(axis=1)
        worth = np.where(after.landed, points, hoped).astype(np.float32)
        taken = np.eye(len(ACTIONS), dtype=np.float32)[done]
        losses.append(float(improve(Positions(*before).screens(), taken, worth)))
        told.on_train_batch_end(step)
    told.on_epoch_end(0)
    told.on_train_end()
    return losses
