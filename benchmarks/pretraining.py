"""Pre-trained without labels against the same network from scratch, on MNIST with few labels, over several seeds.

    python benchmarks/pretraining.py [--labels N ...] [--seeds N] [--results FILE] [--png FILE]

A seed draws the labelled images, the initial weights and all else. Either way takes the same number of steps of
backpropagation, whatever the number of labels: fewer images are seen more often. The results go to the file that the
report of `pretrain` draws; what is in it already is not measured again. The script fails if pre-training does not win
at every number of labels, by its mean over the seeds.
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
from netloom.models.data.mnist import FEW_LABELS, few_labels
from netloom.models.networks.pretrain import MEASURED, climb, draw_gain
from netloom.models.training import train

WAYS = ("from scratch", "pre-trained")
Found = dict[str, dict[str, list[float]]]


def measure(mnist: Dataset, labels: list[int], seed: int) -> dict[tuple[str, int], float]:
    """Test accuracy, 0 to 1, of each way with each number of labels."""
    network, found = get_network("pretrain"), {}
    model = network.build(seed)
    for way in WAYS:
        if way == "pre-trained":
            model = network.build(seed)
            climb(model, mnist, seed)
        weights = model.get_weights()
        for count in labels:
            model.set_weights(weights)
            few = few_labels(mnist, count, seed)
            assert isinstance(few.x_train, np.ndarray) and isinstance(few.y_train, np.ndarray)
            often = np.tile(np.arange(count), FEW_LABELS // count)
            few = replace(few, x_train=few.x_train[often], y_train=few.y_train[often])
            train(model, few, network.training, seed)
            right = model.predict(mnist.x_test, verbose=0, batch_size=1000).argmax(axis=1) == mnist.y_test
            found[way, count] = float(right.mean())
            print(f"seed {seed}, {count} labels, {way}: {found[way, count]:.4f}", file=sys.stderr, flush=True)
    return found


def main() -> int:
    """Measure what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=int, nargs="+", default=[100, 300, 1000])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--results", type=Path, default=MEASURED)
    parser.add_argument("--png", type=Path)
    arguments = parser.parse_args()
    labels, path = arguments.labels, arguments.results
    found: Found = json.loads(path.read_text()) if path.exists() else {}
    if any(list(map(int, scores)) != labels for scores in found.values()):
        parser.error(f"{path} is of other numbers of labels; give another file of --results")
    found = found or {way: {str(count): [] for count in labels} for way in WAYS}
    mnist = load_dataset("mnist")
    for seed in range(len(found[WAYS[0]][str(labels[0])]), arguments.seeds):
        for (way, count), score in measure(mnist, labels, seed).items():
            found[way][str(count)].append(round(score, 4))
        path.write_text(json.dumps(found, indent=2) + "\n")
    table = Table("labels", *WAYS, "difference", title=f"mean and standard deviation of {arguments.seeds} seeds")
    table.box, lost = MARKDOWN, []
    for count in labels:
        scratch, raised = (100 * np.array(found[way][str(count)]) for way in WAYS)
        gain = raised - scratch
        cells = [f"{one.mean():.2f} ± {one.std(ddof=1):.2f} %" for one in (scratch, raised)]
        table.add_row(f"{count:,}", *cells, f"{gain.mean():+.2f} ± {gain.std(ddof=1):.2f} points")
        lost += [count] if gain.mean() <= 0 else []
    Console(width=100).print(table)
    if arguments.png:
        figure = Figure(figsize=(6, 3.4), layout="constrained")
        draw_gain(figure, found, ("tab:gray", "tab:blue"))
        with arguments.png.open("wb") as file:
            FigureCanvasAgg(figure).print_png(file)
    return bool(lost)


if __name__ == "__main__":
    sys.exit(main())
