"""`memory`: it learns, sentences that are not there say nothing, and its picture shows where it looks."""

import numpy as np
import pytest

from netloom.models import get_network
from netloom.models.data.stories import PLACES, Question, bags
from netloom.models.networks import memory
from netloom.models.tasks import Shows
from netloom.report.pictures import drawn

PEOPLE = ("mary", "john", "daniel", "sandra")


def told(count: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Where everybody went, and where one of them went last."""
    random, made = np.random.default_rng(0), []
    for _ in range(count):
        last, story = {}, []
        for _ in range(random.integers(2, 8)):
            who, where = random.choice(PEOPLE), random.choice(PLACES)
            last[who] = where
            story.insert(0, frozenset(f"{who} went to the {where}".split()))
        who = random.choice(sorted(last))
        made.append(Question(tuple(story), frozenset(["where", "is", who]), last[who]))
    return bags(made)


@pytest.mark.slow
def test_it_learns_where_to_look() -> None:
    import keras

    x, y = told(4000)
    model = get_network("memory").build()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-2), loss, metrics=["accuracy"])
    model.fit({name: one[:3600] for name, one in x.items()}, y[:3600], batch_size=64, epochs=5, verbose=0)
    _, accuracy = model.evaluate({name: one[3600:] for name, one in x.items()}, y[3600:], verbose=0)
    assert accuracy > 0.9  # chance is a sixth


def test_a_sentence_that_is_not_there_is_zeros_to_every_hop() -> None:
    import keras

    model = get_network("memory").build()
    x, _ = told(5)
    vectors = keras.Model(model.inputs, [model.get_layer(f"memory{hop}").output for hop in range(3)])(x)
    there = (x["story"] != 0).any(axis=2)
    for one in vectors:
        assert ((np.asarray(one) != 0).any(axis=2) == there).all()


@pytest.mark.parametrize("hop", [1, 2, 3])
def test_its_picture_reads_as_the_story_and_shows_where_each_hop_looks(hop: int) -> None:
    x, _ = told(6)
    looks = {f"attention{one}": np.tile(np.eye(15)[one], (2, 1)) for one in range(1, hop + 1)}
    shows = Shows(x, None, PLACES, {}, lambda engine, few: looks | {"answer": np.eye(6)[[3, 5]]})
    (picture,) = memory.pictures(shows)
    text = drawn(picture, "story")
    assert "went to the" in text and "? hallway" in text and "? office" in text
