"""Every argument is read, or refused by name: of the public functions, the commands, the settings, hls4ml's backend."""

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from tiny_design import add_design
from typer.testing import CliRunner

import netloom
from netloom.backend import backend as backend_module
from netloom.backend.netloom_graph import NetloomGraph
from netloom.cli import run as cli_run
from netloom.cli.app import app
from netloom.cli.plan import Prospect, outlook
from netloom.errors import SettingsError
from netloom.hls import HlsSettings
from netloom.models import get_network
from netloom.pipeline import registry, rundir
from netloom.pipeline.building import build_bitstream, untracked, write_design
from netloom.pipeline.origin import Start
from netloom.pipeline.run import run as run_pipeline
from netloom.pipeline.stage import Job
from netloom.pipeline.state import Origin, RunState
from netloom.pipeline.unread import check_build, check_run
from netloom.quantize.base_settings import Settings
from netloom.settings import HardwareSettings, RunSettings

BY_CALLBACK = {("run", "no_store"), ("networks", "_no_store"), ("convert", "no_store")}
"""Options that are read where they are parsed."""
TO_HARDWARE = {*HardwareSettings.model_fields, "clock"}
TO_RUN = {node.value for node in ast.walk(ast.parse(inspect.getsource(cli_run._run))) if isinstance(node, ast.Constant)}
TO_RUN |= {*RunSettings.model_fields, *HlsSettings.model_fields, *TO_HARDWARE}
BY_NAME = {"run": TO_RUN, "convert": TO_RUN, "build": TO_HARDWARE, "plan": TO_HARDWARE}
"""Options that are read by their names where a command hands on all it has."""
REFUSED = {("build_stitched_design", "_")}
"""Of what is refused, whatever is asked of it."""


def public() -> Iterator[tuple[str, Any]]:
    """Every function that a user calls: of `netloom`, of the command line, of hls4ml's backend."""
    for name in netloom.__all__:
        found = getattr(netloom, name)
        if inspect.isfunction(found):
            yield name, found
        elif inspect.isclass(found):
            yield from ((n, f) for n, f in inspect.getmembers(found, inspect.isfunction) if own(f))
    groups = [app, *(group.typer_instance for group in app.registered_groups)]
    for group in groups:
        callbacks = [command.callback for command in group.registered_commands]
        callbacks += [group.registered_callback.callback] if group.registered_callback else []
        yield from ((each.__name__, each) for each in callbacks if each is not None)
    for found in (backend_module.NetloomBackend, NetloomGraph):
        yield from ((name, each) for name, each in vars(found).items() if inspect.isfunction(each) and own(each))


def own(function: Any) -> bool:
    """Whether it is written in netloom's own source."""
    code = inspect.unwrap(function).__code__
    return code.co_filename.endswith(".py") and "netloom" in (function.__module__ or "").split(".")


def unread(function: Any) -> set[str]:
    """Parameters that a function does nothing with."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(tree, ast.FunctionDef)
    every = tree.args
    names = {each.arg for each in (*every.posonlyargs, *every.args, *every.kwonlyargs)}
    names |= {each.arg for each in (every.vararg, every.kwarg) if each is not None}
    abstract = all(isinstance(each, ast.Expr) for each in tree.body)
    body = (node for statement in tree.body for node in ast.walk(statement))
    read = {node.id for node in body if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return set() if abstract else names - read - {"self", "cls"}


def by_name(function: Any) -> set[str]:
    """Parameters that a command's settings take by their names."""
    return BY_NAME[function.__name__] if "locals" in inspect.unwrap(function).__code__.co_names else set()


def test_every_parameter_is_read() -> None:
    found = list(public())
    assert len(found) > 60 and {"run", "plan", "predict", "create_initial_config", "quantize"} <= {n for n, _ in found}
    left = {(name, each) for name, function in found for each in unread(function) - by_name(function)}
    assert left == BY_CALLBACK | REFUSED


def others(settings: Settings, values: Mapping[str, Any]) -> Iterator[tuple[str, Settings]]:
    """The settings with each field changed, one after the other."""
    assert set(values) == set(type(settings).model_fields), "a new setting: say here what else it may be"
    for name, value in values.items():
        yield name, type(settings).model_validate(dict(settings) | {name: value})


def read_by(stages: list[Any], job: Job) -> list[object]:
    return [dict(stage.inputs(job)) for stage in stages]


HARDWARE = HardwareSettings(board="ULX3S-25F", target_ii=100)
OTHER_HARDWARE = {
    "board": "ULX3S-85F",
    "clock_mhz": 33.0,
    "target_ii": 50,
    "target_fps": None,  # tried by itself below
    "rtl_samples": 3,
    "stalled_samples": 3,
    "netlist_samples": 3,
    "design_seconds": 3.0,
    "interleave": 2,
    "seeds": (7,),
}


@pytest.mark.parametrize("given", [rundir.CONVERSION, rundir.DESIGN])
def test_every_setting_of_a_build_is_read_or_refused(tmp_path: Path, given: str) -> None:
    job = untracked(tmp_path, HARDWARE, {given: tmp_path})
    stages = registry.path_to(rundir.BITSTREAM, job)
    before = read_by(stages, job)
    refused = set()
    for name, other in others(HARDWARE, OTHER_HARDWARE):
        if read_by(stages, untracked(tmp_path, other, {given: tmp_path})) == before and name != "target_fps":
            plain = HardwareSettings(board="ULX3S-25F", **{name: getattr(other, name)})
            with pytest.raises(SettingsError, match=f"^{name} is not read here: "):
                check_build(plain, folded=given == rundir.DESIGN)
            refused.add(name)
    simulated = {"rtl_samples", "stalled_samples", "netlist_samples"}
    assert refused == simulated | ({"target_ii", "design_seconds", "interleave"} if given == rundir.DESIGN else set())
    check_build(HardwareSettings(board="ULX3S-25F", clock_mhz=33, seeds=(7,)), folded=True)
    check_build(HardwareSettings(board="ULX3S-25F", target_fps=1000, design_seconds=3))
    with pytest.raises(SettingsError, match=r"^target_fps"):
        check_build(HardwareSettings(board="ULX3S-25F", target_fps=1000), folded=True)


def test_a_build_refuses_them_before_it_begins(tmp_path: Path) -> None:
    folder = add_design(tmp_path / "add")
    with pytest.raises(SettingsError, match=r"^target_ii is not read here: the design is folded already"):
        build_bitstream(folder, HARDWARE)
    with pytest.raises(SettingsError, match=r"^netlist_samples is not read here: nothing is simulated"):
        build_bitstream(tmp_path, HardwareSettings(board="ULX3S-25F", netlist_samples=0))
    for values, name in (({"clock_mhz": 100}, "clock_mhz"), ({"seeds": (3,)}, "seeds")):
        with pytest.raises(SettingsError, match=f"^{name} is not read here: .*vendor's tool"):
            write_design(tmp_path, HardwareSettings(board="Arty-A7-35", target_ii=9, **values))
    check_build(HardwareSettings(board="Arty-A7-35", clock_mhz=100, target_fps=1000), vendor=True)


OTHER_RUN = {
    "bits": 5,
    "policy": netloom.Policy.uniform(5),
    "seed": 3,
    "epochs": 3,
    "fine_tune_epochs": 2,
    "task": "regression",
    "hls": netloom.HlsSettings(reuse_factor=2),
    "csim": False,
    "csim_samples": 3,
    "onnx": True,
    "trace_samples": 3,
    "hardware": HARDWARE,
}


@pytest.mark.parametrize("kind", ["network", "float", "quantized"])
def test_every_setting_of_a_run_is_read_or_refused(kind: str, tmp_path: Path) -> None:
    (tmp_path / "x.keras").touch()
    start = Start(network=get_network("digits")) if kind == "network" else Start(model_file=tmp_path / "x.keras")
    data = SimpleNamespace(digest="", task=None, guessed=True)

    def job(settings: RunSettings) -> Job:
        state = RunState(origin=Origin(network="x", kind=kind))  # type: ignore[arg-type]
        return Job(Path(), state, settings, start, data)  # type: ignore[arg-type]

    def read(settings: RunSettings) -> list[object]:
        stages = registry.stages_of(job(settings))
        return [[stage.name for stage in stages], *read_by(stages, job(settings))]

    before, refused = read(RunSettings()), set()
    for name, other in others(RunSettings(), OTHER_RUN):
        if read(other) == before:
            refused.add(name)
    # These two are of the model and its data, and `run` refuses them where they are none of their business.
    assert {"task"} <= refused
    of_its_own = {"network": set(), "float": {"epochs"}, "quantized": {"epochs"}}[kind]
    taken_as_it_is = {"bits", "policy", "seed", "fine_tune_epochs"} if kind == "quantized" else set()
    assert refused == {"task"} | of_its_own | taken_as_it_is
    for name in taken_as_it_is:
        with pytest.raises(SettingsError, match=f"^{name} is not read here: the model is quantized already"):
            check_run(RunSettings(**{name: OTHER_RUN[name]}), kind)


def test_a_run_refuses_what_is_for_other_starts(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--task is for your own models"):
        run_pipeline("digits", settings=RunSettings(task="regression"), directory=tmp_path / "a")
    (tmp_path / "x.keras").touch()
    with pytest.raises(SettingsError, match="epochs are for networks that netloom trains"):
        run_pipeline(tmp_path / "x.keras", settings=RunSettings(epochs=3), directory=tmp_path / "b")
    with pytest.raises(SettingsError, match="task says what data is for, and there is none"):
        run_pipeline(
            tmp_path / "x.keras", settings=RunSettings(task="regression"), directory=tmp_path / "c", until="convert"
        )
    with pytest.raises(SettingsError, match="csim_samples is for csim"):
        RunSettings(csim=False, csim_samples=3)


def test_a_quantized_model_is_not_quantized_again(tmp_path: Path) -> None:
    keras = pytest.importorskip("keras")
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    twin = netloom.quantize(model, netloom.Policy.uniform(6), np.zeros((8, 3)), fine_tune_epochs=0)
    with pytest.raises(SettingsError, match=r"^bits is not read here: the model is quantized already"):
        netloom.run(twin, settings=RunSettings(bits=4), directory=tmp_path / "run", until="convert")
    assert not (tmp_path / "run" / "run.json").exists()


@pytest.mark.parametrize(
    ("engine", "given", "name"),
    [
        ("fixed", {"conversion": "x", "cache": "c"}, "cache"),
        ("csim", {"conversion": "x", "model": "m"}, "model"),
        ("float", {"model": "m", "conversion": "x"}, "conversion"),
        ("rtl", {"design": "d", "netlist": "n"}, "netlist"),
    ],
)
def test_an_engine_refuses_what_it_does_not_read(engine: str, given: dict[str, Any], name: str) -> None:
    with pytest.raises(SettingsError, match=f"engine '{engine}' reads no {name}; leave it out"):
        netloom.open_engine(engine, **given)


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_commands_refuse_what_they_do_not_read(tmp_path: Path) -> None:
    for arguments, said in (
        (("store", "--limit", "5MB", "--clear"), "not both"),
        (("report", tmp_path, "--schema"), "not both"),
        (("run", "digits", "--clock", "80MHz"), "clock_mhz: these are for hardware; give --board too"),
    ):
        answer = call(*arguments)
        assert answer.exit_code == 2 and said in answer.stderr.replace("\n", " "), answer.output
    with pytest.raises(SettingsError, match="task 'regression' is for scores, which need targets"):
        netloom.crosscheck(tmp_path, np.zeros((1, 2)), task="regression")
    for more in ({"bits": 5}, {"input_shapes": [(3,)]}, {"input_types": ["int<3>"]}):
        with pytest.raises(SettingsError, match="is converted, with its own bits, input shape and type"):
            outlook(Prospect(tmp_path, **more), HARDWARE)
