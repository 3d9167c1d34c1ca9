"""Models as users write them, all the way to the simulated hardware: `support/models/user_zoo.py`."""

import pytest

pytest.importorskip("keras")

from user_zoo import USER_ZOO, take

QUICK = ("LeakyReLU",)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in USER_ZOO]
)
def test_it_is_equal_in_every_engine(name, tmp_path):
    taken = take(name, tmp_path)
    assert taken.equal, taken
