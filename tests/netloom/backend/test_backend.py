"""hls4ml's backend `netloom`: what any hls4ml user writes, against hls4ml's own backend Vitis, to the bit."""

import json
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netloom
from netloom.errors import InputError, LayerNotSupportedError, SettingsError

hls4ml = pytest.importorskip("hls4ml")
keras = pytest.importorskip("keras")
layers = keras.layers

SAMPLES = 60


def dense() -> Any:
    return keras.Sequential(
        [
            keras.Input((16,)),
            layers.Dense(24, activation="relu", name="d1"),
            layers.Dense(12, activation="tanh", name="d2"),
            layers.Dense(5, name="d3"),
            layers.Softmax(name="sm"),
        ]
    )


def convolutional() -> Any:
    return keras.Sequential(
        [
            keras.Input((8, 8, 2)),
            layers.Conv2D(4, 3, name="c1"),
            layers.BatchNormalization(name="bn"),
            layers.ReLU(name="r"),
            layers.MaxPooling2D(name="p"),
            layers.Flatten(name="f"),
            layers.Dense(6, activation="sigmoid", name="d"),
        ]
    )


def residual() -> Any:
    x = start = keras.Input((10,))
    for name in ("a", "b"):
        y = layers.Dense(10, activation="relu", name=f"{name}_dense")(x)
        x = layers.Add(name=f"{name}_add")([x, y])
    return keras.Model(start, layers.Dense(1, name="last")(x))


def convert(model: Any, backend: str, directory: Path, **settings: Any) -> Any:
    """Convert as hls4ml's tutorials do, with the types that Vitis gets, every layer's own settings changed."""
    io_type, default = settings.pop("io_type", "io_parallel"), settings.pop("default", "fixed<16,6>")
    types = settings.pop("types", "Vitis")
    precision = settings.pop("precision", {})
    config = hls4ml.utils.config_from_keras_model(model, granularity="name", backend=types, default_precision=default)
    config["Model"] |= settings
    for name, layer in config["LayerName"].items():
        layer |= settings | {"Trace": True}
        layer["Precision"] |= precision.get(name, {})
    return hls4ml.converters.convert_from_keras_model(
        model, hls_config=config, backend=backend, output_dir=str(directory), io_type=io_type
    )


@pytest.fixture(autouse=True)
def seeded() -> None:
    keras.utils.set_random_seed(1)


def test_hls4ml_finds_the_backend_by_its_entry_point() -> None:
    (entry,) = entry_points(group="hls4ml.backends", name="netloom")
    assert entry.value == "netloom.backend.backend:register"
    assert "netloom" in hls4ml.backends.get_available_backends()


@pytest.mark.parametrize(
    ("build", "settings"),
    [
        (dense, {}),
        (
            dense,
            {
                "Strategy": "Resource",
                "ReuseFactor": 4,
                "precision": {
                    "d1": {"weight": "fixed<8,3>", "result": "fixed<10,4,RND,SAT>"},
                    "d2": {"accum": "fixed<14,5>"},
                },
            },
        ),
        (convolutional, {}),
        pytest.param(
            convolutional,
            {"Strategy": "Resource", "ReuseFactor": 3, "io_type": "io_stream", "default": "fixed<12,5>"},
            marks=pytest.mark.slow,
        ),
        pytest.param(residual, {"default": "fixed<11,4,RND_CONV,SAT>"}, marks=pytest.mark.slow),
        pytest.param(
            residual, {"io_type": "io_stream", "Strategy": "Resource", "ReuseFactor": 10}, marks=pytest.mark.slow
        ),
    ],
)
def test_outputs_and_layers_equal_those_of_vitis(build: Any, settings: dict[str, Any], tmp_path: Path) -> None:
    model = build()
    x = np.random.default_rng(0).normal(0, 1.5, (SAMPLES, *model.input_shape[1:])).astype(np.float32)
    theirs = convert(model, "Vitis", tmp_path / "vitis", **settings)
    expected, trace = theirs.trace(x)
    ours = convert(model, "netloom", tmp_path / "netloom", **settings)
    ours.compile()
    outputs = ours.predict(x)
    assert outputs.dtype == expected.dtype
    np.testing.assert_array_equal(outputs, np.reshape(expected, outputs.shape))
    again, layer_outputs = ours.trace(x)
    np.testing.assert_array_equal(again, outputs)
    assert set(trace) <= set(layer_outputs)
    for name, values in trace.items():
        np.testing.assert_array_equal(layer_outputs[name].reshape(values.shape), values, err_msg=name)


def test_weights_are_those_that_hls4ml_prints(tmp_path: Path) -> None:
    """hls4ml writes 0.0312476 as 0.03125 for a type of five fraction bits, which C++ then does not truncate to 0."""
    model = keras.Sequential([keras.Input((2,)), layers.Dense(2, name="d")])
    model.layers[0].set_weights([np.array([[0.0312476, 0.03], [-1e-7, 0.5]], np.float32), np.zeros(2, np.float32)])
    ours = convert(model, "netloom", tmp_path / "p", precision={"d": {"weight": "fixed<8,3>"}})
    np.testing.assert_array_equal(ours.predict(np.eye(2)), [[1 / 32, 0], [0, 0.5]])


def test_the_cpp_project_is_that_of_vitis(tmp_path: Path) -> None:
    model = dense()
    for backend in ("Vitis", "netloom"):
        convert(model, backend, tmp_path / backend).write()
    for name in ("myproject.cpp", "parameters.h", "defines.h", "weights/w2.h", "nnet_utils/nnet_dense.h"):
        text = (tmp_path / "netloom" / "firmware" / name).read_text()
        assert text == (tmp_path / "Vitis" / "firmware" / name).read_text(), name


@pytest.mark.parametrize(
    ("build", "settings"),
    [
        (dense, {"Strategy": "Resource", "ReuseFactor": 24, "default": "fixed<9,4>"}),
        pytest.param(dense, {"default": "fixed<6,3>"}, marks=pytest.mark.slow),
        pytest.param(convolutional, {"Strategy": "Resource", "ReuseFactor": 9}, marks=pytest.mark.slow),
        pytest.param(residual, {"Strategy": "Resource", "ReuseFactor": 10}, marks=pytest.mark.slow),
    ],
)
def test_the_written_design_computes_what_predict_says(build: Any, settings: dict[str, Any], tmp_path: Path) -> None:
    model = build()
    ours = convert(model, "netloom", tmp_path, **settings)
    ours.write()
    design = tmp_path / "netloom" / "design"
    described = json.loads((design / "design.json").read_text())
    assert described["target"] == "generic"
    x = np.random.default_rng(0).normal(0, 1.5, (20, *model.input_shape[1:]))
    with netloom.open_engine("rtl", design=design) as engine:
        np.testing.assert_array_equal(engine.predict(x), ours.predict(x))
    sizes = {layer.name: layer.parameters for layer in netloom.Conversion.load(tmp_path / "netloom").layers}
    for product in described["products"]:
        assert product["unrolled"] == ("ReuseFactor" not in settings)
        if not product["unrolled"]:
            assert product["multipliers"] <= sizes[product["layer"]]


def test_multipliers_are_those_of_the_reuse_factor(tmp_path: Path) -> None:
    ours = convert(dense(), "netloom", tmp_path, Strategy="Resource", ReuseFactor=24)
    ours.write()
    described = json.loads((tmp_path / "netloom" / "design" / "design.json").read_text())
    found = {product["layer"]: product["multipliers"] for product in described["products"]}
    factors = {node.name: node.get_attr("reuse_factor") for node in ours.get_layers()}
    assert found == {"d1": 16 * 24 // factors["d1"], "d2": 24 * 12 // factors["d2"], "d3": 12 * 5 // factors["d3"]}


@pytest.mark.slow
def test_build_synthesizes_and_with_a_board_routes(tmp_path: Path) -> None:
    settings = {"Strategy": "Resource", "ReuseFactor": 48, "default": "fixed<8,3>"}
    ours = convert(residual(), "netloom", tmp_path / "p", **settings)
    alone = ours.build()
    assert alone["resources"]["lut"] > 0
    built = ours.build(board="ULX3S-25F", clock_mhz=50)
    assert built["timing_met"]
    assert built["clock_mhz"] == 50
    assert built["interval"] == alone["interval"]
    assert Path(built["bitstream"]).stat().st_size > 1000


def test_an_unknown_board_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="did you mean"):
        hls4ml.converters.convert_from_keras_model(
            dense(), backend="netloom", board="ULX4S-25F", output_dir=str(tmp_path)
        )


@pytest.mark.parametrize("shape", [(3, 16), (3, 4, 4), (16,)])
def test_inputs_may_have_any_shape_of_so_many_elements(tmp_path: Path, shape: tuple[int, ...]) -> None:
    ours = convert(dense(), "netloom", tmp_path)
    x = np.random.default_rng(0).normal(size=shape)
    outputs = ours.predict(x)
    assert outputs.shape == (max(1, x.size // 16), 5)
    assert outputs.dtype == np.float64


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (np.zeros((2, 15)), r"shape \(samples, 16\)"),
        ([np.zeros((2, 16))] * 2, "1 inputs, not 2"),
        (np.full((2, 16), np.nan), "finite"),
        (np.array([["a"] * 16]), "numeric"),
    ],
)
def test_inputs_that_are_none(tmp_path: Path, x: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        convert(dense(), "netloom", tmp_path).predict(x)


@pytest.mark.parametrize("strategy", ["distributed_arithmetic", "Luck"])
def test_strategies_without_an_equal_are_refused_by_the_layers_name(tmp_path: Path, strategy: str) -> None:
    with pytest.raises(LayerNotSupportedError, match=r"layer .d1.*latency"):
        convert(dense(), "netloom", tmp_path, Strategy=strategy)


def test_layers_without_an_equal_are_refused_by_name(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((4, 3)), layers.SimpleRNN(2, name="memory")])
    with pytest.raises(LayerNotSupportedError, match=r"layer 'memory': hls4ml's SimpleRNN has no lowering"):
        convert(model, "netloom", tmp_path)


def test_several_inputs_and_outputs(tmp_path: Path) -> None:
    starts = [keras.Input((4,), name=name) for name in ("first", "second")]
    both = layers.Concatenate(name="both")(starts)
    model = keras.Model(starts, [layers.Dense(n, name=f"out{n}")(both) for n in (2, 3)])
    ours = convert(model, "netloom", tmp_path)
    x = [np.random.default_rng(i).normal(size=(5, 4)) for i in range(2)]
    assert [output.shape for output in ours.predict(x)] == [(5, 2), (5, 3)]


def test_qkeras_layers_have_handlers(tmp_path: Path) -> None:
    qkeras = pytest.importorskip("qkeras")
    bits = qkeras.quantized_bits(4, 1, alpha=1)
    model = keras.Sequential(
        [
            keras.Input((4,)),
            qkeras.QActivation(qkeras.quantized_bits(8, 1, alpha=1), name="q"),
            qkeras.QDense(3, kernel_quantizer=bits, bias_quantizer=bits, name="d"),
        ]
    )
    # For Vitis hls4ml cannot say anything of a QActivation that has no name.
    ours = convert(model, "netloom", tmp_path, default="fixed<24,8>", types="netloom")
    x = np.random.default_rng(0).integers(-128, 128, (20, 4)) / 128
    np.testing.assert_array_equal(ours.predict(x), model.predict(x, verbose=0))
