"""Settings from a file, and frequencies as people write them."""

from pathlib import Path

import pytest

from netloom.cli.options import parse_clock
from netloom.cli.settings_file import read_settings_file
from netloom.errors import NetloomError, SettingsError, StorageError


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
