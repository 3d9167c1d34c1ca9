"""Images deformed: what each number does, and what a training is fed with."""

import dataclasses

import keras
import numpy as np
import pytest

from netloom.models import Dataset, Training, train
from netloom.models.deformation import Deformation
from netloom.models.deformed_batches import deformed_batches
from netloom.models.networks.optimizers import adam

ROWS, COLUMNS = np.mgrid[:32, :32]
MANY = 60


def blobs(row: float = 15.5, column: float = 15.5) -> np.ndarray:
    """The same soft spot, three channels, many times."""
    spot = np.exp(-((ROWS - row) ** 2 + (COLUMNS - column) ** 2) / 20)
    return np.tile(spot[None, ..., None], (MANY, 1, 1, 3))


def middles(images: np.ndarray) -> np.ndarray:
    """Where the light of each is, (images, 2)."""
    light = images.mean(axis=3)
    return np.stack([(light * one).sum(axis=(1, 2)) / light.sum(axis=(1, 2)) for one in (ROWS, COLUMNS)], axis=1)


def spreads(images: np.ndarray) -> np.ndarray:
    """How far it reaches to either side in height and width, (images, 2)."""
    light, middle = images.mean(axis=3), middles(images)
    return np.stack(
        [
            np.sqrt((light * (one - middle[:, axis, None, None]) ** 2).sum(axis=(1, 2)) / light.sum(axis=(1, 2)))
            for axis, one in enumerate((ROWS, COLUMNS))
        ],
        axis=1,
    )


def drawn(images: np.ndarray, **amounts: float | bool) -> np.ndarray:
    found = Deformation(**amounts)(images, np.random.default_rng(0))  # type: ignore[arg-type]
    assert found.dtype == np.float32 and found.shape == images.shape
    assert 0 <= found.min() <= found.max() <= 1
    return found


def test_nothing_asked_for_changes_nothing() -> None:
    images = np.random.default_rng(1).random((5, 7, 9, 2)).astype(np.float32)
    np.testing.assert_allclose(drawn(images), images, atol=1e-6)


def test_a_shift_is_drawn_up_to_so_many_pixels() -> None:
    moved = middles(drawn(blobs(), shift=3)) - 15.5
    assert np.abs(moved).max() < 3.1
    assert (moved.max(axis=0) > 2).all() and (moved.min(axis=0) < -2).all()


def test_scale_is_of_both_directions_and_stretch_of_each() -> None:
    plain = spreads(blobs())
    scaled, stretched = (np.log(spreads(drawn(blobs(), **{name: 0.3})) / plain) for name in ("scale", "stretch"))
    assert np.ptp(scaled, axis=1).max() < 0.02
    assert np.ptp(stretched, axis=1).max() > 0.3
    for found in (scaled, stretched):
        assert 0.2 < np.abs(found).max() < 0.31


def test_a_turn_is_about_the_middle() -> None:
    moved = middles(drawn(blobs(row=8), turn=0.5)) - 15.5
    np.testing.assert_allclose(np.hypot(*moved.T), 7.5, atol=0.1)
    angles = np.arctan2(moved[:, 1], -moved[:, 0])
    assert 0.4 < angles.max() < 0.51 and -0.51 < angles.min() < -0.4


def test_shear_moves_what_is_beside_the_middle_up_or_down() -> None:
    moved = middles(drawn(blobs(column=23), shear=0.3)) - 15.5
    np.testing.assert_allclose(moved[:, 1], 7.5, atol=0.1)
    assert 1.5 < np.abs(moved[:, 0]).max() < 2.3


def test_light_changes_about_its_middle_and_stays_in_bounds() -> None:
    grey = np.full((MANY, 4, 4, 1), 0.5)
    assert (drawn(grey, contrast=0.5) == 0.5).all()
    brighter = drawn(grey, brightness=0.2)[:, 0, 0, 0] - 0.5
    assert 0.15 < brighter.max() <= 0.2 and -0.2 <= brighter.min() < -0.15
    contrast = (drawn(grey + 0.2, contrast=0.5)[:, 0, 0, 0] - 0.5) / 0.2
    assert 1.3 < contrast.max() <= 1.5 and 0.5 <= contrast.min() < 0.7
    drawn(np.ones((MANY, 4, 4, 1)), contrast=0.5, brightness=0.5)


def test_half_of_the_images_are_mirrored_if_asked() -> None:
    left = (middles(drawn(blobs(column=8), mirror=True))[:, 1] < 15).sum()
    assert 15 < left < 45
    assert (middles(drawn(blobs(column=8)))[:, 1] < 15).all()


def test_every_epoch_has_all_samples_once_deformed_anew_and_the_same_for_a_seed() -> None:
    x, y = blobs()[:10], np.arange(10)
    first, same, other = (deformed_batches(x, y, 4, Deformation(shift=2), seed) for seed in (0, 0, 1))

    def epoch(batches):  # type: ignore[no-untyped-def]
        found = [batches[number] for number in range(len(batches))]
        batches.on_epoch_end()
        assert [len(labels) for _, labels in found] == [4, 4, 2]
        images, labels = (np.concatenate(part) for part in zip(*found, strict=True))
        assert sorted(labels) == list(range(10))
        return images[np.argsort(labels)], labels

    (one, order), (again, order_again), (third, other_order) = (epoch(batches) for batches in (first, same, other))
    assert (one == again).all() and (order == order_again).all()
    assert (one != third).any() and (order != other_order).any()
    later, later_order = epoch(first)
    assert (one != later).any() and (order != later_order).any()


@pytest.mark.parametrize("held_out", [pytest.param(0.0, marks=pytest.mark.slow), 0.25])
def test_a_training_sees_deformed_images_and_holds_out_plain_ones(held_out: float) -> None:
    seen: list[np.ndarray] = []

    class Watching(Deformation):
        def __call__(self, images: np.ndarray, random: np.random.Generator) -> np.ndarray:
            seen.append(images)
            return super().__call__(images, random)

    random = np.random.default_rng(0)
    x, y = random.random((40, 8, 8, 1)).astype(np.float32), np.arange(40) % 10
    training = Training(
        epochs=2, batch_size=16, optimizer=adam(1e-2), validation_fraction=held_out, deformation=Watching(shift=2)
    )

    def weights(training: Training) -> list[np.ndarray]:
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(10)])
        history = train(model, Dataset(x, y, x, y, None, "noise"), training)
        assert ("val_accuracy" in history) == bool(held_out)
        return [*model.get_weights()]

    first, second, plain = (
        weights(one) for one in (training, training, dataclasses.replace(training, deformation=None))
    )
    assert all((one == other).all() for one, other in zip(first, second, strict=True))
    assert any((one != other).any() for one, other in zip(first, plain, strict=True))
    assert len({image.tobytes() for batch in seen for image in batch}) == 40 - int(40 * held_out)
