"""`control`: a network that learns to play a small video game by playing it, and sees nothing of it but the pixels."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from netloom.common.palette import INK, LINE, MEAN, MUTED, PROVEN
from netloom.models.data.catching import ACTIONS, REACH, SIDE, Positions, drawn_positions
from netloom.models.data.dataset import Dataset
from netloom.models.networks.network import Network, Target, Training
from netloom.models.networks.optimizers import adam
from netloom.models.reinforcement import QLearning, learn_by_playing
from netloom.models.seeding import seed_training
from netloom.models.tasks.pictures.picture import Picture, Shows

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

HOW = QLearning()
STEPS = 1000
"""Of training, in an epoch."""
DRAWN = 5
"""Balls whose fall is drawn."""


def build() -> "keras.Model":
    """Screens 16x16 now and before -> twice (convolution 3x3, every other pixel, ReLU) -> 64 -> a value an action."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 2), name="screens"),
            layers.Conv2D(8, 3, strides=2, padding="same", name="conv1"),
            layers.Activation("relu", name="relu1"),
            layers.Conv2D(16, 3, strides=2, padding="same", name="conv2"),
            layers.Activation("relu", name="relu2"),
            layers.Flatten(name="flatten"),
            layers.Dense(64, name="dense"),
            layers.Activation("relu", name="relu3"),
            layers.Dense(len(ACTIONS), name="worth"),
        ],
        name="control",
    )


def fit(
    model: "keras.Model",
    dataset: Dataset,
    training: Training,
    seed: int = 0,
    callbacks: Sequence["keras.callbacks.Callback"] = (),
) -> dict[str, list[float]]:
    """Play, and learn what moves were worth: the data set's positions are not looked at."""

    del dataset
    seed_training(seed)
    steps = training.epochs * STEPS
    losses = learn_by_playing(model, HOW, steps, training.batch_size, training.optimizer(steps), seed, callbacks)
    return {"loss": np.reshape(losses, (training.epochs, STEPS)).mean(axis=1).tolist()}


def pictures(shows: Shows) -> Sequence[Picture]:
    """A few balls, from their throw to the ground, as `fixed` plays them."""
    here = drawn_positions(4 * DRAWN, np.random.default_rng(1))
    here = here.thrown(np.ones(len(here), bool), np.random.default_rng(2))
    # Those are drawn that take the longest way: the farther from the bat a ball lands, the more there is to do.
    landing = Positions(here.row * 0 + 1, here.phase + (SIDE - 2) * here.speed, here.speed, here.bat, here.before)
    here = here.take(np.argsort(-np.abs(landing.column - here.bat), kind="stable")[:DRAWN])
    seen, worth = [here], []
    while not here.landed.any():
        worth.append(np.asarray(shows.layers("fixed", here.screens())["worth"]))
        here = here.moved(worth[-1].argmax(axis=1))
        seen.append(here)

    def draw(figure: "Figure") -> None:
        grid = figure.subplots(2, DRAWN, squeeze=False, height_ratios=[1.6, 1], sharey="row")
        for game, (screen, values) in enumerate(grid.T):
            for position in seen:
                screen.plot(position.column[game], position.row[game], "o", color=INK, markersize=3)
                ends = position.bat[game] + np.array([-REACH - 0.4, REACH + 0.4])
                screen.plot(ends, [position.row[game]] * 2, color=MEAN, linewidth=2, alpha=0.6)
            screen.set(xlim=(-0.5, SIDE - 0.5), ylim=(SIDE - 0.5, 0.5), xticks=[], yticks=[], aspect="equal")
            screen.set_title("caught" if seen[-1].caught[game] else "missed", fontsize=9, loc="left", color=INK)
            lines = np.stack([one[game] for one in worth])
            for name, line, colour in zip(ACTIONS, lines.T, (PROVEN, LINE, MUTED), strict=True):
                values.plot(line, color=colour, linewidth=1.2, label=name)
            values.set_xlabel("step")
        grid[1, 0].set_ylabel("worth")
        handles, labels = grid[1, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(ACTIONS), frameon=False)

    note = (
        "Balls from their throw at the top, as the network plays in the hardware's arithmetic: a row is a step, dots"
        " are the ball, and bars are where the bat is at that step, which moves along the bottom of the screen. Below,"
        " what the network takes each move to be worth: 1 for a ball that will be caught, -1 for one that will not."
    )
    return [Picture("How it plays", note, (8.4, 4.0), draw)]


NETWORK = Network(
    name="control",
    title="Player of a video game",
    review="The future of deep learning: deep learning and reinforcement learning, which learn to play video games",
    description=(
        "Catches balls that drift and bounce, from the pixels of the screen: it has learned what moves are worth by"
        " playing, and nobody has told it the rules."
    ),
    dataset="catching",
    builder=build,
    training=Training(epochs=10, batch_size=128, optimizer=adam(1e-3)),
    expected_score=0.95,
    bits=8,
    fine_tune_epochs=4,
    target=Target("ULX3S-25F", target_ii=2048),
    training_seconds=130,
    task="control",
    trainer=fit,
    pictures=pictures,
)
