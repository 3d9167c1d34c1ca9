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
from netloom.models.seeding import seed_training
from netloom.models.tasks.glimpse import DIGITS, Glimpse
from netloom.models.tasks.pictures.picture import Picture, Shows

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

_REVIEW = "The future of deep learning: systems that decide where to look, trained by reinforcement learning"
UNSURE = 0.02
"""What a nat of entropy of the places is worth in training: it keeps trying others."""
SHIFT = 4
"""Pixels that scenes are shifted by in training, at most: the rim of a digit's picture is empty."""
DRAWN = 6


def build() -> "keras.Model":
    """15x15 of all -> convolutions -> 25 scores of places; 28x28 of the fovea -> convolutions, 96 -> 10 of digits."""
    import keras
    from keras import layers

    coarse = keras.Input((SCENE // 4, SCENE // 4, 1), name="coarse")
    fovea = keras.Input((FOVEA, FOVEA, 1), name="fovea")
    where = coarse
    for number in (1, 2):
        where = layers.Conv2D(8, 3, activation="relu", name=f"where{number}")(where)
    places = layers.Dense(PLACES**2, name="places")(layers.Flatten(name="flatten_where")(where))
    digits = _recognized(fovea, (16, 32, 64))
    return keras.Model([coarse, fovea], layers.Concatenate(name="said")([digits, places]), name="glimpse")


def build_passive() -> "keras.Model":
    """30x30 of all -> the same layers, wider: about as many products as two looks of `glimpse`."""
    import keras

    scene = keras.Input((SCENE // HALF, SCENE // HALF, 1), name="scene")
    return keras.Model(scene, _recognized(scene, (22, 44, 64)), name="glimpse-passive")


def _recognized(seen: "keras.KerasTensor", filters: Sequence[int]) -> "keras.KerasTensor":
    """Scores of the digits."""
    from keras import layers

    for number, count in enumerate(filters, start=1):
        if number > 1:
            seen = layers.MaxPooling2D(name=f"pool{number - 1}")(seen)
        seen = layers.Conv2D(count, 3, use_bias=False, name=f"conv{number}")(seen)
        seen = layers.BatchNormalization(name=f"norm{number}")(seen)
        seen = layers.Activation("relu", name=f"relu{number}")(seen)
    seen = layers.Dropout(0.2, name="dropout1")(layers.Flatten(name="flatten")(seen))
    seen = layers.Dense(96, activation="relu", name="hidden")(seen)
    return layers.Dense(DIGITS, name="digits")(layers.Dropout(0.2, name="dropout2")(seen))


def fit(
    model: "keras.Model",
    dataset: Dataset,
    training: Training,
    seed: int = 0,
    callbacks: Sequence["keras.callbacks.Callback"] = (),
) -> dict[str, list[float]]:
    """Look twice at each scene, at places drawn as the network would have them, and learn which look was better.

    A look is worth the probability that the right digit has after it, less what the other was worth (REINFORCE,
    Williams, 1992; with the other for a baseline, Kool et al., 2019); the digit itself is learned from what was seen.
    Where it is nobody says.
    """
    import keras
    import tensorflow as tf

    seed_training(seed)
    random = np.random.default_rng(seed)
    assert dataset.y_train is not None
    worlds = only(dataset.y_train)
    size = min(training.batch_size, len(worlds))
    steps = len(worlds) // size
    optimizer = training.optimizer(steps * training.epochs)
    optimizer.build(model.trainable_variables)
    likely = tf.function(keras.Model(model.inputs[0], model.get_layer("places").output))

    @tf.function
    def improve(coarse: tf.Tensor, fovea: tf.Tensor, digits: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            scores = model([coarse, fovea], training=True)
            surprise = tf.nn.sparse_softmax_cross_entropy_with_logits(digits, scores[:, :DIGITS])
            worth = tf.reshape(tf.stop_gradient(tf.exp(-surprise)), (2, -1))
            better = tf.reshape(worth - worth[::-1], (-1,))
            where = tf.nn.log_softmax(scores[:, DIGITS:])
            unsure = -tf.reduce_sum(tf.exp(where) * where, axis=1)
            chosen = tf.gather(where, places, batch_dims=1)
            loss = tf.reduce_mean(surprise - better * chosen - UNSURE * unsure)
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return tf.reduce_mean(worth)

    told = keras.callbacks.CallbackList(list(callbacks), model=model, epochs=training.epochs, steps=steps)
    told.on_train_begin()
    history: dict[str, list[float]] = {"loss": []}
    for epoch in range(training.epochs):
        told.on_epoch_begin(epoch)
        order, worths = random.permutation(len(worlds)), []
        for step in range(steps):
            part = worlds[order[step * size : (step + 1) * size]]
            scenes = np.roll(scenes_of(part), random.integers(-SHIFT, SHIFT + 1, 2), axis=(1, 2))
            coarse = seen_badly(scenes)
            scores = likely(coarse).numpy()
            places = (scores + random.gumbel(size=(2, *scores.shape))).argmax(axis=2)
            fovea = np.concatenate([seen_at(scenes, one) for one in places])
            digits = np.tile(part[:, 0].astype(np.int64), 2)
            worths.append(float(improve(np.tile(coarse, (2, 1, 1, 1)), fovea, digits, places.ravel())))
            told.on_train_batch_end(step)
        history["loss"].append(1 - float(np.mean(worths)))
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
    training=Training(epochs=6, batch_size=128, optimizer=adam(2e-3)),
    expected_score=0.965,
    bits=8,
    fine_tune_epochs=0,
    target=Target("ULX3S-85F", target_ii=18_432, rtl_samples=200),
    training_seconds=323,
    task="glimpse",
    io_type="io_stream",
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
    training=Training(epochs=6, batch_size=128, optimizer=adam(2e-3), validation_fraction=0.0),
    expected_score=0.95,
    bits=8,
    fine_tune_epochs=0,
    target=Target("ULX3S-85F", target_ii=18_432, rtl_samples=200),
    training_seconds=294,
    io_type="io_stream",
    csim_samples=500,
)
