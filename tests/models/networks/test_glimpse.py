"""`glimpse`: scenes and what is seen of them, how looking is judged, and that it is learned from what comes of it."""

from dataclasses import replace

import numpy as np
import pytest

from netloom.errors import InputError
from netloom.models import Dataset, get_network
from netloom.models.data import glimpses
from netloom.models.data.examples import Examples
from netloom.models.networks import glimpse
from netloom.models.networks.optimizers import adam
from netloom.models.tasks import Shows, find_task
from netloom.report.pictures import drawn

TASK = find_task("glimpse")
IMAGES = np.zeros((300, 28, 28))
LABELS = np.arange(300) % 10
for number, image in enumerate(IMAGES):  # as long a bar as the digit says
    image[10:18, 4 : 6 + 2 * (number % 10)] = 0.75
WORLDS, BEST = glimpses.draw_worlds(IMAGES, LABELS, seed=0)


def perfect(x):
    """Knows the digit once the whole of the bar is in the middle of what it sees well; looks at the brightest place."""
    bright = x["coarse"][..., 0]
    places = [bright[:, 2 * (place // 5) :, 2 * (place % 5) :][:, :7, :7].sum(axis=(1, 2)) for place in range(25)]
    width = (x["fovea"][..., 0] > 0.5).any(axis=1).sum(axis=1)
    digits = np.clip((width - 2) // 2, 0, 9)
    return np.concatenate([np.eye(10)[digits], np.stack(places, axis=1)], axis=1)


def test_what_is_seen_well_is_a_part_of_the_scene_and_badly_all_of_it() -> None:
    scenes = glimpses.scenes_of(WORLDS)
    assert scenes.shape == (300, 60, 60) and scenes.max() == 0.75
    places = np.arange(300) % 25
    seen = glimpses.seen_at(scenes, places)
    for scene, place, part in zip(scenes, places, seen, strict=True):
        row, column = divmod(int(place), 5)
        assert (part[..., 0] == scene[8 * row : 8 * row + 28, 8 * column : 8 * column + 28]).all()
    coarse = glimpses.seen_badly(scenes)
    assert coarse.shape == (300, 15, 15, 1)
    assert coarse[7, 3, 9, 0] == np.floor(scenes[7, 12:16, 36:40].mean() * 256) / 256
    assert (WORLDS[:, 0] == LABELS).all()


def test_the_best_place_has_all_of_the_digit_but_a_rim() -> None:
    bars = [(glimpses.seen_at(glimpses.scenes_of(WORLDS), BEST)[number] > 0.5).sum() for number in range(300)]
    assert (np.array(bars) >= 8 * (2 + 2 * LABELS) * 0.8).mean() > 0.9


def test_it_is_judged_where_it_has_looked() -> None:
    scenes, asked = glimpses.scenes_of(WORLDS), []

    def predict(x):
        asked.append(x)
        return perfect(x)

    x = glimpses.looks(WORLDS, np.full(300, glimpses.MIDDLE))
    found = TASK.evaluate(predict, Examples(x, WORLDS))
    assert asked[0] is x and len(asked) == 2
    place = perfect(x)[:, 10:].argmax(axis=1)
    assert (asked[1]["fovea"] == glimpses.seen_at(scenes, place)).all()
    assert found["digits_right"] == (perfect(asked[1])[:, :10].argmax(axis=1) == LABELS).mean()
    assert found["right_at_first_look"] == (perfect(x)[:, :10].argmax(axis=1) == LABELS).mean()


@pytest.mark.parametrize(
    ("worlds", "message"),
    [
        (np.zeros((2, 9)), r"y must be worlds, \(samples, 3601\) of 0 to 255"),
        (np.full((2, 3601), 0.5), r"y must be worlds"),
        (np.full((2, 3601), 12), "y: a world begins with its digit, 0 to 9, not 12"),
    ],
)
def test_what_is_no_world_is_refused(worlds: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        TASK.read("y", worlds)
    with pytest.raises(InputError, match=r"m gives \(10,\), and glimpse takes \(35,\) scores"):
        TASK.check("y", "m", (10,), WORLDS)


@pytest.mark.slow
def test_looking_is_learned_from_what_comes_of_it() -> None:
    """Nobody says where the digit is; places near it become likelier than chance all the same."""
    network = get_network("glimpse")
    x = glimpses.looks(WORLDS, BEST)
    data = Dataset(x, WORLDS, x, WORLDS, None, "drawn", task="glimpse")
    some = replace(network.training, batch_size=50, optimizer=adam(5e-3))
    found = []
    for _ in range(2):
        model = network.build()
        network.train(model, data, replace(some, epochs=2))
        found.append(model.get_weights())
    assert all((one == other).all() for one, other in zip(*found, strict=True))
    history = network.train(model, data, replace(some, epochs=80))
    assert history["loss"][-1] < history["loss"][0] - 0.2
    place = TASK.place(np.asarray(model(x)))
    near = np.abs(np.stack(np.divmod(place, 5)) - np.stack(np.divmod(BEST, 5))).max(axis=0) <= 1
    assert near.mean() > 0.6  # by chance it is near about a third of the time


def test_its_picture_has_scenes_and_what_is_seen_in_them() -> None:
    x = glimpses.looks(WORLDS, np.full(300, glimpses.MIDDLE))
    shows = Shows(x, WORLDS, (), {}, lambda engine, given: {"said": perfect(given)})
    (picture,) = glimpse.pictures(shows)
    assert drawn(picture, "scenes").count("<image") == 2 * glimpse.DRAWN


def test_the_passive_one_has_about_as_many_products_as_two_looks() -> None:
    def products(name: str) -> int:
        found = 0
        for layer in get_network(name).build().layers:
            if layer.weights and layer.weights[0].ndim > 1:  # a normalization becomes part of what it follows
                kernel = layer.weights[0].shape
                places = np.prod(layer.output.shape[1:-1]) if len(kernel) == 4 else 1
                found += int(np.prod(kernel) * places)
        return found

    assert 0.9 < products("glimpse-passive") / (2 * products("glimpse")) < 1.2
