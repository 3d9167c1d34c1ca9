"""The 8x8 handwritten digits that come with scikit-learn."""

import numpy as np

from netloom.models.data.dataset import Dataset

TEST_SAMPLES = 360


def load_digits() -> Dataset:
    """1,797 grey images, x: (samples, 64), 0 (background) to 1 (ink) in steps of 1/16; 10 classes.

    The split into 1,437 train and 360 test images is stratified by class and always the same.
    """
    # scikit-learn takes about a second to import.
    from sklearn.datasets import load_digits as load_bundled
    from sklearn.model_selection import train_test_split

    pixels, labels = load_bundled(return_X_y=True)
    x = (pixels / 16).astype(np.float32)
    y = labels.astype(np.int64)
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=TEST_SAMPLES, stratify=y, random_state=0)
    source = f"scikit-learn digits, {len(x_train):,} train and {len(x_test):,} test images 8x8"
    return Dataset(x_train, y_train, x_test, y_test, tuple("0123456789"), source)
