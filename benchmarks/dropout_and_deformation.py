"""What dropout and deformed examples are to `deep`: trains it with and without each and prints the four scores.

    python benchmarks/dropout_and_deformation.py [--epochs 12] [--images 2500 10000]

Each row is a network of its own, trained from scratch with seed 0 and as many passes over as many train images; the
scores are accuracies of the float network, on the images it was trained on and on the test images, with their standard
errors.
"""

import argparse
import os
import time
from dataclasses import replace

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from netloom.models import get_network, load_dataset, train
from netloom.models.networks.deep import build


def main() -> None:
    network = get_network("deep")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=network.training.epochs, help="passes over the train images")
    parser.add_argument("--images", type=int, nargs="+", default=[10_000], help="train images, the first so many")
    asked = parser.parse_args()
    dataset = load_dataset(network.dataset)
    print(f"{dataset.source}; {asked.epochs} epochs", flush=True)
    print("| train images | dropout | deformation | train | test | seconds of processor time |", flush=True)
    print("|---|---|---|---|---|---|", flush=True)
    for images in asked.images:
        part = replace(dataset, x_train=dataset.x_train[:images], y_train=dataset.y_train[:images])
        for dropout in (False, True):
            for deformation in (False, True):
                started = time.process_time()
                keras.utils.set_random_seed(0)
                model = build() if dropout else build(dropout=0.0)
                changed = {} if deformation else {"deformation": None}
                train(model, part, replace(network.training, epochs=asked.epochs, **changed))
                seconds = time.process_time() - started
                scores = [_right(model, part.x_train, part.y_train), _right(model, part.x_test, part.y_test)]
                shown = [f"{100 * score:.1f} % ± {100 * error:.1f}" for score, error in scores]
                with_ = ["yes" if one else "no" for one in (dropout, deformation)]
                print(f"| {images:,} | {' | '.join([*with_, *shown])} | {seconds:.0f} |", flush=True)


def _right(model: keras.Model, x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Accuracy, and its standard error."""
    share = float((model.predict(x, verbose=0).argmax(axis=1) == y).mean())
    return share, float(np.sqrt(share * (1 - share) / len(y)))


if __name__ == "__main__":
    main()
