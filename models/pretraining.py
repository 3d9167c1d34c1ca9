"""Layer by layer without labels, as in 2006: each is a restricted Boltzmann machine on what the one below gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Pretraining:
    """How each layer learns to model its inputs: by contrastive divergence, one step of it.

    Attributes:
        epochs: passes over the samples.
        batch_size: samples a step.
        rate: learning rate.
        momentum: share of the last step in the next one, after the first epoch; half of it before.
        decay: of the weights, a share of them times the learning rate at each step.
    """

    epochs: int = 6
    batch_size: int = 100
    rate: float = 0.1
    momentum: float = 0.9
    decay: float = 2e-4


def pretrain(layers: "Sequence[keras.layers.Dense]", x: np.ndarray, how: Pretraining, seed: int) -> list[np.ndarray]:
    """Give dense layers, which sigmoids follow, the weights of restricted Boltzmann machines stacked on each other.

    Args:
        layers: from the inputs upwards; built.
        x: samples, 0 to 1, (samples, ...); flattened.
        how: epochs, batch size, rates.
        seed: of the initial weights, the order and the sampling.

    Returns:
        For each layer the biases of what it looks at, (inputs,): with the transposed weights the way back down.
    """
    random = np.random.default_rng(seed)
    values, down = x.reshape(len(x), -1).astype(np.float32, copy=False), []
    for layer in layers:
        weights, up, visible = _machine(values, layer.units, how, random)
        layer.set_weights([weights, up])
        down.append(visible)
        values = expit(values @ weights + up)
    return down


def _machine(
    values: np.ndarray, units: int, how: Pretraining, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights (inputs, units), biases of the units and of the inputs, all float32."""
    inputs = values.shape[1]
    share = values.mean(axis=0).clip(0.01, 0.99)
    parts = [
        random.normal(0, 0.01, (inputs, units)).astype(np.float32),
        np.zeros(units, np.float32),
        np.log(share / (1 - share)),
    ]
    steps = [np.zeros_like(part) for part in parts]
    weights, up, visible = parts
    for epoch in range(how.epochs):
        order, kept = random.permutation(len(values)), how.momentum / (1 if epoch else 2)
        for start in range(0, len(order), how.batch_size):
            seen = values[order[start : start + how.batch_size]]
            hidden = expit(seen @ weights + up)
            drawn = (random.random(hidden.shape, np.float32) < hidden).astype(np.float32)
            dreamt = expit(drawn @ weights.T + visible)
            again = expit(dreamt @ weights + up)
            slopes = (
                (seen.T @ hidden - dreamt.T @ again) / len(seen) - how.decay * weights,
                (hidden - again).mean(axis=0),
                (seen - dreamt).mean(axis=0),
            )
            for part, step, slope in zip(parts, steps, slopes, strict=True):
                step *= kept
                step += how.rate * slope
                part += step
    return weights, up, visible
