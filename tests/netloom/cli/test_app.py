"""The command line: help without TensorFlow, one line for every failure, exit codes."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from netloom.cli import doctor
from netloom.cli import run as cli_run
from netloom.cli.app import app
from netloom.errors import PrecisionError
from netloom.firmware.map.folding.fitting import Search
from netloom.hls import HlsSettings
from netloom.models.tasks import tasks
from netloom.settings import HardwareSettings

COMMANDS = (
    "networks run convert simulate crosscheck export report compare store doctor boards plan build emulate flash"
).split()
NETLOOM = [sys.executable, "-c", "from netloom.cli.app import main; main()"]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CliRunner:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NETLOOM_DEBUG", raising=False)
    return CliRunner()


def one_error_line(text: str) -> str:
    lines = text.strip().splitlines()
    assert len(lines) == 1, text
    assert lines[0].startswith("netloom: ")
    return lines[0]


def test_help_is_quick_and_needs_no_tensorflow() -> None:
    program = """
import atexit, sys
from netloom.cli.app import app

atexit.register(lambda: print(sorted({"tensorflow", "keras", "hls4ml", "matplotlib"} & set(sys.modules))))
app(["--help"])
"""
    before = os.times().children_user
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    # Processor time, since other tests keep this machine busy.
    assert os.times().children_user - before < 1.5
    assert answer.stdout.strip().endswith("[]")
    assert all(command in answer.stdout for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(cli: CliRunner, command: str) -> None:
    result = cli.invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert f"netloom {command}" in result.output.split("Examples")[1]


def test_defaults_in_help_are_those_of_the_settings(cli: CliRunner) -> None:
    text = " ".join(cli.invoke(app, ["run", "--help"], terminal_width=1000, env={"COLUMNS": "400"}).output.split())
    seconds = HardwareSettings.model_fields["design_seconds"].default
    assert f"best found is taken: {seconds:g} unless given" in text
    assert f"io_stream; if left out, what a network of netloom's has, else {HlsSettings().io_type}." in text
    assert f"Resource; {HlsSettings().strategy} if left out" in text
    assert seconds == Search().seconds
    assert all(task.name in text for task in tasks())


def test_python_m_netloom_is_the_command(tmp_path: Path) -> None:
    for arguments, code, words in (
        (["--version"], 0, "netloom "),
        (["--help"], 0, "Usage: netloom "),
        (["runn"], 2, ""),
    ):
        answer = subprocess.run(
            [sys.executable, "-m", "netloom", *arguments], capture_output=True, text=True, cwd=tmp_path, check=False
        )
        assert answer.returncode == code
        assert words in answer.stdout


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("netloom emu", {"emulate"}),
        ("netloom run len", {"lenet"}),
        ("netloom run jets --board iCEB", {"iCEBreaker"}),
        ("netloom run jets --until s", {"simulate", "synthesize"}),
    ],
)
def test_the_shell_completes(line: str, offered: set[str], tmp_path: Path) -> None:
    words = line.split()
    environment = os.environ | {
        "_NETLOOM_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    answer = subprocess.run(NETLOOM, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
    assert offered & set(answer.stdout.split()) and set(answer.stdout.split()) <= offered, answer


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_installed_for_the_shell_that_is_used(shell: str, tmp_path: Path) -> None:
    environment = os.environ | {"HOME": str(tmp_path), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    shown = subprocess.run(
        [*NETLOOM, "--show-completion", shell], capture_output=True, text=True, env=environment, check=False
    )
    assert "_NETLOOM_COMPLETE" in shown.stdout, shown
    installed = subprocess.run(
        [*NETLOOM, "--install-completion", shell], capture_output=True, text=True, env=environment, check=False
    )
    assert installed.returncode == 0, installed
    assert any("_NETLOOM_COMPLETE" in file.read_text() for file in tmp_path.rglob("*") if file.is_file())


def test_version(cli: CliRunner) -> None:
    from importlib.metadata import version

    assert cli.invoke(app, ["--version"]).output == f"netloom {version('netloom')}\n"


def test_networks_are_listed(cli: CliRunner) -> None:
    output = cli.invoke(app, ["networks"]).output
    assert all(name in output for name in ("digits", "lenet", "jets"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("run digitz", "did you mean digits"),
        ("run nowhere.keras --data x.npz", "no file nowhere.keras"),
        ("run ./model.pb", "not a .keras, .h5 or .onnx file"),
        ("run digits --bits 1", "bits"),
        ("run digits --seed -1", "seed"),
        ("run digits --io-type sideways", "io_type"),
        ("run digits --strategy Luck", "strategy"),
        ("run digits --reuse-factor 0", "reuse_factor"),
        ("run digits --precision nowhere.yaml", "nowhere.yaml"),
        ("run digits --policy nowhere.yaml", "nowhere.yaml"),
        ("run digits --data nowhere.npz", "nowhere.npz"),
        ("run digits --until sleep", "no stage 'sleep'"),
        ("run digits --until rtl", "--board"),
        ("convert digits -o out", "netloom run digits"),
        ("convert nowhere.keras -o out", "no file nowhere.keras"),
        ("simulate nowhere --inputs x.npy -o y.npy", "no directory nowhere"),
        ("crosscheck nowhere --inputs x.npy", "no directory nowhere"),
        ("report nowhere", "holds no run"),
    ],
)
def test_failures_are_one_line_and_exit_code_2(cli: CliRunner, arguments: str, words: str) -> None:
    result = cli.invoke(app, arguments.split())
    assert result.exit_code == 2
    assert words in one_error_line(result.stderr)
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (PrecisionError("a\nb"), 2, "error: a b"),
        (OSError(errno.ENOSPC, "No space left on device", "/x"), 2, "No space left on device (/x); free some space"),
        (OSError(errno.EROFS, "Read-only file system", "/x"), 2, "Read-only file system (/x)"),
        (PermissionError(errno.EACCES, "Permission denied", "/x"), 2, "Permission denied (/x); check the permissions"),
        (KeyboardInterrupt(), 130, "interrupted; what is finished is kept"),
        (ZeroDivisionError("division by zero"), 70, "ZeroDivisionError: division by zero; this is a bug"),
    ],
)
def test_what_goes_wrong_inside_a_command(
    cli: CliRunner, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, words: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(cli_run.pipeline, "run", fail)
    result = cli.invoke(app, ["run", "digits"])
    assert result.exit_code == code
    assert words in one_error_line(result.stderr)


def test_debugging_shows_the_traceback(cli: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETLOOM_DEBUG", "1")
    result = cli.invoke(app, ["run", "digitz"])
    assert result.exception is not None
    assert type(result.exception).__name__ == "NetworkNotFoundError"


def test_a_directory_that_cannot_be_written(cli: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    result = cli.invoke(app, ["run", "digits", "-o", "file/inside"])
    assert result.exit_code == 2
    assert "cannot make the directory" in one_error_line(result.stderr)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_and_other_endings_give_one_line(tmp_path: Path, ending: signal.Signals) -> None:
    program = (
        # A shell that starts the tests in the background has its children ignore Ctrl-C.
        "import signal, time\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from netloom.cli import app as cli\n"
        "from netloom.cli import run as cli_run\n"
        "def slow(*_, **__):\n print('working', flush=True)\n time.sleep(60)\n"
        "cli_run.pipeline.run = slow\nimport sys\nsys.argv[1:] = ['run', 'digits']\ncli.main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "working\n"
    process.send_signal(ending)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted" in one_error_line(errors)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_output_stream_is_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        answer = subprocess.run(
            [*NETLOOM, "report", "--schema"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert answer.returncode != 0
    assert "Traceback" not in answer.stderr


def test_the_schema_is_json(cli: CliRunner) -> None:
    import json

    schema = json.loads(cli.invoke(app, ["report", "--schema"]).output)
    assert "fidelity" in schema["properties"]


def test_doctor_is_satisfied_here(cli: CliRunner) -> None:
    result = cli.invoke(app, ["doctor"])
    assert result.exit_code == 0, result.output
    assert all(name in result.output for name in ("python", "hls4ml", "g++", "disk", "NETLOOM_DATA"))


def test_doctor_says_how_to_get_what_is_missing(
    cli: CliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("NETLOOM_DATA", str(tmp_path / "nowhere"))
    monkeypatch.setattr(doctor.metadata, "requires", lambda _: ["hls4ml==0.1", "unheard-of>=3", "ruff; extra == 'dev'"])
    findings = {finding.name: finding for finding in doctor.examine()}
    assert findings["g++"].status == findings["NETLOOM_DATA"].status == "missing"
    assert findings["hls4ml"].advice == "pip install 'hls4ml==0.1'"
    assert findings["unheard-of"].found == "not installed"
    assert "ruff" not in findings
    monkeypatch.setattr(doctor, "_installed", lambda name: None if name == "onnxruntime" else "1")
    (found,) = [finding for finding in doctor.examine() if finding.name == "onnxruntime"]
    assert (found.status, found.advice) == ("advice", "pip install 'onnxruntime'; without it: no --engine onnx")
    assert cli.invoke(app, ["doctor"]).exit_code == 1


def test_hostile_files_are_refused_in_one_line(cli: CliRunner, tmp_path: Path) -> None:
    for name, content in (("empty.keras", b""), ("text.keras", b"no model"), ("zip.keras", b"PK\x03\x04broken")):
        (tmp_path / name).write_bytes(content)
        np.savez(tmp_path / "d.npz", x_train=np.ones((2, 2), np.float32), x_test=np.ones((2, 2), np.float32))
        result = cli.invoke(app, ["run", name, "--data", "d.npz"])
        assert result.exit_code == 2, result.output
        assert name in one_error_line(result.stderr)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_directory(cli: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    result = cli.invoke(app, ["run", "digits", "-o", "locked"])
    assert result.exit_code == 2
    assert "Permission denied" in one_error_line(result.stderr)
