"""One member of an enumeration at random."""

from enum import Enum
from typing import TypeVar

import numpy as np

Member = TypeVar("Member", bound=Enum)


def pick(rng: np.random.Generator, kind: type[Member]) -> Member:
    """A member; `rng.choice` would give its string."""
    members = list(kind)
    return members[rng.integers(len(members))]
