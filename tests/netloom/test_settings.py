"""Settings: what is taken, what is refused in one line."""

from pathlib import Path

import pytest

from netloom.errors import NetloomError, SettingsError, StorageError
from netloom.models import get_network
from netloom.quantize.policy import Policy
from netloom.settings import HardwareSettings, RunSettings, parse_clock, read_settings_file


def test_defaults_come_from_the_network() -> None:
    network, settings = get_network("digits"), RunSettings()
    assert settings.policy_for(network) == Policy.uniform(network.bits)
    assert settings.policy_for(None) == Policy.uniform(8)
    assert settings.fine_tune_epochs_for(network) == network.fine_tune_epochs
    assert RunSettings(bits=4, fine_tune_epochs=0).policy_for(network) == Policy.uniform(4)
    assert RunSettings(fine_tune_epochs=0).fine_tune_epochs_for(network) == 0


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


@pytest.mark.parametrize("text", ["dense: {accum: 'fixed<16,6>'}", '{"dense": {"accum": "fixed<16,6>"}}'])
def test_files_are_yaml_or_json(tmp_path: Path, text: str) -> None:
    (tmp_path / "p").write_text(text)
    assert read_settings_file(tmp_path / "p") == {"dense": {"accum": "fixed<16,6>"}}


@pytest.mark.parametrize(
    "content", [b"", b"[1]", b"3", b"{1: 2}", b"a: [", b"\xff\xfe", b"!!python/object/apply:os.system [ls]"]
)
def test_files_that_are_no_mapping_are_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "p").write_bytes(content)
    with pytest.raises(SettingsError) as raised:
        read_settings_file(tmp_path / "p")
    assert "\n" not in str(raised.value)


def test_a_missing_settings_file(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="check the path"):
        read_settings_file(tmp_path / "p")
    with pytest.raises(NetloomError):
        read_settings_file(tmp_path)


@pytest.mark.parametrize(
    ("text", "mhz"),
    [("80MHz", 80), ("80", 80), (" 12.5 mhz ", 12.5), ("80e6Hz", 80), ("1GHz", 1000), ("32768 kHz", 32.768)],
)
def test_clocks(text: str, mhz: float) -> None:
    assert parse_clock(text) == pytest.approx(mhz)


@pytest.mark.parametrize("text", ["", "fast", "80 MHz now", "-80MHz", "80 parsecs", "1e", "nan", "0x50"])
def test_what_is_no_clock(text: str) -> None:
    with pytest.raises(SettingsError, match="such as 80MHz"):
        parse_clock(text)


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
