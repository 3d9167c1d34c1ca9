"""Inputs by name, in every engine that takes several."""

from typing import get_args

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from zoo import quant  # noqa: E402

from netloom.errors import InputError, SettingsError  # noqa: E402
from netloom.hls import HlsSettings, convert  # noqa: E402
from netloom.sim import engine as engine_module  # noqa: E402
from netloom.sim import open_engine  # noqa: E402
from netloom.sim.engines import KINDS, EngineName  # noqa: E402
from netloom.sim.keras_engine import KerasEngine  # noqa: E402

NAMES = ("left side", "b")


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    starts = [keras.Input((3,), name=name) for name in NAMES]
    both = keras.layers.Subtract(name="minus")([quant(5, 1, f"q{i}")(start) for i, start in enumerate(starts)])
    model = keras.Model(starts, both)
    return model, convert(model, HlsSettings(), tmp_path_factory.mktemp("network") / "firmware")


@pytest.fixture(params=["fixed", "quantized"])
def engine(request, network):
    model, conversion = network
    return open_engine("fixed", conversion=conversion) if request.param == "fixed" else KerasEngine("quantized", model)


def test_a_dict_is_taken_by_the_inputs_names_in_any_order(engine):
    first, second = np.random.default_rng(0).integers(-8, 8, (2, 7, 3)) / 8
    expected = engine.predict([first, second])
    assert (expected == first - second).all()
    assert (engine.predict({NAMES[1]: second, NAMES[0]: first}) == expected).all()
    assert (engine.trace({NAMES[1]: second, NAMES[0]: first})["minus"] == expected).all()


@pytest.mark.parametrize("names", [(NAMES[0],), (*NAMES, "c"), ("left_side", "b"), ()])
def test_other_names_are_refused_with_those_that_there_are(engine, names):
    with pytest.raises(InputError, match="inputs are 'left side', 'b', not "):
        engine.predict({name: np.zeros((2, 3)) for name in names})


def test_the_type_of_their_names_has_all() -> None:
    assert get_args(EngineName) == tuple(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_an_engine_says_what_it_needs(name):
    with pytest.raises(SettingsError, match=f"engine '{name}' needs a"):
        open_engine(name)


def test_an_unknown_engine_is_refused_with_those_that_there_are():
    with pytest.raises(
        SettingsError, match="no engine 'fast'; engines are float, quantized, fixed, onnx, csim, rtl, netlist"
    ):
        open_engine("fast")


def test_a_netlist_engine_needs_its_netlist_too():
    with pytest.raises(SettingsError, match="engine 'netlist' needs a netlist"):
        open_engine("netlist", design="folder")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_finite_numbers_whose_sum_is_not_are_taken(dtype):
    far = np.full((2, 9), np.finfo(dtype).max, dtype)
    assert (engine_module._checked(far, (9,), 0) == far).all()
    for bad in (np.nan, np.inf, -np.inf):
        far[1, 4] = bad
        with pytest.raises(InputError, match="sample 1 has NaN or infinity"):
            engine_module._checked(far, (9,), 0)
