"""What pictures are put together by."""

import numpy as np

from netloom.models.data.scenes import as_targets, enlarged, free_place, pasted

INK = np.ones((10, 8, 8))


def test_what_is_pasted_covers_its_place_alone_and_runs_into_what_is_around() -> None:
    picture = np.zeros((12, 12))
    pasted(picture, np.ones((6, 6)), (2, 3, 8, 9), softness=2)
    outside = picture.copy()
    outside[2:8, 3:9] = 0
    assert not outside.any()
    assert (picture[4:6, 5:7] == 1).all()
    assert 0 < picture[2, 3] < picture[3, 4] < 1
    assert enlarged(np.eye(8), 16).shape == (16, 16)
    assert np.allclose(enlarged(INK[0], 13), 1)


def test_places_do_not_touch_and_none_is_found_where_none_is() -> None:
    random = np.random.default_rng(0)
    assert free_place(random, [(0, 0, 20, 20)], 20, 10) is None
    for _ in range(50):
        top, left, bottom, right = free_place(random, [(0, 0, 5, 20)], 20, 9)  # type: ignore[misc]
        assert top >= 5 and 0 <= left < right <= 20 and bottom <= 20


def test_places_become_boxes_in_shares_of_the_picture() -> None:
    targets = as_targets([[(3, (0, 10, 20, 30))], []], 40, 2)
    assert targets[0].tolist() == [[3, 0, 0.25, 0.5, 0.75], [-1, 0, 0, 0, 0]]
    assert (targets[1, :, 0] == -1).all()
