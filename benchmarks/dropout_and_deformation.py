"""What dropout and deformed examples are to `deep`, and a smaller train split: trains it and prints the scores.

    python benchmarks/dropout_and_deformation.py [--epochs 10] [--images 10000 2500] [--results FILE]

Each row is a network of its own, trained from scratch with seed 0. Fewer train images are passed over more often: all
rows make as many steps. With the most images it is trained with and without dropout and deformation, with fewer with
both. The scores are accuracies of the float network, on the images it was trained on and on the test images, with
their standard errors. Rows that stand in the file of results are not measured again.
"""

import argparse
import json
import os
import time
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from netloom.models import Dataset, get_network, load_dataset, train
from netloom.models.networks.deep import build

HEADER = ("train images", "passes", "dropout", "deformation", "train", "test", "seconds of processor time")


def main() -> None:
    """Measure the rows that are missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=10, help="passes over the most images")
    parser.add_argument(
        "--images", type=int, nargs="+", default=[10_000, 2_500], help="train images, the first so many"
    )
    parser.add_argument("--results", type=Path, default=Path("dropout_and_deformation.json"))
    asked = parser.parse_args()
    found = json.loads(asked.results.read_text()) if asked.results.exists() else {}
    dataset, most = load_dataset(get_network("deep").dataset), max(asked.images)
    wanted = [(most, dropout, deformed) for dropout in (False, True) for deformed in (False, True)]
    wanted += [(images, True, True) for images in sorted(asked.images, reverse=True) if images < most]
    print(dataset.source, flush=True)
    for line in (HEADER, ("---",) * len(HEADER)):
        print(f"| {' | '.join(line)} |", flush=True)
    for images, dropout, deformed in wanted:
        passes = asked.epochs * most // images
        key = f"{images} images, {passes} passes, dropout {dropout}, deformation {deformed}"
        if key not in found:
            found[key] = measured(dataset, images, passes, dropout, deformed)
            asked.results.write_text(json.dumps(found, indent=2) + "\n")
        with_ = ["yes" if one else "no" for one in (dropout, deformed)]
        print(f"| {images:,} | {passes} | {' | '.join([*with_, *found[key]])} |", flush=True)


def measured(dataset: Dataset, images: int, passes: int, dropout: bool, deformed: bool) -> list[str]:
    """The last cells of a row."""
    part = replace(dataset, x_train=dataset.x_train[:images], y_train=dataset.y_train[:images])
    training, started = replace(get_network("deep").training, epochs=passes), time.process_time()
    keras.utils.set_random_seed(0)
    model = build() if dropout else build(dropout=0.0)
    train(model, part, training if deformed else replace(training, deformation=None))
    seconds = time.process_time() - started
    scores = [_right(model, part.x_train, part.y_train), _right(model, part.x_test, part.y_test)]
    return [*(f"{100 * score:.1f} % ± {100 * error:.1f}" for score, error in scores), f"{seconds:.0f}"]


def _right(model: keras.Model, x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Accuracy, and its standard error."""
    share = float((model.predict(x, verbose=0).argmax(axis=1) == y).mean())
    return share, float(np.sqrt(share * (1 - share) / len(y)))


if __name__ == "__main__":
    main()
