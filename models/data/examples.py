"""`Examples`: inputs and what they should give, of one array each or of several with names."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

Arrays = np.ndarray | Mapping[str, np.ndarray]
"""(samples, ...); with names, in the model's order, if there are several."""


def as_list(arrays: Arrays | list[np.ndarray]) -> list[np.ndarray]:
    """The arrays in order."""
    if isinstance(arrays, list):
        return arrays
    return list(arrays.values()) if isinstance(arrays, Mapping) else [arrays]


def only(arrays: Arrays | list[np.ndarray]) -> np.ndarray:
    """The one array there is."""
    (array,) = as_list(arrays)
    return array


def count(arrays: Arrays) -> int:
    """How many samples there are."""
    return len(as_list(arrays)[0])


def take(arrays: Arrays, chosen: slice | np.ndarray) -> Arrays:
    """Some of the samples."""
    if isinstance(arrays, Mapping):
        return {name: array[chosen] for name, array in arrays.items()}
    return arrays[chosen]


def as_floats(arrays: Arrays) -> Arrays:
    """The same numbers in float32, as test samples are."""
    if isinstance(arrays, Mapping):
        return {name: array.astype(np.float32) for name, array in arrays.items()}
    return arrays.astype(np.float32)


def members(name: str, arrays: Arrays | None) -> dict[str, np.ndarray]:
    """As a file holds them: `x`, or `x/NAME` for each of several; nothing for None."""
    if arrays is None:
        return {}
    if isinstance(arrays, Mapping):
        return {f"{name}/{key}": array for key, array in arrays.items()}
    return {name: arrays}


def gathered(name: str, held: Mapping[str, np.ndarray]) -> Arrays | None:
    """What `members` made of arrays, back again; None if a file holds none of them."""
    if name in held:
        return held[name]
    return {key.removeprefix(f"{name}/"): held[key] for key in held if key.startswith(f"{name}/")} or None


@dataclass(frozen=True, eq=False)
class Examples:
    """Some samples.

    Attributes:
        x: inputs, (samples, *input shape); with names if there are several.
        y: targets, (samples, ...), as the task reads them; with names if there are several; None without.
    """

    x: Arrays
    y: Arrays | None

    def __len__(self) -> int:
        return count(self.x)
