"""The picture of what a classifier takes for what."""

import numpy as np

from netloom.models.tasks import Shows
from netloom.models.tasks.pictures.confusions import confusions
from netloom.report.pictures import drawn

X = np.random.default_rng(0).random((8, 6, 6, 3)).astype(np.float32)
Y = np.array([0, 0, 0, 1, 1, 2, 2, 2])
SAID = np.array([0, 1, 1, 1, 0, 2, 2])


def shows(y: np.ndarray | None, said: np.ndarray = SAID) -> Shows:
    return Shows(X, y, ("stop", "yield", "ahead"), {"fixed": [np.eye(3)[said]]}, lambda engine, inputs: {})


def test_the_commonest_mistakes_come_first_each_with_a_sample() -> None:
    (picture,) = confusions(shows(Y))
    assert picture.note.startswith("3 of 7 samples are misjudged.")
    text = drawn(picture, "signs")
    assert text.count("<image") == 3  # the table, and one of each mistake
    assert text.index("→ yield, 2x") < text.index("→ stop, 1x")


def test_without_mistakes_there_is_the_table_and_without_targets_nothing() -> None:
    (picture,) = confusions(shows(Y, Y))
    assert drawn(picture, "signs").count("<image") == 1
    assert not confusions(shows(None))
