"""Networks and data sets: what is trained, on what, and how. Importing this does not import Keras."""

from typing import TYPE_CHECKING, Any

from netloom.models.data.dataset import Dataset
from netloom.models.data.sets import load_dataset
from netloom.models.networks.network import Network, Training
from netloom.models.networks.registry import get_network, networks
from netloom.models.training import train

if TYPE_CHECKING:
    from netloom.models.progress import RichProgress

__all__ = [
    "Dataset",
    "Network",
    "RichProgress",
    "Training",
    "get_network",
    "load_dataset",
    "networks",
    "train",
]


def __getattr__(name: str) -> Any:
    # A Keras callback's class needs Keras to be defined.
    if name == "RichProgress":
        from netloom.models.progress import RichProgress

        return RichProgress
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
