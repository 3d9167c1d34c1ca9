"""`video` and the films it is trained on."""

import numpy as np
import pytest

from netloom.models import get_network, load_dataset
from netloom.models.data.films import FRAMES, MOVEMENTS, SIDE, draw_films
from netloom.models.tasks.pictures.picture import Shows
from netloom.report.pictures import drawn

DIGITS = np.random.default_rng(1).integers(1, 17, (5, 8, 8)) / 16


def test_films_are_drawn_the_same_every_time_on_the_grid_of_the_digits() -> None:
    films = load_dataset("films")
    for x, y, count in ((films.x_train, films.y_train, 6000), (films.x_test, films.y_test, 1000)):
        assert isinstance(x, np.ndarray) and isinstance(y, np.ndarray)
        assert x.shape == (count, FRAMES, SIDE, SIDE, 1)
        assert (x.dtype, y.dtype) == (np.float32, np.int64)
        assert (x.min(), x.max()) == (0, 1)
        assert (x * 16 == np.round(x * 16)).all()
        assert np.ptp(np.bincount(y)) <= 1
    assert films.digest == load_dataset("films").digest
    assert films.class_names == tuple(MOVEMENTS)


def test_a_film_moves_as_its_label_says_and_comes_back_on_the_other_side() -> None:
    films, movements = draw_films(DIGITS, 90, seed=2, noise=0)
    speeds = set()
    for film, movement in zip(films[..., 0], movements, strict=True):
        down, right = list(MOVEMENTS.values())[movement]
        fits = [
            speed
            for speed in (1, 2)
            if all((np.roll(film[0], (n * speed * down, n * speed * right), (0, 1)) == film[n]).all() for n in range(5))
        ]
        assert fits
        speeds |= set(fits)
    assert speeds == {1, 2}
    # One frame says nothing: wherever a digit is, it may go anywhere.
    seen = (films > 0).mean(axis=0)
    assert abs(seen - 64 / 144).max() < 0.25


def test_noise_is_drawn_anew_in_every_frame() -> None:
    films, movements = draw_films(DIGITS * 0, 9, seed=0)
    still = films[movements == 0][0]
    assert (still[0] != still[1]).any()


@pytest.mark.slow
def test_a_few_epochs_on_a_few_films_beat_chance() -> None:
    from dataclasses import replace

    network, films = get_network("video"), load_dataset("films")
    few = replace(films, x_train=films.x_train[:2000], y_train=films.y_train[:2000])
    model = network.build()
    history = network.train(model, few, replace(network.training, epochs=6))
    assert history["accuracy"][-1] > 0.3


def test_its_picture_has_a_film_of_each_movement() -> None:
    x, y = draw_films(DIGITS, 30, seed=0)
    shows = Shows(x, y, tuple(MOVEMENTS), {"fixed": [np.eye(9)[y]]}, lambda engine, inputs: {})
    (picture,) = get_network("video").pictures(shows)  # type: ignore[misc]
    text = drawn(picture, "film")
    assert text.count("<image") == 9
    for name in MOVEMENTS:
        assert f"{name}: fixed says {name}" in text
