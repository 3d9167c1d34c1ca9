"""Steps of a training in which no image is ever seen twice the same."""

from typing import TYPE_CHECKING, Any

import numpy as np

from netloom.models.deformation import Deformation

if TYPE_CHECKING:
    import keras


def deformed_batches(
    x: np.ndarray, y: np.ndarray, batch_size: int, deformation: Deformation, seed: int
) -> "keras.utils.PyDataset":
    """Batches for `fit`: in each epoch all samples, in an order and with deformations of that epoch.

    Args:
        x: images, (samples, height, width, channels), 0 to 1.
        y: targets, (samples, ...).
        batch_size: samples a step; the last step of an epoch has what is left.
        deformation: of each image.
        seed: the same gives the same batches.
    """
    import keras

    class Batches(keras.utils.PyDataset):
        def __init__(self) -> None:
            super().__init__()
            self.epoch = 0
            self.order = self._drawn()

        def _drawn(self) -> np.ndarray:
            return np.random.default_rng((seed, self.epoch)).permutation(len(x))

        def __len__(self) -> int:
            return -(-len(x) // batch_size)

        def __getitem__(self, index: int) -> tuple[Any, Any]:
            # Batches are made ahead in another thread: what is drawn depends on nothing but their number.
            chosen = self.order[index * batch_size : (index + 1) * batch_size]
            return deformation(x[chosen], np.random.default_rng((seed, self.epoch, index))), y[chosen]

        def on_epoch_end(self) -> None:
            self.epoch += 1
            self.order = self._drawn()

    return Batches()
