"""Layer by layer without labels, as in 2006: each is a restricted Boltzmann machine on what the one below gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Pretraining:
    """How each layer learns to model its inputs (scikit-learn's `BernoulliRBM`).

    Attributes:
        epochs: passes over the samples.
        batch_size: samples a step.
        rate: learning rate.
    """

    epochs: int = 5
    batch_size: int = 50
    rate: float = 0.05


def pretrain(layers: "Sequence[keras.layers.Dense]", x: np.ndarray, how: Pretraining, seed: int) -> list[np.ndarray]:
    """Give dense layers, which sigmoids follow, the weights of restricted Boltzmann machines stacked on each other.

    Args:
        layers: from the inputs upwards; built.
        x: samples, 0 to 1, (samples, ...); flattened.
        how: epochs, batch size, learning rate.
        seed: of the order and of the sampling.

    Returns:
        For each layer the biases of what it looks at, (inputs,): with the transposed weights the way back down.
    """
    from sklearn.neural_network import BernoulliRBM

    values, down = x.reshape(len(x), -1), []
    for layer in layers:
        machine = BernoulliRBM(
            layer.units, learning_rate=how.rate, batch_size=how.batch_size, n_iter=how.epochs, random_state=seed
        )
        machine.fit(values)
        layer.set_weights([machine.components_.T, machine.intercept_hidden_])
        down.append(machine.intercept_visible_)
        values = machine.transform(values)
    return down
