"""`Picture`: what a network or a task draws for the top of its report."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from netloom.models.data.examples import Arrays

if TYPE_CHECKING:  # Matplotlib is slow to import; listing networks must not.
    from matplotlib.figure import Figure

ON_IMAGES = ("#35c8ff", "#ff8c2e")
"""Colours of what is right and of what `fixed` says. Not the page's: they stand on an image, light or dark alike."""


@dataclass(frozen=True, eq=False)
class Shows:
    """What a run knows, for those who draw it.

    Attributes:
        x: test samples, (samples, *input shape), by name if there are several inputs.
        y: targets as the task reads them; None where there are none.
        names: of the classes; empty if they have none.
        predictions: by engine, of each output (samples of that engine, *output shape): the first samples of `x`.
        layers: every layer's output, float64 (samples, *shape), that an engine gives on any inputs. Engines are
            'float' and 'fixed', under the layers' names in the model as it was built. In 'fixed' a function of one
            value, such as tanh, is there as its quantizer rounds it.
        steps: opens the network in the hardware's arithmetic as one that takes a sequence step by step and keeps its
            state: a function of the next step, (1, 1, ...) or (1, 1), that gives the output after it. Only of networks
            that `netloom.quantize.streaming` takes; None where nobody could open it.
    """

    x: Arrays
    y: Arrays | None
    names: Sequence[str]
    predictions: Mapping[str, list[np.ndarray]]
    layers: Callable[[str, Arrays], Mapping[str, np.ndarray]]
    steps: Callable[[], AbstractContextManager[Callable[[np.ndarray], np.ndarray]]] | None = None


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture and what it is of.

    Attributes:
        title: its heading.
        note: a sentence or two.
        size: width and height in inches; the page is 8.4 wide.
        draw: draws on an empty figure. Colours of `netloom.common.palette` become those of the page, light or dark.
    """

    title: str
    note: str
    size: tuple[float, float]
    draw: "Callable[[Figure], None]"


Draw = Callable[[Shows], Sequence[Picture]]
"""Gives pictures in order; imports what it draws with only when called."""
