"""`copying`, `sorting`: sequences that a machine reads symbol by symbol, and is then to give again, or to sort."""

from collections.abc import Callable

import numpy as np

from netloom.models.data.dataset import Dataset

BITS = 4
"""Of a symbol."""
LONGEST = 6
"""Symbols of a sequence in training."""
PLACES, NUMBERS = 16, 8
"""Of a machine's memory, and how many each holds."""
TRAIN, TEST = 4_000, 600
MARKS = 2
"""Inputs beside the bits: that a sequence begins, and that it is to be given."""
LEVELS = 32
"""Of priority, of which no two symbols of a sequence have the same."""


def drawn_sequences(count: int, lengths: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Bits, int64 (count, longest, 4), -1 behind the end of each.

    Args:
        count: of sequences.
        lengths: in symbols, from which theirs are drawn.
        random: draws.
    """
    length = random.choice(lengths, count)
    bits = random.integers(0, 2, (count, int(lengths.max()), BITS))
    return np.where(np.arange(bits.shape[1])[:, None] < length[:, None, None], bits, -1)


def drawn_priorities(count: int, lengths: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """As `drawn_sequences`, (count, longest, 5): behind its bits each symbol has a priority, 1 to `LEVELS`."""
    bits = drawn_sequences(count, lengths, random)
    levels = random.permuted(np.tile(np.arange(1, LEVELS + 1), (count, 1)), axis=1)[:, : bits.shape[1], None]
    return np.concatenate([bits, np.where(bits[..., :1] < 0, -1, levels)], axis=2)


def tape(sequences: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What a machine is shown, step by step, and what it is to give: symbols with priorities by those, highest first.

    Args:
        sequences: as `drawn_sequences` or `drawn_priorities` gives them.

    Returns:
        float32 (sequences, 2 * longest + 2, 6): a mark, the symbols, another mark, then nothing for as long as the
        answer takes; 7 with priorities, which are above 0 and up to 1. Bits, (sequences, 2 * longest + 2, 4), -1 where
        nothing is asked for.
    """
    count, longest, numbers = sequences.shape
    shown = np.zeros((count, 2 * longest + 2, numbers + MARKS), np.float32)
    wanted = np.full((count, 2 * longest + 2, BITS), -1, np.int64)
    for row, sequence in enumerate(sequences):
        length = int((sequence[:, 0] >= 0).sum())
        bits, levels = np.split(sequence[:length], [BITS], axis=1)
        shown[row, 0, BITS] = 1
        shown[row, 1 : length + 1, :BITS] = bits
        shown[row, 1 : length + 1, BITS + MARKS :] = levels / LEVELS
        shown[row, length + 1, BITS + 1] = 1
        order = np.argsort(-levels[:, 0]) if levels.size else slice(None)
        wanted[row, length + 2 : 2 * length + 2] = bits[order]
    return shown, wanted


def at_rest(count: int) -> dict[str, np.ndarray]:
    """The state in which a machine begins: nothing read, nothing remembered, both heads at the first place."""
    heads = np.zeros((count, PLACES), np.float32)
    heads[:, 0] = 1
    memory = np.zeros((count, PLACES, NUMBERS), np.float32)
    return {
        "read": np.zeros((count, NUMBERS), np.float32),
        "memory": memory,
        "at_read": heads,
        "at_write": heads.copy(),
    }


def _states(symbols: np.ndarray, random: np.random.Generator) -> dict[str, np.ndarray]:
    """Symbols in any states, in steps of 1/128: heads at a place and its neighbours, memories from -1 to 1."""
    count = len(symbols)
    heads = random.dirichlet(np.full(PLACES, 0.15), (2, count))
    values = random.uniform(-1, 1, (count, PLACES + 1, NUMBERS))
    drawn = {"read": values[:, 0], "memory": values[:, 1:], "at_read": heads[0], "at_write": heads[1]}
    return {"symbol": symbols} | {name: (np.round(one * 128) / 128).astype(np.float32) for name, one in drawn.items()}


def load_copying() -> Dataset:
    """x: steps of a machine in any state; y: sequences to test it on, in whose course it makes its own states."""
    random = np.random.default_rng(0)
    sequences = drawn_sequences(TEST, np.arange(1, LONGEST + 1), random)

    def states(count: int) -> dict[str, np.ndarray]:
        return _states(random.integers(0, 2, (count, BITS + MARKS)).astype(np.float32), random)

    return _loaded(f"symbols of {BITS} bits", sequences, states)


def load_sorting() -> Dataset:
    """As `load_copying`, of symbols with priorities; its steps are those of tapes."""
    random = np.random.default_rng(0)
    sequences = drawn_priorities(TEST, np.arange(1, LONGEST + 1), random)

    def states(count: int) -> dict[str, np.ndarray]:
        shown, _ = tape(drawn_priorities(count, np.arange(1, LONGEST + 1), random))
        return _states(shown[np.arange(count), random.integers(0, shown.shape[1], count)], random)

    return _loaded(f"symbols of {BITS} bits with one of {LEVELS} priorities", sequences, states)


def _loaded(symbols: str, sequences: np.ndarray, states: Callable[[int], dict[str, np.ndarray]]) -> Dataset:
    source = f"sequences of 1 to {LONGEST} {symbols} (drawn), {TEST:,} to test; steps of any state to train"
    return Dataset(states(TRAIN), None, states(TEST), sequences, None, source, task="turing")
