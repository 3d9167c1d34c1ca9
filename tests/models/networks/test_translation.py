"""`translation`: what its report shows."""

import numpy as np
import pytest

from netloom.models.data.number_words import FRENCH, translated
from netloom.models.flat_map import flat_map
from netloom.models.networks import translation
from netloom.models.tasks import Shows
from netloom.report.pictures import drawn


def test_its_pictures_have_what_it_says_where_it_looks_and_a_map_of_phrases() -> None:
    x, y = translated(np.arange(300, 340))

    def layers(engine, given):
        assert engine == "fixed"
        count = len(given["english"])
        return {
            "logits": np.eye(len(FRENCH))[y[:count]],
            "attention": np.tile(np.eye(8)[:, :7], (count, 1, 1)),
            "encoder": np.random.default_rng(0).normal(size=(count, 7, 4)),
        }

    looks, phrases = translation.pictures(Shows(x, y, FRENCH.names, {}, layers))
    text = drawn(looks, "looks")
    assert text.count("hundred") == translation.DRAWN and "trois" in text
    assert "three hundred" in drawn(phrases, "phrases")


def test_things_that_are_alike_are_near_one_another_on_a_map() -> None:
    random = np.random.default_rng(0)
    vectors = np.repeat(np.eye(8)[:2] * 9, 20, axis=0) + random.normal(0, 0.1, (40, 8))
    points = flat_map(vectors)
    middles = points[:20].mean(axis=0), points[20:].mean(axis=0)
    spread = max(np.linalg.norm(points[:20] - middles[0], axis=1).max(), 1e-9)
    assert np.linalg.norm(middles[0] - middles[1]) > spread
    assert flat_map(vectors) == pytest.approx(points)
