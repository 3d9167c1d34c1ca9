"""hls4ml's public API, answered by backend netloom as by Vitis: edits, files, parts, keywords, lists of layers."""

import copy
import inspect
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netloom.errors import LayerNotSupportedError, NotSupportedError, SettingsError, StorageError
from netloom.firmware.build import runner

hls4ml = pytest.importorskip("hls4ml")
keras = pytest.importorskip("keras")

from hls4ml.backends.vitis.vitis_backend import VitisBackend  # noqa: E402

from netloom.backend.backend import _STEPS  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::netloom.errors.PrecisionWarning")

X = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32)


def convert(folder: Path, backend: str = "netloom", **sections: Any) -> Any:
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((4,), name="x"), layers.Dense(3, name="d"), layers.ReLU(name="r"), layers.Dense(2, name="e")]
    )
    config = hls4ml.utils.config_from_keras_model(model, granularity="name", backend=backend) | sections
    return hls4ml.converters.convert_from_keras_model(
        model, hls_config=config, backend=backend, output_dir=str(folder / backend)
    )


def by_the_cpp(graph: Any, folder: Path) -> np.ndarray:
    """The outputs of the C++ that a graph writes."""
    graph.write()
    shutil.copytree(graph.config.get_output_dir(), folder / "copy")
    linked = hls4ml.converters.link_existing_project(folder / "copy")
    linked.config.config["OutputDir"] = str(folder / "copy")
    linked.compile()
    return linked.predict(X)


def zero(graph: Any) -> None:
    weight = graph.graph["d"].weights["weight"]
    weight.data = np.zeros_like(weight.data)


def zero_in_place(graph: Any) -> None:
    graph.graph["d"].weights["weight"].data[:] = 0


def drop(graph: Any) -> None:
    graph.remove_node(graph.graph["r"])


def narrow(graph: Any) -> None:
    graph.graph["e"].get_output_variable().type.precision.width -= 12


@pytest.mark.parametrize("edit", [zero, zero_in_place, drop, narrow])
@pytest.mark.parametrize("begin", ["nothing", "compile", "predict", "write"])
def test_predict_follows_the_graph(tmp_path: Path, edit: Callable[[Any], None], begin: str) -> None:
    untouched = convert(tmp_path).predict(X)
    graph = convert(tmp_path)
    if begin != "nothing":
        getattr(graph, begin)(*[X] if begin == "predict" else [])
    edit(graph)
    outputs = graph.predict(X)
    assert (outputs != untouched).any()
    np.testing.assert_array_equal(graph.trace(X)[0], outputs)
    if edit is zero:
        assert (outputs == outputs[0]).all()


@pytest.mark.slow
@pytest.mark.parametrize("edit", [zero_in_place, drop, narrow])
def test_the_cpp_that_is_written_follows_the_graph_too(tmp_path: Path, edit: Callable[[Any], None]) -> None:
    graph = convert(tmp_path)
    graph.compile()
    edit(graph)
    np.testing.assert_array_equal(by_the_cpp(graph, tmp_path), graph.predict(X))


def test_the_design_follows_the_graph(tmp_path: Path) -> None:
    import netloom

    graph = convert(tmp_path)
    graph.write()
    zero(graph)
    graph.write()
    found = netloom.simulate(netloom.Conversion.load(tmp_path / "netloom" / "netloom"), X)
    np.testing.assert_array_equal(found, graph.predict(X.astype(np.float64)))


def test_an_unchanged_graph_is_lowered_once(tmp_path: Path) -> None:
    graph = convert(tmp_path)
    before = graph.dataflow
    graph.compile()
    graph.predict(X)
    assert graph.dataflow is before


def test_a_graph_with_a_loose_end_is_refused_by_the_layers_name(tmp_path: Path) -> None:
    graph = convert(tmp_path)
    hls4ml.model.to_multi_model_graph(graph, ["e"])
    with pytest.raises(LayerNotSupportedError, match=r"layer 'e'.*'e_input'"):
        graph.predict(X)


def test_saved_and_loaded_again(tmp_path: Path) -> None:
    graph = convert(tmp_path)
    graph.save(str(tmp_path / "saved.fml"))
    again = hls4ml.utils.serialization.deserialize_model(tmp_path / "saved.fml")
    np.testing.assert_array_equal(again.trace(X)[0], graph.predict(X))
    again.write()


def test_a_qkeras_model_is_saved_and_loaded_again(tmp_path: Path) -> None:
    qkeras = pytest.importorskip("qkeras")
    bits = {"kernel_quantizer": "quantized_bits(4,0,alpha=1)", "bias_quantizer": "quantized_bits(4,0,alpha=1)"}
    model = keras.Sequential(
        [keras.Input((4,)), qkeras.QActivation("quantized_bits(8,2,alpha=1)"), qkeras.QDense(3, **bits, name="d")]
    )
    config = hls4ml.utils.config_from_keras_model(model, granularity="name", backend="netloom")
    graph = hls4ml.converters.convert_from_keras_model(
        model, hls_config=config, backend="netloom", output_dir=str(tmp_path / "p")
    )
    graph.save(str(tmp_path / "saved.fml"))
    again = hls4ml.utils.serialization.deserialize_model(tmp_path / "saved.fml")
    np.testing.assert_array_equal(again.predict(X), graph.predict(X))


def test_a_written_project_is_linked(tmp_path: Path) -> None:
    graph = convert(tmp_path)
    np.testing.assert_array_equal(by_the_cpp(graph, tmp_path), graph.predict(X))


@pytest.mark.slow
def test_a_linked_project_is_built(tmp_path: Path) -> None:
    graph = convert(tmp_path, Model={"Precision": "fixed<8,3>", "ReuseFactor": 1})
    graph.write()
    linked = hls4ml.converters.link_existing_project(tmp_path / "netloom")
    assert linked.build(csim=False) == graph.build(csim=False)


def test_a_linked_project_without_hardware_says_so(tmp_path: Path) -> None:
    convert(tmp_path).write()
    shutil.rmtree(tmp_path / "netloom" / "netloom")
    with pytest.raises(StorageError, match=r"folding.json is missing"):
        hls4ml.converters.link_existing_project(tmp_path / "netloom").build()


@pytest.mark.parametrize("call", ["compile", "predict", "trace", "write"])
def test_without_flows_whatever_is_called_first_applies_them(tmp_path: Path, call: str) -> None:
    graph = convert(tmp_path, Flows=[])
    assert not graph._applied_flows
    getattr(graph, call)(*[X] if call in ("predict", "trace") else [])
    np.testing.assert_array_equal(graph.predict(X), convert(tmp_path).predict(X))


def test_a_configuration_without_a_clock(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((4,), name="x"), keras.layers.Dense(3, name="d")])
    graph = hls4ml.converters.convert_from_config(
        {
            "KerasModel": model,
            "Backend": "netloom",
            "OutputDir": str(tmp_path),
            "ProjectName": "mine",
            "IOType": "io_parallel",
            "HLSConfig": {"Model": {"Precision": "fixed<16,6>", "ReuseFactor": 1}},
        }
    )
    graph.compile()
    assert graph.predict(X).shape == (20, 3)
    assert graph.conversion.settings.clock_period == 5


def test_split_into_several_graphs(tmp_path: Path) -> None:
    whole = convert(tmp_path).predict(X)
    parts = hls4ml.model.to_multi_model_graph(convert(tmp_path), ["e"])
    first = parts[0].predict(X)
    np.testing.assert_array_equal(parts[1].predict(first), whole)
    assert set(parts[0].trace(X)[1]) == {"x", "d", "r"}
    parts.compile()
    np.testing.assert_array_equal(parts.predict(X), whole)
    with pytest.raises(NotSupportedError, match="Vivado"):
        parts.predict(X[:1], sim="rtl")


def test_an_unknown_keyword_of_build_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="'bord'"):
        convert(tmp_path).build(bord="ULX3S-25F")


@pytest.mark.parametrize("linked", [False, True])
def test_a_clock_without_a_board_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, linked: bool) -> None:
    monkeypatch.setattr(runner, "run_tool", lambda *_, **__: pytest.fail("a tool was run"))
    graph = convert(tmp_path)
    if linked:
        graph.write()
        graph = hls4ml.converters.link_existing_project(tmp_path / "netloom")
    with pytest.raises(SettingsError, match="clock_mhz is that of the network on a board: say which"):
        graph.build(clock_mhz=50)


def test_every_step_of_vitis_is_done_or_refused_by_name(tmp_path: Path) -> None:
    graph, known = convert(tmp_path), inspect.signature(VitisBackend.build).parameters
    steps = set(known) - {"self", "model"}
    assert steps == set(_STEPS)
    for name in steps - {"reset"}:
        asked = not _STEPS[name][0][0]
        with pytest.raises(
            SettingsError, match=f"build does not do {name}={asked} with backend netloom: .+ Leave it out"
        ):
            graph.build(**{name: asked})


def test_a_setting_that_vitis_would_ignore_is_refused() -> None:
    config = hls4ml.utils.config.create_config(
        backend="netloom", part="xc7", clock_uncertainty="10%", board="ULX3S-25F"
    )
    assert (config["Part"], config["ClockUncertainty"], config["Board"]) == ("xc7", "10%", "ULX3S-25F")
    with pytest.raises(SettingsError, match="backend netloom has no setting 'bord'"):
        hls4ml.utils.config.create_config(backend="netloom", bord="ULX3S-25F")


def test_what_cannot_be_built_is_refused_before_any_tool_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "run_tool", lambda *_, **__: pytest.fail("a tool was run"))
    graph = convert(tmp_path)
    with pytest.raises(NotSupportedError, match="Arty-A7-35 needs Vivado"):
        graph.build(board="Arty-A7-35")
    with pytest.raises(SettingsError, match="400 MHz, not 999"):
        graph.build(board="ULX3S-25F", clock_mhz=999)


def from_layers(backend: str, folder: Path, layers: list[dict[str, Any]], **settings: Any) -> Any:
    config = hls4ml.utils.config.create_config(output_dir=str(folder / backend), backend=backend)
    config["HLSConfig"] = {"Model": {"Precision": "fixed<16,6>", "ReuseFactor": 1} | settings}
    graph = hls4ml.model.ModelGraph.from_layer_list(config, copy.deepcopy(layers))
    graph.compile()
    return graph


FLAT = [
    {"class_name": "Input", "name": "x", "input_shape": [4]},
    {
        "class_name": "Dense",
        "name": "d",
        "n_in": 4,
        "n_out": 3,
        "weight_data": np.arange(12.0) / 8 - 0.5,
        "bias_data": np.array([0.5, 0, -0.25]),
        "data_format": "channels_last",
    },
]

HGQ = [
    {"class_name": "Input", "name": "x", "input_shape": [4]},
    {
        "class_name": "FixedPointQuantizer",
        "name": "q",
        "mask_kbi": (np.array([[1, 0, 1, 1]]), np.array([[4, 3, 0, 4]]), np.array([[1, 1, 0, 1]])),
        "RND": "RND",
        "SAT": "SAT",
        "fusible": None,
        "overrides": {},
    },
]
"""As HGQ2 gives them: one type an element, and one element of no bits."""


@pytest.mark.parametrize(
    ("layers", "settings"),
    [
        pytest.param(FLAT, {}, marks=pytest.mark.slow),
        (FLAT, {"Strategy": "Resource", "ReuseFactor": 2}),
        (HGQ, {}),
    ],
    ids=["flat weights", "flat weights, resource", "a type an element"],
)
def test_hand_made_layers_equal_vitis(tmp_path: Path, layers: list[dict[str, Any]], settings: dict[str, Any]) -> None:
    found, expected = (
        from_layers(backend, tmp_path, layers, **settings).predict(X) for backend in ("netloom", "Vitis")
    )
    np.testing.assert_array_equal(found, expected)
    assert found.any()


def test_hgq_models(tmp_path: Path) -> None:
    """Needs HGQ2, which is no dependency: the case above is what netloom meets of it."""
    pytest.importorskip("hgq")
    from hgq.layers import QDense
    from hgq.utils import trace_minmax

    keras.utils.set_random_seed(0)
    start = keras.Input((4,))
    model = keras.Model(start, QDense(3, name="d1")(QDense(6, activation="relu", name="d0")(start)))
    expected = trace_minmax(model, X, batch_size=20, verbose=0, return_results=True)
    graph = hls4ml.converters.convert_from_keras_model(
        model,
        backend="netloom",
        output_dir=str(tmp_path),
        hls_config={"Model": {"Precision": "ap_fixed<1,0>", "ReuseFactor": 1}},
    )
    np.testing.assert_array_equal(graph.predict(X), np.asarray(expected))
