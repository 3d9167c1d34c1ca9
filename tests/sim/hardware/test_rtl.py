"""Engine `rtl` on a small design written by hand: outputs, layers, cycles, and what must be caught."""

import handmade
import numpy as np
import pytest

from netloom.errors import InputError, SimulationError, StorageError, ToolFailedError
from netloom.sim import compare_engines
from netloom.sim.engine import Engine
from netloom.sim.hardware.rtl import RtlEngine
from netloom.sim.hardware.verilator import Stalls

STEP = 0.125


class Meaning(Engine):
    """What the handmade design should do."""

    name = "meaning"
    input_shapes = ((2, 3),)

    def _predict(self, inputs, progress):
        return [self._trace(inputs, progress)["half"]]

    def _trace(self, inputs, progress):
        raws = np.clip(np.floor(inputs[0] / STEP), -32, 31).astype(np.int64)
        return {name: values * STEP for name, values in handmade.meaning(raws).items()}


@pytest.fixture(scope="session")
def cache(shared):
    return shared / "models"


@pytest.fixture
def engine(cache, tmp_path):
    def make(stalls=None, **changed):
        return RtlEngine(handmade.write(tmp_path, **changed), stalls, cache)

    return make


def samples(count=50):
    return np.random.default_rng(1).integers(-20, 20, (count, 2, 3)) * STEP


@pytest.mark.parametrize("stalls", [None, Stalls(1), Stalls(2, 0.6, 0.6, 3)])
def test_equals_its_meaning(engine, stalls):
    rtl = engine(stalls)
    fidelity = compare_engines(Meaning(), rtl, samples(), trace=True)
    assert fidelity.equal
    assert [layer.layer for layer in fidelity.layers] == ["sum", "half"]
    assert rtl.speed.samples == 100
    assert rtl.speed.cycles_per_second > 0


def test_no_samples(engine):
    rtl = engine()
    assert rtl.predict(samples(0)).shape == (0, 2, 3)
    assert rtl.trace(samples(0))["sum"].shape == (0, 2, 3)


def test_a_single_sample(engine):
    assert (engine().predict(samples(1)) == Meaning().predict(samples(1))).all()


def test_data_sets_longer_than_a_run(engine, monkeypatch):
    monkeypatch.setattr("netloom.sim.hardware.stream_engine._RUN_BYTES", 1000)
    seen = []
    rtl = engine()
    predicted = rtl.predict(samples(), lambda done, total: seen.append((done, total)))
    assert (predicted == Meaning().predict(samples())).all()
    assert len(seen) > 2 and seen[-1] == (50, 50)
    assert compare_engines(Meaning(), rtl, samples(), trace=True).equal


def test_cycles(engine):
    measured = engine(Stalls(1)).count_cycles()
    assert (measured.latency, measured.interval) == (handmade.LATENCY, handmade.INTERVAL)


def test_values_off_the_grid_are_quantized(engine):
    assert (engine().predict(samples() + 0.1) == Meaning().predict(samples())).all()


def test_wrong_shape(engine):
    with pytest.raises(InputError, match="shape"):
        engine().predict(np.zeros((4, 6)))


def test_one_bit_in_a_memory_names_the_layer(engine):
    fidelity = compare_engines(Meaning(), engine(table="0003\n0285\n2700\n"), samples(), trace=True)
    assert not fidelity.equal
    assert fidelity.first_mismatch.layer == "sum"


def test_another_rounding_names_the_layer(engine):
    fidelity = compare_engines(
        Meaning(), engine(half_unit=handmade.HALF.replace("in_data[0]}", "1'b0 & in_data[0]}")), samples(), trace=True
    )
    assert fidelity.first_mismatch.layer == "half"
    assert fidelity.layers[0].mismatches == 0


def test_ready_ignored_is_caught(engine):
    source = handmade.HALF.replace("if (in_ready) out_data", "out_data")
    with pytest.raises(SimulationError, match=r"'half' changes a beat"):
        engine(Stalls(1), half_unit=source).trace(samples())


def test_a_lost_beat_is_caught(engine):
    source = handmade.SUM.replace("out_valid <= in_valid;", "out_valid <= in_valid && (place != 2'd1 || in_data[3]);")
    with pytest.raises(SimulationError, match=r"stuck.*'s_axis' took 150 of 150.*'m_axis' gave"):
        engine(sum_unit=source).predict(samples())


def test_wrong_tlast_is_caught(engine):
    with pytest.raises(SimulationError, match=r"m_axis_tlast"):
        engine(network=handmade.NETWORK.replace("beat == 2'd2", "beat == 2'd1")).predict(samples())


def test_broken_design(engine):
    with pytest.raises(ToolFailedError, match=r"half_unit"):
        engine(half_unit="module half_unit;\n").predict(samples())


def test_missing_files(engine, cache, tmp_path):
    folder = handmade.write(tmp_path / "design")
    (folder / "table.mem").unlink()
    with pytest.raises(StorageError, match=r"table.mem"):
        RtlEngine(folder, cache=cache)
    with pytest.raises(StorageError, match=r"no design"):
        RtlEngine(tmp_path / "nothing", cache=cache)
