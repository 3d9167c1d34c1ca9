"""`turing`: a neural Turing machine, which learns to copy: one step of it, its memory an input and an output."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from netloom.common.palette import INK, MEAN
from netloom.models.data.copying import BITS, LONGEST, MARKS, NUMBERS, PLACES, at_rest, drawn_sequences, tape
from netloom.models.data.dataset import Dataset
from netloom.models.networks.network import Network, Target, Training
from netloom.models.networks.optimizers import adam
from netloom.models.tasks.picture import Picture, Shows
from netloom.models.tasks.turing import STATE, worked

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

UNITS = 64
STEPS = 20
"""Of training, in an epoch."""
BEYOND = 10
"""Symbols of the longest sequences that it is shown: longer than any it was trained on."""


def build() -> "keras.Model":
    """A symbol and what was read last -> two layers of 64 -> heads that write and read -> 4 bits, the state.

    After Graves, Wayne, Danihelka, "Neural Turing machines" (2014), with a controller that feeds forward. A head goes
    to the places whose content is like a key, or stays at its place, or to a mixture; then it moves by a place or not.
    What is written replaces what is there, as much as the head is there and as strongly as it wants to.
    """
    import keras
    from keras import layers

    symbol = keras.Input((BITS + MARKS,), name="symbol")
    state = {name: keras.Input(shape, name=name) for name, shape in STATE}
    memory = state["memory"]
    control = layers.Concatenate(name="known")([symbol, state["read"]])
    for number in (1, 2):
        control = layers.Dense(UNITS, name=f"control{number}")(control)
        control = layers.Activation("relu", name=f"relu{number}")(control)

    def head(name: str, at: "keras.KerasTensor") -> "keras.KerasTensor":
        key = layers.Dense(NUMBERS, name=f"{name}_key")(control)
        match = layers.Dot(axes=(2, 1), name=f"{name}_match")([memory, key])
        alike = layers.Softmax(name=f"{name}_alike")(match)
        gate = layers.Activation("sigmoid", name=f"{name}_gate")(layers.Dense(1, name=f"{name}_gated")(control))
        change = layers.Multiply(name=f"{name}_change")([gate, layers.Subtract(name=f"{name}_away")([alike, at])])
        mixed = layers.Add(name=f"{name}_mixed")([at, change])
        moved = layers.Dense(3 * PLACES, use_bias=False, trainable=False, name=f"{name}_moved")
        moves = layers.Softmax(name=f"{name}_moves")(layers.Dense(3, name=f"{name}_move")(control))
        three = layers.Reshape((PLACES, 3), name=f"{name}_three")(moved(mixed))
        moved.set_weights([_moves()])
        return layers.Dot(axes=(2, 1), name=f"at_{name}_next")([three, moves])

    at_write = head("write", state["at_write"])
    strength = layers.Activation("sigmoid", name="strength")(layers.Dense(1, name="strongly")(control))
    where = layers.Multiply(name="where")([at_write, strength])
    new = layers.Activation("tanh", name="new")(layers.Dense(NUMBERS, name="written")(control))
    away = layers.Subtract(name="away")([layers.Reshape((1, NUMBERS), name="new_row")(new), memory])
    change = layers.Multiply(name="change")([layers.Reshape((PLACES, 1), name="where_column")(where), away])
    after = layers.Add(name="memory_next")([memory, change])
    at_read = head("read", state["at_read"])
    read = layers.Dot(axes=(1, 1), name="read_next")([after, at_read])
    bits = layers.Dense(BITS, name="bits")(layers.Concatenate(name="both")([control, read]))
    flat = layers.Flatten(name="memory_flat")(after)
    said = layers.Concatenate(name="step")([bits, read, flat, at_read, at_write])
    return keras.Model([symbol, *state.values()], said, name="turing")


def _moves() -> np.ndarray:
    """Of a head at any place: one back, none, one on, beside one another for each place; round at the ends."""
    same = np.eye(PLACES, dtype=np.float32)
    return np.stack([np.roll(same, by, axis=1) for by in (-1, 0, 1)], axis=2).reshape(PLACES, 3 * PLACES)


def fit(
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
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
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
            shown, wanted = tape(drawn_sequences(training.batch_size, np.arange(1, LONGEST + 1), random))
            losses.append(float(improve(tf.constant(shown), tf.constant(wanted))))
            told.on_train_batch_end(step)
        history["loss"].append(float(np.mean(losses)))
        told.on_epoch_end(epoch)
    told.on_train_end()
    return history


def pictures(shows: Shows) -> Sequence[Picture]:
    """Where the heads are while a sequence is copied; and how many are copied exactly, by their length."""
    random = np.random.default_rng(1)
    exact = []
    for length in range(1, BEYOND + 1):
        shown, wanted = tape(drawn_sequences(100, np.array([length]), random))
        bits, states = worked(lambda x: shows.layers("fixed", x)["step"], shown)
        exact.append(float((((bits > 0) == (wanted > 0)) | (wanted < 0)).all(axis=(1, 2)).mean()))
        if length == LONGEST:
            heads = [np.stack([state[name][0] for state in states], axis=1) for name in ("at_write", "at_read")]

    def draw(figure: "Figure") -> None:
        *left, right = figure.subplots(1, 3)
        for axes, title, at in zip(left, ("writes", "reads"), heads, strict=True):
            axes.imshow(at, cmap="Blues", vmin=0, vmax=1, aspect="auto", origin="lower")
            axes.set_title(title, fontsize=9, loc="left", color=INK)
            axes.set(xlabel="step", ylabel="place")
        right.bar(range(1, BEYOND + 1), [100 * one for one in exact], color=MEAN)
        right.axvline(LONGEST + 0.5, color=INK, linewidth=0.8)
        right.set(xlabel="symbols", ylabel="copied exactly, %", ylim=(0, 105))

    note = (
        f"Where the heads of the machine are while it reads {LONGEST} symbols and gives them again, in the hardware's"
        " arithmetic: darker for more. On the right, of 100 sequences of each length those that it gives again to the"
        " last bit; those beyond the line are longer than any it was trained on."
    )
    return [Picture("How it copies", note, (8.4, 2.8), draw)]


NETWORK = Network(
    name="turing",
    title="Neural Turing machine",
    review="The future of deep learning: neural Turing machines, a network with a memory like a tape",
    description=(
        "Reads a sequence of bits and gives it again, by a memory that it has learned to write to and read from; the"
        " host carries its state from step to step."
    ),
    dataset="copying",
    builder=build,
    training=Training(epochs=200, batch_size=64, optimizer=adam(3e-3)),
    expected_score=0.9,
    bits=8,
    fine_tune_epochs=2,
    target=Target("ULX3S-85F", target_ii=4096, rtl_samples=50),
    training_seconds=300,
    task="turing",
    trainer=fit,
    pictures=pictures,
)
