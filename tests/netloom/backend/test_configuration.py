"""What `config_from_keras_model(backend="netloom")` gives: hls4ml's configuration, its types wide enough."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netloom.errors import PrecisionWarning
from netloom.fixed_point import FixedPoint

hls4ml = pytest.importorskip("hls4ml")
keras = pytest.importorskip("keras")
layers = keras.layers

GRANULARITIES = ("name", "type")
IO_TYPES = ("io_parallel", "io_stream")


def configure(model: Any, granularity: str = "name", backend: str = "netloom", **settings: Any) -> dict[str, Any]:
    config: dict[str, Any] = hls4ml.utils.config_from_keras_model(
        model, granularity=granularity, backend=backend, **settings
    )
    return config


def convert(model: Any, config: Any, folder: Path, io_type: str = "io_parallel", backend: str = "netloom") -> Any:
    """The graph; a warning that types are too narrow is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", PrecisionWarning)
        return hls4ml.converters.convert_from_keras_model(
            model, hls_config=config, backend=backend, io_type=io_type, output_dir=str(folder / backend)
        )


def classifier() -> tuple[Any, np.ndarray]:
    """Two classes, not trained, its logits some units apart; and inputs."""
    keras.utils.set_random_seed(0)
    chain = [layers.Dense(16, activation="relu", name="a"), layers.Dense(2, activation="softmax", name="b")]
    model = keras.Sequential([keras.Input((10,), name="x"), *chain])
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([3 * kernel, bias])
    return model, np.random.default_rng(0).normal(size=(400, 10)).astype(np.float32)


def network() -> Any:
    """Of layers whose types hls4ml leaves at its default, weights far beyond it among them."""
    keras.utils.set_random_seed(0)
    start = keras.Input((8, 8, 2), name="x")
    y = layers.Conv2D(4, 3, activation="relu", name="c")(start)
    y = layers.AveragePooling2D(2, name="p")(y)
    y = layers.GlobalAveragePooling2D(name="g")(y)
    y = layers.Dense(6, activation="sigmoid", name="d")(y)
    y = layers.Dense(5, activation="tanh", name="e")(y)
    y = layers.Dense(2, name="f")(y)
    model = keras.Model(start, y)
    kernel, bias = model.get_layer("f").get_weights()
    kernel[0, 0] = 100
    model.get_layer("f").set_weights([kernel, bias])
    return model


@pytest.mark.parametrize("granularity", GRANULARITIES)
@pytest.mark.parametrize("io_type", IO_TYPES)
def test_a_classifier_gives_what_keras_does(granularity: str, io_type: str, tmp_path: Path) -> None:
    model, x = classifier()
    found = convert(model, configure(model, granularity), tmp_path, io_type).predict(x)
    expected = model.predict(x, verbose=0)
    assert np.ptp(expected[:, 0]) > 0.9
    assert np.abs(found - expected).max() < 0.01


@pytest.mark.parametrize("granularity", GRANULARITIES)
@pytest.mark.parametrize("io_type", IO_TYPES)
def test_no_layer_can_wrap(granularity: str, io_type: str, tmp_path: Path) -> None:
    model = network()
    graph = convert(model, configure(model, granularity), tmp_path, io_type)
    assert [layer.name for layer in graph.conversion.layers if layer.overflow_possible] == []


@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_nor_can_any_of_those_for_arrays_alone(granularity: str, tmp_path: Path) -> None:
    """Of `Dot` hls4ml infers no accumulator: with its own configuration it aborts."""
    keras.utils.set_random_seed(0)
    start = keras.Input((5, 5, 2), name="x")
    y = layers.PReLU(name="r")(layers.DepthwiseConv2D(3, padding="same", name="c")(start))
    y = layers.Average(name="v")([y, layers.Conv2D(2, 1, activation="elu", name="k")(y)])
    y = layers.Reshape((9, 2), name="s")(layers.MaxPooling2D(2, padding="same", name="p")(y))
    y = layers.Flatten(name="f")(layers.EinsumDense("abc,cd->abd", (9, 3), name="e")(y))
    parts = [layers.Dense(4, activation=name, name=name)(y) for name in ("softsign", "softplus")]
    model = keras.Model(start, layers.Dot(axes=1, name="d")(parts))
    graph = convert(model, configure(model, granularity), tmp_path)
    assert [layer.name for layer in graph.conversion.layers if layer.overflow_possible] == []
    x = np.random.default_rng(0).normal(size=(100, 5, 5, 2)).astype(np.float32)
    np.testing.assert_allclose(graph.predict(x), model.predict(x, verbose=0), atol=0.1)


def test_layers_of_one_class_get_a_type_for_all_of_them(tmp_path: Path) -> None:
    """The first of two ReLUs needs few bits left of the point, the second many."""
    model = keras.Sequential([keras.Input((4,)), layers.ReLU(), layers.Dense(1), layers.ReLU()])
    model.layers[1].set_weights([np.full((4, 1), 30, np.float32), np.zeros(1, np.float32)])
    graph = convert(model, configure(model, "type"), tmp_path)
    x = np.full((1, 4), 25, np.float32)
    assert graph.predict(x) == model.predict(x, verbose=0) == 3000


def test_it_is_hls4mls_where_that_is_wide_enough() -> None:
    """And where the model cannot be converted: its conversion says why."""
    wide = keras.Sequential([keras.Input((4,), name="x"), layers.Dense(3, name="d")])
    none = keras.Sequential([keras.Input((4, 3), name="x"), layers.SimpleRNN(3, name="l")])
    for model in (wide, none):
        for granularity in (*GRANULARITIES, "model"):
            assert configure(model, granularity) == configure(model, granularity, "Vitis")


def test_other_backends_get_hls4mls_own() -> None:
    model, _ = classifier()
    for backend in ("Vitis", "Vivado", None):
        precision = configure(model, backend=backend)["LayerName"]["a_relu"]["Precision"]
        assert precision["result"] == "auto"
    assert configure(model)["LayerName"]["a_relu"]["Precision"]["result"] != "auto"


def test_what_was_asked_for_stays() -> None:
    model, _ = classifier()
    config = configure(model, default_precision="fixed<20,4>", default_reuse_factor=3, max_precision="fixed<24,5>")
    assert config["Model"]["Precision"] == {"default": "fixed<20,4>", "maximum": "fixed<24,5>"}
    assert config["LayerName"]["a"]["ReuseFactor"] == 3
    relu = FixedPoint.parse(config["LayerName"]["a_relu"]["Precision"]["result"])
    assert (relu.integer, relu.fraction) == (5, 16)


@pytest.mark.slow
@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_vitis_gives_the_same_with_it(granularity: str, tmp_path: Path) -> None:
    model, x = classifier()
    config = configure(model, granularity)
    theirs = convert(model, config, tmp_path, backend="Vitis")
    theirs.compile()
    np.testing.assert_array_equal(convert(model, config, tmp_path).predict(x), theirs.predict(x))
