"""`faces`, the pictures that it is trained on, and pictures of any size."""

from collections.abc import Mapping

import numpy as np
import pytest

from netloom.errors import DataUnavailableError
from netloom.models import get_network
from netloom.models.data import faces as data
from netloom.models.data.examples import Arrays
from netloom.models.data.scenes import on_steps
from netloom.models.data.tiles import Tiling
from netloom.models.networks.faces import REACH, STRIDE, detector, search
from netloom.models.tasks import Shows
from netloom.report.pictures import drawn

keras = pytest.importorskip("keras")
RANDOM = np.random.default_rng(0)
WHITE, BLACK = np.ones((5, 25, 25)), np.zeros((5, 25, 25))
GROUND = [np.full((100, 120), 0.5)]


def test_scenes_have_faces_where_their_boxes_are_and_others_too() -> None:
    first = np.repeat(np.arange(5), 12)
    pictures, boxes = data.draw_scenes(WHITE, BLACK, GROUND, first, seed=0)
    again, _ = data.draw_scenes(WHITE, BLACK, GROUND, first, seed=0)
    assert (pictures == again).all()
    assert (pictures.shape, boxes.shape) == ((60, 64, 64, 1), (60, 2, 5))
    there = boxes[..., 0] >= 0
    assert 40 < there.sum() < 80 and there.sum(axis=1).min() == 0 and there.sum(axis=1).max() == 2
    dark = 0
    for picture, ones in zip(pictures, boxes, strict=True):
        covered = np.zeros((64, 64), bool)
        for _, *edges in ones[ones[:, 0] >= 0]:
            top, left, bottom, right = np.round(np.array(edges) * 64).astype(int)
            assert 20 <= bottom - top == right - left <= 32
            covered[top:bottom, left:right] = True
            assert picture[top + 3 : bottom - 3, left + 3 : right - 3].mean() > 0.75
        dark += bool((picture[~covered] < 0.2).sum() > 100)  # what is no face stands there in the same way
    assert dark > 20


@pytest.mark.slow
def test_the_data_set_is_of_other_faces_and_photographs_in_its_test_part() -> None:
    pytest.importorskip("skimage")
    found = data.load_faces()
    assert found.source == (
        "drawn from scikit-image's photographs, 4,000 train and 360 test pictures 64x64, of 70 and 30 faces"
    )
    assert not set(data.PHOTOGRAPHS["train"]) & set(data.PHOTOGRAPHS["test"])
    assert get_network("faces").together == data.EACH
    assert (found.task, found.class_names) == ("detection", ("face",))


def test_without_scikit_image_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "skimage.data", None)
    monkeypatch.setitem(__import__("sys").modules, "skimage", None)
    with pytest.raises(DataUnavailableError, match="its photographs come with scikit-image: pip install scikit-image"):
        data.load_faces()
    assert get_network("faces").pictures is not None
    shows = Shows(WHITE, None, (), {}, lambda engine, x: {})
    assert not get_network("faces").pictures(shows)  # type: ignore[misc]


def test_the_net_slides_tiles_joined_are_what_a_net_of_the_pictures_size_gives() -> None:
    """Trained at 64x64, asked at 144x104: the same numbers, whether the picture goes through whole or in tiles."""
    small, large = (detector("net", side, (3, 4, 4, 4), 1) for side in (64, 144))
    for layer in small.layers:
        layer.set_weights([RANDOM.normal(0, 0.5, values.shape) ** 2 for values in layer.get_weights()])
    large.set_weights(small.get_weights())
    picture = RANDOM.random((1, 144, 144, 1))
    whole = np.asarray(large(picture))
    tiles = Tiling((144, 144), (64, 64), REACH).cut(picture)
    cells = Tiling((144 // STRIDE,) * 2, (64 // STRIDE,) * 2, REACH // STRIDE)
    np.testing.assert_allclose(cells.join(np.asarray(small(tiles))), whole, rtol=1e-4, atol=1e-4)


def bright_squares(x: np.ndarray) -> np.ndarray:
    """A detector without training: where a cell and those around it are bright, it says a box of 28 pixels."""
    cells = x[..., 0].reshape(len(x), 16, 4, 16, 4).mean(axis=(2, 4))
    outputs = np.zeros((len(x), 16, 16, 5))
    outputs[..., 0] = np.pad(cells, ((0, 0), (2, 2), (2, 2)))[:, 2:-2, 2:-2] - 0.5
    outputs[..., 3:] = np.log2(7)
    return outputs


def test_a_face_is_found_at_its_size_in_a_photograph_of_any_size() -> None:
    photograph = np.zeros((400, 500))
    photograph[180:220, 280:320] = 1
    found = search(photograph, bright_squares)
    assert len(found) == 1 and found.shape[1] >= 1
    assert (found[0, :, 5] > 0.45).all() and (np.diff(found[0, :, 5]) <= 0).all()
    middles = (found[0, :, 1:3] + found[0, :, 3:5]) / 2 * photograph.shape
    assert np.abs(middles - [200, 300]).max() < 24
    sizes = (found[0, :, 3:5] - found[0, :, 1:3]) * photograph.shape
    assert len(set(sizes[:, 0].round())) > 1  # at several of the sizes that it is looked for in


def test_its_picture_is_the_astronaut_with_what_fixed_finds() -> None:
    pytest.importorskip("skimage")
    asked: list[int] = []

    def layers(engine: str, x: Arrays) -> Mapping[str, np.ndarray]:
        assert engine == "fixed" and isinstance(x, np.ndarray) and x.shape[1:] == (64, 64, 1)
        assert (on_steps(x[..., 0]) == x).all()
        asked.append(len(x))
        return {"boxes": bright_squares(x)}

    (picture,) = get_network("faces").pictures(Shows(WHITE, None, ("face",), {}, layers))  # type: ignore[misc]
    assert f"512x512 pixels, looked through in 4 sizes, {sum(asked)} tiles" in picture.note
    assert drawn(picture, "astronaut").count("<image") == 1
