"""Sampling: symbols come as often as they are likely, and a text is what its steps were given."""

import numpy as np
import pytest

from netloom.models.sampling import drawn_symbol, written


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_symbols_come_as_often_as_they_are_likely(temperature: float) -> None:
    random, likely = np.random.default_rng(0), np.array([0.5, 0.3, 0.2])
    drawn = [drawn_symbol(np.log(likely) + 3, random, temperature) for _ in range(4000)]
    wanted = likely ** (1 / temperature)
    assert np.bincount(drawn) / 4000 == pytest.approx(wanted / wanted.sum(), abs=0.03)


def test_every_symbol_is_the_next_input() -> None:
    seen = []

    def step(x: np.ndarray) -> np.ndarray:
        assert x.shape == (1, 1)
        seen.append(int(x[0, 0]))
        return np.where(np.arange(10) == (seen[-1] + 1) % 10, 99.0, 0.0)[None, None]

    assert written(step, [3, 4], 8) == [3, 4, 5, 6, 7, 8, 9, 0, 1, 2]
    assert seen == [3, 4, 5, 6, 7, 8, 9, 0, 1]
