"""`copying`: sequences of bits that a machine reads one by one, and is then to give again."""

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
"""Inputs beside the bits: that a sequence begins, and that it is to be given again."""


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


def tape(sequences: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What a machine is shown, step by step, and what it is to give.

    Args:
        sequences: as `drawn_sequences` gives them.

    Returns:
        float32 (sequences, 2 * longest + 2, 6): a mark, the symbols, another mark, then nothing for as long as the
        answer takes. Bits, (sequences, 2 * longest + 2, 4), -1 where nothing is asked for.
    """
    count, longest, _ = sequences.shape
    shown = np.zeros((count, 2 * longest + 2, BITS + MARKS), np.float32)
    wanted = np.full((count, 2 * longest + 2, BITS), -1, np.int64)
    for row, sequence in enumerate(sequences):
        length = int((sequence[:, 0] >= 0).sum())
        shown[row, 0, BITS] = 1
        shown[row, 1 : length + 1, :BITS] = sequence[:length]
        shown[row, length + 1, BITS + 1] = 1
        wanted[row, length + 2 : 2 * length + 2] = sequence[:length]
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


def _states(count: int, random: np.random.Generator) -> dict[str, np.ndarray]:
    """Any symbols and any states, in steps of 1/128: heads at a place and its neighbours, memories from -1 to 1."""
    symbols = random.integers(0, 2, (count, BITS + MARKS)).astype(np.float32)
    heads = random.dirichlet(np.full(PLACES, 0.15), (2, count))
    values = random.uniform(-1, 1, (count, PLACES + 1, NUMBERS))
    drawn = {"read": values[:, 0], "memory": values[:, 1:], "at_read": heads[0], "at_write": heads[1]}
    return {"symbol": symbols} | {name: (np.round(one * 128) / 128).astype(np.float32) for name, one in drawn.items()}


def load_copying() -> Dataset:
    """x: steps of a machine in any state; y: sequences to test it on, in whose course it makes its own states."""
    random = np.random.default_rng(0)
    sequences = drawn_sequences(TEST, np.arange(1, LONGEST + 1), random)
    source = (
        f"sequences of 1 to {LONGEST} symbols of {BITS} bits (drawn), {TEST:,} to test; steps of any state to train"
    )
    return Dataset(_states(TRAIN, random), None, _states(TEST, random), sequences, None, source, task="turing")
