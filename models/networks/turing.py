"""`turing`, `turing-sort`: neural Turing machines, which learn to copy and to sort; one step, its memory an input."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from netloom.common.palette import INK, MEAN
from netloom.models.data.dataset import Dataset
from netloom.models.data.tapes import (
    BITS,
    LONGEST,
    MARKS,
    NUMBERS,
    PLACES,
    at_rest,
    drawn_priorities,
    drawn_sequences,
    tape,
)
from netloom.models.networks.network import Network, Target, Training
from netloom.models.networks.optimizers import adam
from netloom.models.seeding import seed_training
from netloom.models.tasks.pictures.picture import Picture, Shows
from netloom.models.tasks.turing import STATE, worked

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

UNITS = 64
STEPS = 20
"""Of training, in an epoch."""
BEYOND = 10
"""Symbols of the longest sequences that it is shown: longer than any it was trained on."""

DrawSequences = Callable[[int, np.ndarray, np.random.Generator], np.ndarray]
"""Sequences, as `drawn_sequences` draws them."""


def build() -> "keras.Model":
    """A symbol and what was read last -> two layers of 64 -> heads that write and read -> 4 bits, the state.

    After Graves, Wayne, Danihelka, "Neural Turing machines" (2014), with a controller that feeds forward. A head goes
    to the places whose content is like a key, or stays at its place, or to a mixture; then it moves by a place or not.
    What is written replaces what is there, as much as the head is there and as strongly as it wants to.
    """
    from keras import layers

    symbol, state = _inputs(BITS + MARKS)
    control = _control(layers.Concatenate(name="known")([symbol, state["read"]]))
    memory = state["memory"]

    def head(name: str) -> "keras.KerasTensor":
        at = state[f"at_{name}"]
        alike = _alike(name, memory, layers.Dense(NUMBERS, name=f"{name}_key")(control))
        gate = layers.Activation("sigmoid", name=f"{name}_gate")(layers.Dense(1, name=f"{name}_gated")(control))
        change = layers.Multiply(name=f"{name}_change")([gate, layers.Subtract(name=f"{name}_away")([alike, at])])
        return _moved(name, control, layers.Add(name=f"{name}_mixed")([at, change]))

    at_write = head("write")
    after = _written(control, memory, at_write)
    return _step("turing", [symbol, *state.values()], control, after, head("read"), at_write)


def build_sort() -> "keras.Model":
    """A symbol and its priority -> two layers of 64 -> a head that moves on and writes, one that finds; 4 bits, state.

    The controller sees the symbol alone, so all that the machine knows of the past is in its memory. The key has a
    strength, so that small differences can decide; in training the memory it is held against is blurred, so that
    priorities come to lie as far apart as 8 bits need. And what was read last is forgotten as far as a gate says, as in
    Graves et al., "Hybrid computing using a neural network with dynamic external memory" (2016).
    """
    from keras import layers

    symbol, state = _inputs(BITS + MARKS + 1)
    control = _control(symbol)
    known = layers.Concatenate(name="known")([control, state["read"]])
    free = layers.Activation("sigmoid", name="free")(layers.Dense(1, name="freed")(known))
    gone = layers.Reshape((PLACES, 1), name="gone_column")(layers.Multiply(name="gone")([state["at_read"], free]))
    forgotten = layers.Multiply(name="forgotten")([gone, state["memory"]])
    memory = layers.Subtract(name="memory_left")([state["memory"], forgotten])
    at_write = _moved("write", control, state["at_write"], on=4)
    after = _written(control, memory, at_write)
    strength = layers.Dense(1, bias_initializer="ones", name="sharpness")(control)
    key = layers.Multiply(name="read_key")([layers.Dense(NUMBERS, name="read_like")(control), strength])
    blurred = layers.GaussianNoise(0.02, name="blurred")(after)
    return _step("turing-sort", [symbol, *state.values()], control, after, _alike("read", blurred, key), at_write)


def _inputs(numbers: int) -> tuple["keras.KerasTensor", dict[str, "keras.KerasTensor"]]:
    import keras

    return keras.Input((numbers,), name="symbol"), {name: keras.Input(shape, name=name) for name, shape in STATE}


def _control(known: "keras.KerasTensor") -> "keras.KerasTensor":
    from keras import layers

    for number in (1, 2):
        known = layers.Dense(UNITS, name=f"control{number}")(known)
        known = layers.Activation("relu", name=f"relu{number}")(known)
    return known


def _alike(name: str, memory: "keras.KerasTensor", key: "keras.KerasTensor") -> "keras.KerasTensor":
    """The places whose content is like a key."""
    from keras import layers

    return layers.Softmax(name=f"{name}_alike")(layers.Dot(axes=(2, 1), name=f"{name}_match")([memory, key]))


def _moved(name: str, control: "keras.KerasTensor", at: "keras.KerasTensor", on: float = 0) -> "keras.KerasTensor":
    """A head that goes a place back, stays, or goes a place on, which it is inclined to at first if `on` is above 0."""
    from keras import layers

    moved = layers.Dense(3 * PLACES, use_bias=False, trainable=False, name=f"{name}_moved")
    move = layers.Dense(3, name=f"{name}_move")
    moves = layers.Softmax(name=f"{name}_moves")(move(control))
    move.bias.assign([0, 0, on])
    three = layers.Reshape((PLACES, 3), name=f"{name}_three")(moved(at))
    moved.set_weights([_moves()])
    return layers.Dot(axes=(2, 1), name=f"at_{name}_next")([three, moves])


def _written(
    control: "keras.KerasTensor", memory: "keras.KerasTensor", at_write: "keras.KerasTensor"
) -> "keras.KerasTensor":
    """The memory after a step."""
    from keras import layers

    strength = layers.Activation("sigmoid", name="strength")(layers.Dense(1, name="strongly")(control))
    where = layers.Multiply(name="where")([at_write, strength])
    new = layers.Activation("tanh", name="new")(layers.Dense(NUMBERS, name="written")(control))
    away = layers.Subtract(name="away")([layers.Reshape((1, NUMBERS), name="new_row")(new), memory])
    change = layers.Multiply(name="change")([layers.Reshape((PLACES, 1), name="where_column")(where), away])
    return layers.Add(name="memory_next")([memory, change])


def _step(
    name: str,
    inputs: list["keras.KerasTensor"],
    control: "keras.KerasTensor",
    after: "keras.KerasTensor",
    at_read: "keras.KerasTensor",
    at_write: "keras.KerasTensor",
) -> "keras.Model":
    """Read the memory as it is now, and say bits and state."""
    import keras
    from keras import layers

    read = layers.Dot(axes=(1, 1), name="read_next")([after, at_read])
    bits = layers.Dense(BITS, name="bits")(layers.Concatenate(name="both")([control, read]))
    flat = layers.Flatten(name="memory_flat")(after)
    said = layers.Concatenate(name="step")([bits, read, flat, at_read, at_write])
    return keras.Model(inputs, said, name=name)


def _moves() -> np.ndarray:
    """Of a head at any place: one back, none, one on, beside one another for each place; round at the ends."""
    same = np.eye(PLACES, dtype=np.float32)
    return np.stack([np.roll(same, by, axis=1) for by in (-1, 0, 1)], axis=2).reshape(PLACES, 3 * PLACES)


def fit(
    drawn: DrawSequences,
    model: "keras.Model",
    dataset: Dataset,
    training: Training,
    seed: int = 0,
    callbacks: Sequence["keras.callbacks.Callback"] = (),
) -> dict[str, list[float]]:
    """Unrolled over sequences that are drawn anew: what is asked for at the end teaches all steps before it."""
    import keras
    import tensorflow as tf

    del dataset
    seed_training(seed)
    random, steps = np.random.default_rng(seed), STEPS * training.epochs
    optimizer = training.optimizer(steps)
    optimizer.build(model.trainable_variables)

    @tf.function
    def improve(shown: tf.Tensor, wanted: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape_:
            state = [tf.constant(one) for one in at_rest(training.batch_size).values()]
            losses = []
            for step in range(shown.shape[1]):
                given = model([shown[:, step], *state], training=True)
                bits, *flat = tf.split(given, [BITS, *(int(np.prod(shape)) for _, shape in STATE)], axis=1)
                state = [tf.reshape(one, (-1, *shape)) for one, (_, shape) in zip(flat, STATE, strict=True)]
                asked = tf.cast(wanted[:, step] >= 0, tf.float32)
                right = tf.cast(wanted[:, step] > 0, tf.float32)
                losses.append(tf.nn.sigmoid_cross_entropy_with_logits(right, bits) * asked)
            loss = tf.reduce_sum(losses) / tf.reduce_sum(tf.cast(wanted >= 0, tf.float32))
        gradients = tape_.gradient(loss, model.trainable_variables)
        optimizer.apply(tf.clip_by_global_norm(gradients, 5.0)[0], model.trainable_variables)
        return loss

    told = keras.callbacks.CallbackList(list(callbacks), model=model, epochs=training.epochs, steps=STEPS)
    told.on_train_begin()
    history: dict[str, list[float]] = {"loss": []}
    for epoch in range(training.epochs):
        told.on_epoch_begin(epoch)
        losses = []
        for step in range(STEPS):
            shown, wanted = tape(drawn(training.batch_size, np.arange(1, LONGEST + 1), random))
            losses.append(float(improve(tf.constant(shown), tf.constant(wanted))))
            told.on_train_batch_end(step)
        history["loss"].append(float(np.mean(losses)))
        told.on_epoch_end(epoch)
    told.on_train_end()
    return history


def pictures(does: str, done: str, drawn: DrawSequences, shows: Shows) -> Sequence[Picture]:
    """Where the heads are while a sequence is copied or sorted; and how many are exactly right, by their length."""
    random, each = np.random.default_rng(1), 100
    every = [drawn(each, np.array([length]), random) for length in range(1, BEYOND + 1)]
    room = [np.pad(one, ((0, 0), (0, BEYOND - one.shape[1]), (0, 0)), constant_values=-1) for one in every]
    shown, wanted = tape(np.concatenate(room))
    bits, states = worked(lambda x: shows.layers("fixed", x)["step"], shown)
    right = (((bits > 0) == (wanted > 0)) | (wanted < 0)).all(axis=(1, 2))
    exact = right.reshape(BEYOND, each).mean(axis=1)
    one = each * (LONGEST - 1)  # the first of those that are as long as the longest in training
    heads = [
        np.stack([state[at][one] for state in states[: 2 * LONGEST + 2]], axis=1) for at in ("at_write", "at_read")
    ]

    def draw(figure: "Figure") -> None:
        *left, right = figure.subplots(1, 3)
        for axes, title, at in zip(left, ("writes", "reads"), heads, strict=True):
            axes.imshow(at, cmap="Blues", vmin=0, vmax=1, aspect="auto", origin="lower")
            axes.set_title(title, fontsize=9, loc="left", color=INK)
            axes.set(xlabel="step", ylabel="place")
        right.bar(range(1, BEYOND + 1), 100 * exact, color=MEAN)
        right.axvline(LONGEST + 0.5, color=INK, linewidth=0.8)
        right.set(xlabel="symbols", ylabel=f"{done} exactly, %", ylim=(0, 105))

    note = (
        f"Where the heads of the machine are while it reads {LONGEST} symbols and gives them {done}, in the"
        " hardware's arithmetic: darker for more. On the right, of 100 sequences of each length those that it gives so"
        " to the last bit; those beyond the line are longer than any it was trained on."
    )
    return [Picture(f"How it {does}", note, (8.4, 2.8), draw)]


_REVIEW = "The future of deep learning: neural Turing machines, a network with a memory like a tape"

NETWORK = Network(
    name="turing",
    title="Neural Turing machine",
    review=_REVIEW,
    description=(
        "Reads a sequence of bits and gives it again, by a memory that it has learned to write to and read from; the"
        " host carries its state from step to step."
    ),
    dataset="copying",
    builder=build,
    training=Training(epochs=30, batch_size=64, optimizer=adam(3e-3)),
    expected_score=0.98,
    bits=8,
    fine_tune_epochs=2,
    target=Target("ULX3S-85F", target_ii=4096, rtl_samples=50),
    training_seconds=40,
    task="turing",
    trainer=partial(fit, drawn_sequences),
    pictures=partial(pictures, "copies", "copied", drawn_sequences),
)

SORT = Network(
    name="turing-sort",
    title="Neural Turing machine that sorts",
    review=_REVIEW + ", that learns to sort by priority",
    description=(
        "Reads a sequence of bits, each symbol with a priority, and gives it sorted, by a memory that it has learned to"
        " write to, to search and to clear; the host carries its state from step to step."
    ),
    dataset="sorting",
    builder=build_sort,
    training=Training(epochs=400, batch_size=64, optimizer=adam(3e-3)),
    expected_score=0.95,
    bits=8,
    fine_tune_epochs=0,
    target=Target("ULX3S-85F", target_ii=4096, rtl_samples=50),
    training_seconds=510,
    task="turing",
    trainer=partial(fit, drawn_priorities),
    pictures=partial(pictures, "sorts", "sorted", drawn_priorities),
)
