"""`Closable`: what holds a process or a port until it is closed."""

from abc import ABC, abstractmethod
from typing import Self


class Closable(ABC):
    """A context manager that closes itself at the end."""

    @abstractmethod
    def close(self) -> None:
        """Give back what is held; closing once more does nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
