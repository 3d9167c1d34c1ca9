"""Settings: what is taken, what is refused in one line."""

from dataclasses import replace

import pytest

from netloom.errors import SettingsError
from netloom.hls import HlsSettings
from netloom.models import Target, get_network
from netloom.quantize.policy import Policy
from netloom.settings import HardwareSettings, RunSettings


def test_defaults_come_from_the_network() -> None:
    network, settings = get_network("digits"), RunSettings()
    assert settings.policy_for(network) == Policy.uniform(network.bits)
    assert settings.policy_for(None) == Policy.uniform(8)
    assert settings.fine_tune_epochs_for(network) == network.fine_tune_epochs
    assert RunSettings(bits=4, fine_tune_epochs=0).policy_for(network) == Policy.uniform(4)
    assert RunSettings(fine_tune_epochs=0).fine_tune_epochs_for(network) == 0


@pytest.mark.parametrize(("rtl", "stalled", "netlist"), [(None, 100, 20), (200, 100, 20), (50, 50, 20), (4, 4, 4)])
def test_where_few_samples_go_through_the_rtl_no_more_do_so_slower(rtl: int | None, stalled: int, netlist: int) -> None:
    network = replace(get_network("digits"), target=Target("ULX3S-25F", rtl_samples=rtl))
    hardware = RunSettings.of(network).hardware
    assert hardware is not None
    assert (hardware.rtl_samples, hardware.stalled_samples, hardware.netlist_samples) == (rtl, stalled, netlist)


def test_what_is_left_out_is_as_the_network_has_it() -> None:
    target = Target("ULX3S-85F", target_fps=500, clock_mhz=50, rtl_samples=40)
    network = replace(get_network("digits"), target=target, io_type="io_stream", csim_samples=30)
    found = RunSettings(hardware=HardwareSettings(board="ULX3S-85F")).for_network(network)
    assert found == RunSettings.of(network)
    elsewhere = RunSettings(hardware=HardwareSettings(board="ULX3S-25F")).for_network(network).hardware
    assert elsewhere is not None
    assert (elsewhere.clock_mhz, elsewhere.interval, elsewhere.rtl_samples) == (None, None, 40)
    assert RunSettings().for_network(network).hardware is None
    assert RunSettings(csim=False).for_network(network).csim_samples is None


@pytest.mark.parametrize(
    ("board", "pace"),
    [("ULX3S-85F", 32), ("OrangeCrab-25F", 32), ("ULX3S-25F", 32), ("iCEBreaker", None), ("Arty-A7-100", None)],
)
def test_the_pace_holds_wherever_the_network_fits(board: str, pace: int | None) -> None:
    network = replace(get_network("digits"), target=Target("ULX3S-25F", target_ii=32, clock_mhz=50))
    found = RunSettings(hardware=HardwareSettings(board=board)).for_network(network).hardware
    assert found is not None
    assert (found.target_ii, found.clock_mhz) == (pace, 50 if board == "ULX3S-25F" else None)


def test_what_is_given_stays() -> None:
    target = Target("ULX3S-85F", target_fps=500, clock_mhz=50, rtl_samples=40)
    network = replace(get_network("digits"), target=target, io_type="io_stream", csim_samples=30)
    given = RunSettings(
        hls=HlsSettings(io_type="io_parallel"),
        csim_samples=7,
        hardware=HardwareSettings(board="ULX3S-85F", target_ii=9, netlist_samples=0, rtl_samples=5),
    )
    found = given.for_network(network)
    assert (found.hls.io_type, found.csim_samples) == ("io_parallel", 7)
    assert found.hardware is not None
    assert (found.hardware.target_ii, found.hardware.target_fps, found.hardware.clock_mhz) == (9, None, 50)
    assert (found.hardware.netlist_samples, found.hardware.rtl_samples) == (0, 5)
    clock = RunSettings(hardware=HardwareSettings(board="ULX3S-85F", clock_mhz=30)).for_network(network).hardware
    assert clock is not None
    assert (clock.clock_mhz, clock.target_fps) == (30, 500)


@pytest.mark.parametrize(
    "values",
    [
        {"bits": 1},
        {"bits": 17},
        {"bits": 2.5},
        {"seed": -1},
        {"epochs": 0},
        {"fine_tune_epochs": -1},
        {"csim_samples": 0},
        {"bitz": 8},
        {"bits": 8, "policy": Policy.uniform(8)},
        {"hls": {"reuse_factor": 0}},
    ],
)
def test_wrong_values_are_one_line(values: dict[str, object]) -> None:
    with pytest.raises(SettingsError) as raised:
        RunSettings.model_validate(values)
    assert "\n" not in str(raised.value)


def test_hardware_has_a_clock_and_an_interval() -> None:
    assert HardwareSettings(board="ulx3s 25f").board == "ULX3S-25F"
    assert HardwareSettings(board="ULX3S-25F").clock == 80
    assert HardwareSettings(board="iCEBreaker").clock == 24
    assert HardwareSettings(board="ULX3S-25F", clock_mhz=50).clock == 50
    assert HardwareSettings(board="ULX3S-25F").interval is None
    assert HardwareSettings(board="ULX3S-25F", target_ii=48).interval == 48
    assert HardwareSettings(board="ULX3S-85F", target_fps=10_000).interval == 8000
    # Never slower than asked for.
    assert HardwareSettings(board="ULX3S-85F", target_fps=9_999.9).interval == 8000


@pytest.mark.parametrize(
    "values",
    [
        {"board": "ULX4S"},
        {"board": ""},
        {"clock_mhz": 0},
        {"clock_mhz": float("nan")},
        {"target_ii": 0},
        {"target_fps": -1},
        {"target_fps": 1e9},
        {"target_ii": 5, "target_fps": 5},
        {"rtl_samples": 0},
        {"netlist_samples": -1},
        {"seeds": ()},
    ],
)
def test_hardware_that_cannot_be_is_one_line(values: dict[str, object]) -> None:
    with pytest.raises(SettingsError) as raised:
        HardwareSettings.model_validate({"board": "ULX3S-25F"} | values)
    assert "\n" not in str(raised.value)
