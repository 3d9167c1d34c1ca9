"""Images in tiles: nothing is lost, nothing counts twice, and a score over tiles is that of whole images."""

import numpy as np
import pytest

from netloom.errors import InputError
from netloom.models.data.tiles import Tiling
from netloom.models.tasks.segmentation import NOT_JUDGED, Segmentation

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("image", "tile", "margin", "tiles"),
    [((20, 33), (8, 9), 2, 4 * 6), ((16, 16), (8, 8), 0, 4), ((8, 8), (8, 8), 3, 1), ((9, 40), (9, 11), 1, 5)],
)
def test_what_is_cut_is_joined_again(image: tuple[int, int], tile: tuple[int, int], margin: int, tiles: int) -> None:
    tiling = Tiling(image, tile, margin)
    assert len(tiling.places) == tiles
    images = RANDOM.normal(0, 1, (3, *image, 2))
    cut = tiling.cut(images)
    assert cut.shape == (3 * tiles, *tile, 2)
    assert (tiling.join(cut) == images).all()
    labels = RANDOM.integers(0, 4, (3, *image))
    assert (tiling.cut_labels(labels) != NOT_JUDGED).sum() == labels.size
    assert (tiling.join(tiling.cut_labels(labels)) == labels).all()


def test_no_pixel_is_judged_within_the_margin_of_its_tile() -> None:
    tiling = Tiling((40, 40), (16, 16), 4)
    judged = tiling.cut_labels(np.zeros((1, 40, 40), np.int64)) != NOT_JUDGED
    for (row, column), mask in zip(tiling.places, judged, strict=True):
        rows, columns = np.nonzero(mask)
        for start, pixels in ((row, rows), (column, columns)):
            assert pixels.min() >= (4 if start else 0)
            assert pixels.max() < (12 if start + 16 < 40 else 16)


def test_the_score_over_tiles_is_that_of_whole_images() -> None:
    tiling = Tiling((20, 20), (8, 8), 2)
    labels = RANDOM.integers(0, 3, (4, 20, 20))
    # Each tile says something of its own about pixels that it shares with others.
    outputs = RANDOM.normal(0, 1, (4 * len(tiling.places), 8, 8, 3))
    outputs[..., 0] += 1
    over_tiles = Segmentation().measure(outputs, tiling.cut_labels(labels))
    assert over_tiles == Segmentation().measure(tiling.join(outputs), labels)


def test_tiles_that_cannot_be_are_refused() -> None:
    with pytest.raises(InputError, match="do not fit"):
        Tiling((20, 20), (21, 8))
    with pytest.raises(InputError, match="nothing within a margin of 4"):
        Tiling((20, 20), (8, 9), 4)
    with pytest.raises(InputError, match=r"a multiple of 9, 8, 8, \.\.\."):
        Tiling((20, 20), (8, 8), 1).join(np.zeros((10, 8, 8)))
    with pytest.raises(InputError, match=r"\(a multiple of 1, 20, 20"):
        Tiling((20, 20), (8, 8)).cut(np.zeros((10, 19, 20)))
