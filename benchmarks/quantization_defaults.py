"""The numbers behind the defaults of `netloom.quantize`: prints the tables of docs/quantization.md.

    python benchmarks/quantization_defaults.py [--seeds 3]

A 64-32-32-10 network and a small convolutional one on scikit-learn's digits: 1,297 samples train, 500 test. One thing
is changed at a time; every number is test accuracy in percent, averaged over networks trained from different seeds.
"""

import argparse
import os
import time
from collections.abc import Callable, Iterable
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from sklearn.datasets import load_digits

from netloom.quantize import Policy, quantize

layers = keras.layers
Networks = list[Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3, help="networks trained of each kind")
    seeds = parser.parse_args().seeds
    started = time.perf_counter()
    data = load_digits()
    order = np.random.default_rng(0).permutation(len(data.data))
    x, y = (data.data[order] / 16).astype(np.float32), data.target[order].astype(np.int64)
    training, test = (x[:1297], y[:1297]), (x[1297:], y[1297:])
    networks = {name: train(build, training, seeds) for name, build in (("mlp", mlp), ("cnn", cnn))}

    def measure(kind: str, policy: Policy, **options: Any) -> float:
        twins = (
            quantize(network, policy, training, **{"fine_tune_epochs": 0, **options}) for network in networks[kind]
        )
        return 100 * float(np.mean([accuracy(twin, test) for twin in twins]))

    print(
        "float:",
        ", ".join(f"{kind} {100 * np.mean([accuracy(n, test) for n in networks[kind]]):.1f}" for kind in networks),
    )
    for kind in networks:
        table(
            f"{kind}: bits of weights and activations, by calibration rule and epochs of fine-tuning",
            ["max, 0", "mse, 0", "mse, 2", "mse, 5"],
            (3, 4, 5, 6, 8),
            lambda bits, column, kind=kind: measure(
                kind,
                Policy(weights=bits, activations=bits, calibration=column.split(",")[0]),
                fine_tune_epochs=int(column[-1]),
            ),
        )
    for setting, sizes in (("biases", (2, 4, 6, 8, 12, 16)), ("input", (2, 3, 4, 6, 8))):
        table(
            f"bits of {setting}, not fine-tuned",
            [f"{kind}, {bits} bits" for kind in networks for bits in (4, 8)],
            sizes,
            lambda size, column, setting=setting: measure(
                column[:3], Policy(**{"weights": int(column[5]), "activations": int(column[5]), setting: size})
            ),
        )
    table(
        "cnn: batch normalization, 5 epochs of fine-tuning",
        ["fold", "keep"],
        (4, 8),
        lambda bits, column: measure(
            "cnn", Policy(weights=bits, activations=bits, batch_norm=column), fine_tune_epochs=5
        ),
    )
    table(
        "learning rate of 5 epochs of fine-tuning",
        [f"{kind}, {bits} bits" for kind in networks for bits in (3, 4)],
        (1e-4, 3e-4, 1e-3),
        lambda rate, column: measure(
            column[:3], Policy.uniform(int(column[5])), fine_tune_epochs=5, learning_rate=rate
        ),
    )
    print(f"\n{time.perf_counter() - started:.0f} s")


def mlp() -> Any:
    return keras.Sequential(
        [
            keras.Input((64,)),
            layers.Dense(32, activation="relu"),
            layers.Dense(32, activation="relu"),
            layers.Dense(10),
        ]
    )


def cnn() -> Any:
    return keras.Sequential(
        [
            keras.Input((64,)),
            layers.Reshape((8, 8, 1)),
            layers.Conv2D(8, 3),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(2),
            layers.Conv2D(12, 2),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )


def train(build: Callable[[], Any], data: tuple[np.ndarray, np.ndarray], seeds: int) -> Networks:
    networks = []
    for seed in range(seeds):
        keras.utils.set_random_seed(seed)
        network = build()
        network.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=False)
        network.fit(*data, epochs=30, verbose=0)
        networks.append(network)
    return networks


def accuracy(network: Any, data: tuple[np.ndarray, np.ndarray]) -> float:
    return float(np.mean(np.argmax(network(data[0], training=False), axis=1) == data[1]))


def table(title: str, columns: list[str], rows: Iterable[Any], value: Callable[[Any, str], float]) -> None:
    print(f"\n{title}")
    print("| | " + " | ".join(columns) + " |")
    print("|---|" + "---|" * len(columns))
    for row in rows:
        print(f"| {row} | " + " | ".join(f"{value(row, column):.1f}" for column in columns) + " |", flush=True)


if __name__ == "__main__":
    main()
