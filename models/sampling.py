"""Sampling: a text is written by a network that says what may come next, a symbol after the other."""

from collections.abc import Callable, Sequence

import numpy as np

NextScores = Callable[[np.ndarray], np.ndarray]
"""Takes the next symbols, (1, steps), and gives scores of what may follow, (1, steps, symbols); knows those before."""


def drawn_symbol(scores: np.ndarray, random: np.random.Generator, temperature: float = 1.0) -> int:
    """A symbol, each as often as it is likely.

    The largest sum of score and Gumbel noise: what a network whose host adds the noise would find by an arg-max.

    Args:
        scores: logarithms of the probabilities, up to a constant, (symbols,).
        random: draws.
        temperature: below 1 likely symbols become likelier; above, less so.
    """
    return int((scores / temperature + random.gumbel(size=scores.shape)).argmax())


def written(step: NextScores, start: Sequence[int], length: int, seed: int = 0, temperature: float = 1.0) -> list[int]:
    """A text that begins with `start`, and goes on by `length` symbols that are drawn, one step at a time.

    Args:
        step: of a network that keeps its state.
        start: symbols that are given, at least one.
        length: symbols to draw.
        seed: of what is drawn.
        temperature: as `drawn_symbol` takes it.
    """
    random, text = np.random.default_rng(seed), list(start)
    for symbol in start[:-1]:
        step(np.array([[symbol]]))
    for _ in range(length):
        scores = np.asarray(step(np.array([[text[-1]]])))
        text.append(drawn_symbol(scores[0, -1].astype(np.float64), random, temperature))
    return text
