"""Pre-trained without labels against the same network from scratch, on MNIST with few labels, over several seeds.

    python benchmarks/pretraining.py [--labels N ...] [--seeds N] [--results FILE] [--png FILE]

A seed draws the labelled images and the initial weights, for both. Either is trained for the same number of steps. What
is measured already is in the file of results and not done again. The script fails if pre-training does not win at every
number of labels, by its mean over the seeds.
"""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

from netloom.models import Dataset, get_network, load_dataset
from netloom.models.data.mnist import few_labels
from netloom.models.training import train

WAYS = ("from scratch", "pre-trained")


def measure(mnist: Dataset, labels: int, seed: int, way: str) -> float:
    """Test accuracy of one training."""
    network, data = get_network("pretrain"), few_labels(mnist, labels, seed)
    epochs = network.training.epochs * 1000 // labels
    training = replace(network.training, epochs=epochs)
    model = network.build(seed)
    if way == WAYS[1]:
        network.train(model, data, training, seed)
    else:
        train(model, data, training, seed)
    return float((model.predict(mnist.x_test, verbose=0, batch_size=1000).argmax(axis=1) == mnist.y_test).mean())


def draw(found: dict[str, float], labels: list[int], seeds: int) -> Figure:
    """Accuracy against the number of labels, with the standard deviation over the seeds."""
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axes = figure.subplots()
    for way in WAYS:
        values = np.array([[100 * found[key(n, seed, way)] for seed in range(seeds)] for n in labels])
        axes.errorbar(labels, values.mean(axis=1), values.std(axis=1, ddof=1), marker="o", capsize=4, label=way)
    axes.set_xscale("log")
    axes.set_xticks(labels, [f"{n:,}" for n in labels])
    axes.set_xlabel("labelled images, of 60,000")
    axes.set_ylabel("test accuracy, %")
    axes.legend(frameon=False)
    return figure


def key(labels: int, seed: int, way: str) -> str:
    return f"{labels} labels, seed {seed}, {way}"


def main() -> int:
    """Measure what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=int, nargs="+", default=[100, 300, 1000])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--results", type=Path, default=Path("runs/pretraining.json"))
    parser.add_argument("--png", type=Path)
    arguments = parser.parse_args()
    path = arguments.results
    found: dict[str, float] = json.loads(path.read_text()) if path.exists() else {}
    mnist = load_dataset("mnist")
    for seed in range(arguments.seeds):
        for labels in arguments.labels:
            for way in WAYS:
                name = key(labels, seed, way)
                if name not in found:
                    found[name] = measure(mnist, labels, seed, way)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(json.dumps(found, indent=2) + "\n")
                    print(f"{name}: {found[name]:.4f}", file=sys.stderr, flush=True)
    table = Table(
        "labels", *WAYS, "difference", title=f"{arguments.seeds} seeds, mean and standard deviation", box=MARKDOWN
    )
    lost = []
    for labels in arguments.labels:
        scratch, pre = (np.array([found[key(labels, seed, way)] for seed in range(arguments.seeds)]) for way in WAYS)
        cells = [f"{100 * one.mean():.2f} ± {100 * one.std(ddof=1):.2f} %" for one in (scratch, pre)]
        table.add_row(f"{labels:,}", *cells, f"{100 * (pre - scratch).mean():+.2f} points")
        lost += [labels] if pre.mean() <= scratch.mean() else []
    Console(width=100).print(table)
    if arguments.png:
        figure = draw(found, arguments.labels, arguments.seeds)
        with arguments.png.open("wb") as file:
            FigureCanvasAgg(figure).print_png(file)
    return bool(lost)


if __name__ == "__main__":
    sys.exit(main())
