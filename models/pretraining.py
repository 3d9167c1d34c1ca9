"""Layer by layer without labels, as in 2006: each a denoising autoencoder on what the one below gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Pretraining:
    """How each layer learns to give its inputs again, of which some are missing; the way down has the same weights.

    Attributes:
        epochs: passes over the samples, of each layer.
        missing: share of the inputs that are put to zero, drawn anew at each step, of each layer.
        batch_size: samples a step.
        rate: learning rate.
        momentum: share of the last step in the next one, after the first epoch; half of it before.
        decay: of the weights, a share of them times the learning rate at each step.
    """

    epochs: Sequence[int]
    missing: Sequence[float]
    batch_size: int = 100
    rate: float = 0.3
    momentum: float = 0.9
    decay: float = 2e-4


def pretrain(layers: "Sequence[keras.layers.Dense]", x: np.ndarray, how: Pretraining, seed: int) -> list[np.ndarray]:
    """Give dense layers, which sigmoids follow, the weights of denoising autoencoders stacked on each other.

    Args:
        layers: from the inputs upwards; built.
        x: samples, 0 to 1, (samples, ...); flattened.
        how: an entry a layer of what differs between them.
        seed: of the initial weights, the order and what is missing.

    Returns:
        For each layer the biases of its way down, (inputs,): with the transposed weights it gives the inputs again.
    """
    from scipy.special import expit

    random = np.random.default_rng(seed)
    values, down = x.reshape(len(x), -1).astype(np.float32, copy=False), []
    for layer, epochs, missing in zip(layers, how.epochs, how.missing, strict=True):
        weights, up, back = _autoencoder(values, layer.units, how, epochs, missing, random)
        layer.set_weights([weights, up])
        down.append(back)
        values = expit(values @ weights + up)
    return down


def _autoencoder(
    values: np.ndarray, units: int, how: Pretraining, epochs: int, missing: float, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights (inputs, units), biases of the units and of the way down, float32, by the cross-entropy of what it gives.

    The gradients are written out: NumPy does it with little overhead.
    """
    from scipy.special import expit

    share = values.mean(axis=0).clip(0.01, 0.99)
    weights = random.normal(0, 0.05, (values.shape[1], units)).astype(np.float32)
    up, down = np.zeros(units, np.float32), np.log(share / (1 - share))
    parts = (weights, up, down)
    steps = [np.zeros_like(part) for part in parts]
    for epoch in range(epochs):
        order, kept = random.permutation(len(values)), how.momentum / (1 if epoch else 2)
        for start in range(0, len(order), how.batch_size):
            whole = values[order[start : start + how.batch_size]]
            seen = whole * (random.random(whole.shape, np.float32) >= missing)
            hidden = expit(seen @ weights + up)
            error = whole - expit(hidden @ weights.T + down)
            slope = (error @ weights) * hidden * (1 - hidden)
            gradients = (
                (seen.T @ slope + error.T @ hidden) / len(whole) - how.decay * weights,
                slope.mean(axis=0),
                error.mean(axis=0),
            )
            for part, step, gradient in zip(parts, steps, gradients, strict=True):
                step *= kept
                step += how.rate * gradient
                part += step
    return parts
