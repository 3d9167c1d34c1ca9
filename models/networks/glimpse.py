"""`glimpse`, `glimpse-passive`: a fovea that decides where to look, and a net that sees all, and all of it badly."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from netloom.common.palette import INK, MEAN, TYPE
from netloom.models.data.dataset import Dataset
from netloom.models.data.examples import only
from netloom.models.data.glimpses import APART, FOVEA, HALF, MIDDLE, PLACES, SCENE, scenes_of, seen_at, seen_badly
from netloom.models.networks.network import Network, Target, Training
from netloom.models.networks.optimizers import adam
from netloom.models.tasks.glimpse import DIGITS, Glimpse
from netloom.models.tasks.picture import Picture, Shows

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

_REVIEW = "The future of deep learning: systems that decide where to look, trained by reinforcement learning"
UNSURE = 0.01
"""What a nat of entropy of the places is worth in training: it keeps trying others."""
DRAWN = 6


def build() -> "keras.Model":
    """15x15 of all, 28x28 of the fovea -> convolutions, 32 -> 10 logits of digits; of all -> 32 -> 25 of places."""
    import keras
    from keras import layers

    coarse = keras.Input((SCENE // 4, SCENE // 4, 1), name="coarse")
    fovea = keras.Input((FOVEA, FOVEA, 1), name="fovea")
    hint = layers.Dense(48, name="hint")(layers.Flatten(name="flatten1")(coarse))
    places = layers.Dense(PLACES**2, name="places")(layers.Activation("relu", name="relu1")(hint))
    seen = layers.Flatten(name="flatten2")(_convolved(fovea))
    seen = layers.Activation("relu", name="relu4")(layers.Dense(48, name="seen")(seen))
    digits = layers.Dense(DIGITS, name="digits")(seen)
    return keras.Model([coarse, fovea], layers.Concatenate(name="said")([digits, places]), name="glimpse")


def build_passive() -> "keras.Model":
    """30x30 of all -> the same convolutions, 160 -> 10 logits: about as many products as two looks of `glimpse`."""
    import keras
    from keras import layers

    scene = keras.Input((SCENE // HALF, SCENE // HALF, 1), name="scene")
    seen = layers.Flatten(name="flatten")(_convolved(scene))
    seen = layers.Activation("relu", name="relu4")(layers.Dense(160, name="seen")(seen))
    return keras.Model(scene, layers.Dense(DIGITS, name="digits")(seen), name="glimpse-passive")


def _convolved(seen: "keras.KerasTensor") -> "keras.KerasTensor":
    from keras import layers

    for number, (filters, size) in enumerate(((8, 5), (16, 3)), start=2):
        seen = layers.Conv2D(filters, size, strides=2, name=f"conv{number}")(seen)
        seen = layers.Activation("relu", name=f"relu{number}")(seen)
    return seen


def fit(
    model: "keras.Model",
    dataset: Dataset,
    training: Training,
    seed: int = 0,
    callbacks: Sequence["keras.callbacks.Callback"] = (),
) -> dict[str, list[float]]:
    """Look at places that are drawn as the network would have them, and learn what made the digit likely.

    A look is worth the probability that the right digit has after it (REINFORCE; Williams, 1992), less what looks were
    worth on average; the digit itself is learned from what was seen. Where it is nobody says.
    """
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    random = np.random.default_rng(seed)
    assert dataset.y_train is not None
    worlds = only(dataset.y_train)
    size = min(training.batch_size, len(worlds))
    steps = len(worlds) // size
    optimizer = training.optimizer(steps * training.epochs)
    optimizer.build(model.trainable_variables)
    value = tf.function(model)

    @tf.function
    def improve(
        coarse: tf.Tensor, fovea: tf.Tensor, digits: tf.Tensor, places: tf.Tensor, usual: tf.Tensor
    ) -> tf.Tensor:
        with tf.GradientTape() as tape:
            scores = model([coarse, fovea], training=True)
            surprise = tf.nn.sparse_softmax_cross_entropy_with_logits(digits, scores[:, :DIGITS])
            worth = tf.stop_gradient(tf.exp(-surprise))
            where = tf.nn.log_softmax(scores[:, DIGITS:])
            unsure = -tf.reduce_sum(tf.exp(where) * where, axis=1)
            chosen = tf.gather(where, places, batch_dims=1)
            loss = tf.reduce_mean(surprise - (worth - usual) * chosen - UNSURE * unsure)
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return tf.reduce_mean(worth)

    told = keras.callbacks.CallbackList(list(callbacks), model=model, epochs=training.epochs, steps=steps)
    told.on_train_begin()
    history: dict[str, list[float]] = {"loss": []}
    usual = 1 / DIGITS
    for epoch in range(training.epochs):
        told.on_epoch_begin(epoch)
        order, rewards = random.permutation(len(worlds)), []
        for step in range(steps):
            part = worlds[order[step * size : (step + 1) * size]]
            scenes = scenes_of(part)
            coarse = seen_badly(scenes)
            nothing = np.zeros((len(part), FOVEA, FOVEA, 1), np.float32)  # where to look does not depend on it
            scores = value([coarse, nothing]).numpy()[:, DIGITS:]
            places = (scores + random.gumbel(size=scores.shape)).argmax(axis=1)
            digits = part[:, 0].astype(np.int64)
            reward = float(improve(coarse, seen_at(scenes, places), digits, places, tf.constant(usual, tf.float32)))
            usual = 0.98 * usual + 0.02 * reward
            rewards.append(reward)
            told.on_train_batch_end(step)
        history["loss"].append(1 - float(np.mean(rewards)))
        told.on_epoch_end(epoch)
    told.on_train_end()
    return history


def pictures(shows: Shows) -> Sequence[Picture]:
    """Scenes, and where the fovea goes from its first look."""
    if shows.y is None or not isinstance(shows.x, Mapping):
        return ()
    worlds, task = only(shows.y)[:DRAWN], Glimpse()
    scenes = scenes_of(worlds)
    few = {name: array[:DRAWN] for name, array in shows.x.items()}
    places = task.place(shows.layers("fixed", few)["said"])
    seen = seen_at(scenes, places)
    digits = task.decode(shows.layers("fixed", {**few, "fovea": seen})["said"])

    def draw(figure: "Figure") -> None:
        from matplotlib.patches import Rectangle

        above, below = figure.subplots(2, len(scenes), squeeze=False, height_ratios=[1.5, 1])
        for axes, look, scene, place, part, digit in zip(above, below, scenes, places, seen, digits, strict=True):
            axes.imshow(scene, cmap="gray", vmin=0, vmax=1)
            for at, colour in ((MIDDLE, TYPE), (int(place), MEAN)):
                corner = (at % PLACES * APART - 0.5, at // PLACES * APART - 0.5)
                axes.add_patch(Rectangle(corner, FOVEA, FOVEA, fill=False, edgecolor=colour, linewidth=1.2))
            look.imshow(part[..., 0], cmap="gray", vmin=0, vmax=1)
            look.set_title(str(digit), fontsize=9, color=INK)
            axes.set_axis_off()
            look.set_axis_off()

    note = (
        "Test scenes. The first look is at the middle; from what it sees badly of the whole the network says where the"
        " fovea goes, in the hardware's arithmetic. Below, what it sees there, and which digit it takes it for."
    )
    return [Picture("Where it looks", note, (8.4, 2.6), draw)]


NETWORK = Network(
    name="glimpse",
    title="A fovea that looks about",
    review=_REVIEW,
    description=(
        "Digits somewhere in scenes with scraps of others: sees a part of a scene well and all of it badly, and says"
        " where to look next; it has learned that by looking."
    ),
    dataset="glimpses",
    builder=build,
    training=Training(epochs=25, batch_size=128, optimizer=adam(2e-3)),
    expected_score=0.9,
    bits=8,
    fine_tune_epochs=2,
    target=Target("ULX3S-85F", target_ii=20_000, rtl_samples=50),
    training_seconds=200,
    task="glimpse",
    csim_samples=500,
    trainer=fit,
    pictures=pictures,
)

PASSIVE = Network(
    name="glimpse-passive",
    title="A net that sees all at once",
    review=_REVIEW,
    description="The same scenes at half their size, by a net of as many products that does not look about.",
    dataset="overviews",
    builder=build_passive,
    training=Training(epochs=10, batch_size=128, optimizer=adam(2e-3)),
    expected_score=0.8,
    bits=8,
    fine_tune_epochs=2,
    target=Target("ULX3S-85F", target_ii=20_000, rtl_samples=50),
    training_seconds=60,
    csim_samples=500,
)
