"""Networks and data sets: what is trained, on what, and how. Importing this does not import Keras."""

from netloom.models.data.dataset import Dataset
from netloom.models.data.sets import load_dataset
from netloom.models.networks.network import Network, Target, Training
from netloom.models.networks.registry import get_network, networks
from netloom.models.training import train

__all__ = [
    "Dataset",
    "Network",
    "Target",
    "Training",
    "get_network",
    "load_dataset",
    "networks",
    "train",
]
