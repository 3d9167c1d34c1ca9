"""Networks and data sets: what is trained, on what, and how. Importing this does not import Keras."""

from netloom.models.data import load_dataset
from netloom.models.dataset import Dataset
from netloom.models.network import Network, Training
from netloom.models.registry import get_network, networks
from netloom.models.training import train

__all__ = [
    "Dataset",
    "Network",
    "Training",
    "get_network",
    "load_dataset",
    "networks",
    "train",
]
