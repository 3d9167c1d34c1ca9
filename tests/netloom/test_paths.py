"""A path is text or a `Path`, wherever the documented API takes one."""

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import netloom
from netloom.backend.project import HardwareProject
from netloom.errors import NetloomError, SettingsError
from netloom.firmware.board.boards import find_board
from netloom.firmware.build.bitstream import Build, make_bitstream
from netloom.firmware.build.flash import flash
from netloom.firmware.emit.emitted import EmittedDesign
from netloom.sim.hardware.emulate import emulate
from netloom.sim.hardware.netlist import NetlistEngine
from netloom.sim.hardware.rtl import RtlEngine

pytest.importorskip("qkeras")

RECORDS = tuple(f"{name}.__init__" for name in ("Conversion", "Run", "Build", "EmittedDesign", "HardwareProject"))
"""What netloom makes and users read."""


def documented() -> Iterator[tuple[str, Callable[..., Any]]]:
    """By name, every function and method of the API that the documents name."""
    hardware = (HardwareProject, flash, Build, make_bitstream, EmittedDesign, emulate, NetlistEngine, RtlEngine)
    for thing in (*(getattr(netloom, name) for name in netloom.__all__), *hardware):
        if not inspect.isclass(thing):
            yield getattr(thing, "__name__", ""), thing
            continue
        for name, method in inspect.getmembers(thing, callable):
            if name == "__init__" or not name.startswith("_"):
                yield f"{thing.__name__}.{name}", method


def test_every_path_may_be_text():
    seen, without = 0, []
    for name, function in documented():
        try:
            parameters = inspect.signature(function).parameters.values()
        except (TypeError, ValueError):
            continue
        for parameter in parameters:
            words = {word.strip().rsplit(".")[-1].rstrip("'>") for word in str(parameter.annotation).split("|")}
            if "Path" in words and name not in RECORDS:
                seen += 1
                without += [f"{name}({parameter.name})"] if "str" not in words else []
    assert seen > 15
    assert not without


@pytest.mark.parametrize("kind", [str, Path])
def test_paths_of_hardware(kind, tmp_path):
    """None of the files is there: each function says so, in its own words."""
    missing, board = kind(tmp_path / "missing"), find_board("ULX3S-25F")
    calls = [
        lambda: netloom.open_engine("rtl", design=missing, cache=missing),
        lambda: netloom.open_engine("netlist", design=missing, netlist=missing, cache=missing),
        lambda: emulate(missing, cache=missing),
        lambda: make_bitstream(missing, None, board, missing),
        lambda: HardwareProject.read(missing),
    ]
    for call in calls:
        with pytest.raises(NetloomError, match="missing"):
            call()
    with pytest.raises(SettingsError, match=r"load missing with the board's own program"):
        flash(missing, find_board("Arty-A7-35"), log=missing)
