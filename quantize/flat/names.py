"""Names of the layers of a flat model: the user's, each once."""

import itertools
from collections.abc import Collection

SEPARATOR = "."
"""Between the name of a nested model and a layer's in it, or of a layer and its part's; Keras allows no slash."""


class Names:
    """Gives names that differ.

    Args:
        taken: those that are none of ours to give.
    """

    def __init__(self, taken: Collection[str]) -> None:
        self._taken = set(taken)

    def of(self, name: str) -> str:
        """`name`, or the first of `name_2`, `name_3`, ... that is not taken; it is then."""
        found = unique_name(name, self._taken)
        self._taken.add(found)
        return found


def unique_name(name: str, taken: Collection[str]) -> str:
    """`name`, or the first of `name_2`, `name_3`, ... that is not taken."""
    candidates = itertools.chain([name], (f"{name}_{number}" for number in itertools.count(2)))
    return next(candidate for candidate in candidates if candidate not in taken)
