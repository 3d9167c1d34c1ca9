"""The generated shell: settings, sizes, lint. What it does is in tests/sim/hardware/test_emulate.py."""

import re
from pathlib import Path

import pytest
from tiny_design import add_design, join_design

from netloom.common.process import run_logged
from netloom.errors import SettingsError, ToolFailedError
from netloom.firmware.board.shell import ShellSettings, emit_shell, request_samples
from netloom.firmware.emit.emitted import EmittedDesign
from netloom.sim.hardware.verilator_tool import verilator


def lint(files: dict[str, str], folder: Path, top: str, *arguments: str) -> None:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    tool = verilator()
    command = [tool.command, "--lint-only", "-Wall", "--top-module", top, *arguments, *files]
    run_logged([command], folder, folder / "log", "lint", tool.environment)


@pytest.mark.parametrize("samples", [None, 1, 3])
def test_lint(tmp_path: Path, samples: int | None) -> None:
    for name, make in (("add", add_design), ("join", join_design)):
        design = EmittedDesign.read(make(tmp_path / name))
        files = emit_shell(design, ShellSettings(80e6, samples=samples))
        network = {file: (design.folder / file).read_text() for file in design.files}
        lint(files | network, tmp_path / f"lint-{name}", "shell")


SIZES = [(1, 1, 1), (1, 8, 64), (2, 1, 1), (3, 5, 255), (16, 49, 10), (2, 500, 9)]


@pytest.mark.parametrize("module", ["shell_source", "shell_sink"])
@pytest.mark.parametrize(("width", "beats", "samples"), SIZES)
def test_lint_of_the_buffers(tmp_path: Path, module: str, width: int, beats: int, samples: int) -> None:
    design = EmittedDesign.read(add_design(tmp_path / "add"))
    text = emit_shell(design, ShellSettings(80e6))[f"{module}.sv"]
    sizes = (f"-GBYTES={width}", f"-GBEATS={beats}", f"-GSAMPLES={samples}")
    lint({f"{module}.sv": text}, tmp_path / "lint", module, *sizes)


BAD = [
    ("uart_rx", "DIVIDER=3"),
    ("uart_tx", "DIVIDER=3"),
    ("frame_receiver", "IDLE=1"),
    ("shell_control", "SAMPLES=0"),
    ("shell_control", "WATCHDOG=0"),
    ("shell_source", "BEATS=0"),
    ("shell_sink", "SAMPLES=256"),
    ("shell_sink", "BANK=3"),
]


@pytest.mark.parametrize(("module", "parameter"), BAD)
def test_illegal_parameters_stop_elaboration(tmp_path: Path, module: str, parameter: str) -> None:
    files = emit_shell(EmittedDesign.read(add_design(tmp_path / "add")), ShellSettings(80e6))
    del files["shell.sv"]
    with pytest.raises(ToolFailedError, match=rf"{module}: .*{parameter.split('=')[0]}"):
        lint(files, tmp_path / "lint", module, f"-G{parameter}")


def test_the_same_design_gives_the_same_files(tmp_path: Path) -> None:
    first, second = (EmittedDesign.read(add_design(tmp_path / name / "add")) for name in ("a", "b"))
    assert emit_shell(first, ShellSettings(80e6)) == emit_shell(second, ShellSettings(80e6))


def test_identity_changes_with_every_file(tmp_path: Path) -> None:
    designs = [EmittedDesign.read(add_design(tmp_path / str(add), add)) for add in (3, 4)]
    identities = {design.identity for design in designs}
    (tmp_path / "4" / "network.sv").write_text("// changed\n" + (tmp_path / "4" / "network.sv").read_text())
    identities.add(EmittedDesign.read(tmp_path / "4").identity)
    assert len(identities) == 3
    assert f"64'h{designs[0].identity:016x}" in emit_shell(designs[0], ShellSettings(80e6))["shell.sv"]


@pytest.mark.parametrize(("mhz", "baud", "divider"), [(80, 1_000_000, 80), (12, 1_000_000, 12), (39.75, 115_200, 345)])
def test_divider(mhz: float, baud: int, divider: int) -> None:
    assert ShellSettings(mhz * 1e6, baud).divider == divider


@pytest.mark.parametrize(("mhz", "baud"), [(12, 5_000_000), (12, 3_500_000), (11, 2_500_000)])
def test_rates_that_cannot_be(mhz: float, baud: int) -> None:
    with pytest.raises(SettingsError, match=f"cannot be divided into {baud} baud; use a rate of at most"):
        _ = ShellSettings(mhz * 1e6, baud).divider


def test_samples_of_a_request(tmp_path: Path) -> None:
    design = EmittedDesign.read(add_design(tmp_path / "add"))
    assert request_samples(design, None) == 255  # 8 bytes each, in a block RAM of 2,048
    assert request_samples(design.model_copy(update={"target": "ice40"}), None) == 64  # of 512
    assert request_samples(design, 255) == 255
    for samples in (0, 256):
        with pytest.raises(SettingsError, match=f"1 to 255 samples, not {samples}"):
            request_samples(design, samples)


def test_names_in_comments_are_harmless(tmp_path: Path) -> None:
    folder = add_design(tmp_path / "add")
    text = (folder / "design.json").read_text()
    (folder / "design.json").write_text(text.replace('"add"', '"evil\\n*/ endmodule `x"'))
    header = emit_shell(EmittedDesign.read(folder), ShellSettings(80e6))["shell.sv"].splitlines()[0]
    assert re.fullmatch(r"// The shell of the network 'evil endmodule x': made by netloom, do not edit\.", header)
