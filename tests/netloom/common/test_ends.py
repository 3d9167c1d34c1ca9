"""What the host does at a network's ends: as ONNX's `Quant` says, in every rounding; nothing else is taken."""

import numpy as np
import pytest
from pydantic import ValidationError

from netloom.common.ends import Ends, InputScale, OutputScale

ROUNDINGS = ("ROUND", "HALF_EVEN", "FLOOR", "CEIL", "UP", "DOWN", "HALF_UP", "HALF_DOWN")


@pytest.mark.parametrize("mode", ROUNDINGS)
@pytest.mark.parametrize(("scale", "zero"), [(0.1, 0.0), (0.3, 134.0), (0.25, -2.5), (1.0, 3.0)])
def test_whole_numbers_are_those_of_qonnx(mode, scale, zero):
    intquant = pytest.importorskip("qonnx.custom_op.general.intquant")
    rng = np.random.default_rng(0)
    # On every tie, on either side of it, and anywhere.
    ties = (np.arange(-300, 300) / 2 - zero) * scale
    x = np.concatenate([ties, np.nextafter(ties, 9), np.nextafter(ties, -9), rng.normal(0, 30, 2000)]).astype(
        np.float32
    )
    given = (np.float32(value) for value in (scale, zero))
    expected = intquant.int_quant(x, *given, np.float32(7), True, False, mode)
    found = InputScale(scale=float(np.float32(scale)), zero_point=zero, low=-64, high=63, rounding=mode).raws(x)
    assert found.dtype == np.float32
    np.testing.assert_array_equal((found - np.float32(zero)) * np.float32(scale), expected)


def test_one_bit_is_a_sign():
    scale = InputScale(scale=0.5, zero_point=1.0, low=-1, high=1, rounding="BIPOLAR")
    np.testing.assert_array_equal(scale.raws(np.array([-0.6, -0.5, 3], np.float32)), [-1, 1, 1])


def test_values_outside_are_counted():
    assert InputScale(scale=1.0, low=-2, high=1).outside(np.array([-2.6, -2.4, 0, 1.4, 1.6, 99])) == 3


def test_an_output_is_scaled_along_its_axis_and_held():
    y = np.arange(12.0).reshape(2, 3, 2)
    scale = OutputScale(scale=(1.0, 2.0, 3.0), shift=(0.5, 0.0, -1.0), axis=0, floor=0.0, ceiling=20.0)
    expected = np.clip(y * np.array([1, 2, 3])[:, None] + np.array([0.5, 0, -1])[:, None], 0, 20)
    np.testing.assert_array_equal(scale.values(y), expected)
    scale.check((3, 2))
    for shape in ((2, 3), ()):
        with pytest.raises(ValueError, match="3 scales along axis 0 are none of the shape"):
            scale.check(shape)


def test_they_are_told_in_a_line_each():
    ends = Ends(
        inputs=(None, InputScale(scale=0.5, zero_point=3.0, low=0, high=255, rounding="FLOOR")),
        outputs=(OutputScale(scale=(0.125, 0.25), shift=(0.0, 1.0), ceiling=6.0),),
    )
    assert ends.told(["a", "b"], ["c"]) == [
        "input 'b': the host sends round(x / 0.5 + 3), 0 to 255, FLOOR",
        "output 'c': the host takes hardware's y for y * 0.125 to 0.25 + 0 to 1, at most 6",
    ]
    assert not Ends(inputs=(None,), outputs=(None,))
    assert Ends.model_validate_json(ends.model_dump_json()) == ends


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (InputScale, {"scale": 0.0, "low": 0, "high": 1}),
        (InputScale, {"scale": float("nan"), "low": 0, "high": 1}),
        (InputScale, {"scale": 0.1, "low": 0, "high": 1}),
        (InputScale, {"scale": float(np.float32(1e-40)), "low": 0, "high": 1}),
        (InputScale, {"scale": 1.0, "zero_point": 1e30, "low": 0, "high": 1}),
        (InputScale, {"scale": 1.0, "low": 1, "high": 1}),
        (InputScale, {"scale": 1.0, "low": 0, "high": 2**30}),
        (InputScale, {"scale": 1.0, "low": 0, "high": 1, "rounding": "SOMEHOW"}),
        (InputScale, {"scale": 1.0, "low": 0, "high": 1, "more": 1}),
        (OutputScale, {"scale": [1.0], "shift": [0.0, 1.0]}),
        (OutputScale, {"scale": [float("inf")], "shift": [0.0]}),
        (OutputScale, {"scale": [], "shift": []}),
    ],
)
def test_what_is_no_scale_is_refused(kind, given):
    with pytest.raises(ValidationError):
        kind.model_validate(given)
