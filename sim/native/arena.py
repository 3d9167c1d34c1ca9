"""`Arena`: where each tensor of a block of samples lies."""

_ALIGNMENT = 64
"""Bytes; a vector's."""


class Arena:
    """Places for tensors, in bytes a sample; those of tensors that nobody reads any more are taken again."""

    def __init__(self) -> None:
        self._places: dict[str, tuple[int, int]] = {}
        self.most = 0

    def room(self, name: str, size: int) -> int:
        """A place for a tensor: the first gap that is large enough."""
        size = -(-size // _ALIGNMENT) * _ALIGNMENT
        start = 0
        for first, taken in sorted(self._places.values()):
            if first - start >= size:
                break
            start = max(start, first + taken)
        self._places[name] = start, size
        self.most = max(self.most, start + size)
        return start

    def at(self, name: str) -> int:
        """Where a tensor lies."""
        return self._places[name][0]

    def release(self, name: str) -> None:
        """Give a tensor's place to others."""
        del self._places[name]

    def bytes_for(self, samples: int) -> int:
        """What it takes for a block of so many."""
        return self.most * samples + _ALIGNMENT
