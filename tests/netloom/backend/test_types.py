"""Types of an hls4ml configuration that cannot hold what their layers compute: warned of, with those that do."""

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netloom.errors import PrecisionWarning

hls4ml = pytest.importorskip("hls4ml")
keras = pytest.importorskip("keras")
layers = keras.layers

README = Path(__file__).parents[3] / "README.md"


def classifier(classes: int = 3) -> tuple[Any, np.ndarray, np.ndarray]:
    """A trained one; inputs and labels."""
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(size=(400, 10)).astype(np.float32)
    y = np.argmax(x[:, :classes], axis=1)
    hidden = layers.Dense(16, activation="relu", name="hidden")
    model = keras.Sequential([keras.Input((10,)), hidden, layers.Dense(classes, activation="softmax", name="classes")])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x, y, epochs=15, verbose=0)
    return model, x, y


def convert(model: Any, folder: Path, config: Any, backend: str = "netloom", **settings: Any) -> tuple[Any, list[str]]:
    """The graph, and what was warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        graph = hls4ml.converters.convert_from_keras_model(
            model, hls_config=config, backend=backend, output_dir=str(folder / backend), **settings
        )
    return graph, [str(warning.message) for warning in caught if warning.category is PrecisionWarning]


def by_name(model: Any) -> dict[str, Any]:
    """hls4ml's own types; `config_from_keras_model(backend="netloom")` gives better ones (test_configuration.py)."""
    return hls4ml.utils.config_from_keras_model(model, granularity="name", backend="Vitis")


def follow(config: dict[str, Any], warned: list[str]) -> None:
    """Do what the warnings say."""
    for line in warned:
        for statement in line.split("set ", 1)[1].split(" and "):
            exec(statement, {"config": config})


@pytest.mark.parametrize(
    ("classes", "io_type"),
    [
        (2, "io_parallel"),
        (5, "io_stream"),
        pytest.param(2, "io_stream", marks=pytest.mark.slow),
        pytest.param(5, "io_parallel", marks=pytest.mark.slow),
    ],
)
def test_a_plain_softmax_classifier_is_warned_of_and_the_advice_mends_it(
    tmp_path: Path, io_type: str, classes: int
) -> None:
    model, x, y = classifier(classes)
    config = by_name(model)
    graph, warned = convert(model, tmp_path, config, io_type=io_type)
    wrong = (graph.predict(x).argmax(axis=1) == y).mean()
    assert classes > 2 or np.unique(graph.predict(x)).tolist() == [0.5]
    (softmax,) = (line for line in warned if "softmax: " in line)
    assert "layer 'classes_softmax'" in softmax
    config = by_name(model)
    follow(config, warned)
    mended, warned = convert(model, tmp_path, config, io_type=io_type)
    assert warned == []
    expected = model.predict(x, verbose=0)
    right = (expected.argmax(axis=1) == y).mean()
    assert right > wrong + 0.2
    assert (mended.predict(x).argmax(axis=1) == y).mean() > right - 0.01
    assert np.abs(mended.predict(x) - expected).max() < 0.01
    config = hls4ml.utils.config_from_keras_model(model, granularity="name", backend="netloom")
    own, warned = convert(model, tmp_path, config, io_type=io_type)
    assert warned == []
    assert classes > 2 or f"{right:.0%}" == f"{(own.predict(x).argmax(axis=1) == y).mean():.0%}" == "88%"


def test_every_layer_that_may_wrap_is_named_and_following_the_advice_takes_one_pass(tmp_path: Path) -> None:
    model, _, _ = classifier()
    config = by_name(model)
    for layer in config["LayerName"].values():
        layer["Precision"] = dict.fromkeys(layer["Precision"], "fixed<8,3>")
    _, warned = convert(model, tmp_path, config)
    assert [re.match(r"layer '(\w+)'", line)[1] for line in warned] == [  # type: ignore[index]
        "hidden",
        "hidden_relu",
        "classes",
        "classes_softmax",
    ]
    assert "accum fixed<8,3,TRN,WRAP> cannot hold it" in warned[0]
    follow(config, warned)
    graph, warned = convert(model, tmp_path, config)
    assert warned == []
    for layer in graph.conversion.layers:
        assert not layer.overflow_possible or layer.kind == "Softmax", layer.name


def test_weights_that_do_not_fit_are_named(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((2,), name="x"), layers.Dense(1, name="d")])
    model.layers[0].set_weights([np.array([[5.5], [1]], np.float32), np.array([0.5], np.float32)])
    config = by_name(model)
    config["LayerName"]["d"]["Precision"]["weight"] = "fixed<6,3>"
    _, warned = convert(model, tmp_path, config)
    assert any("weight fixed<6,3,TRN,WRAP> cannot hold it, fixed<7,4,TRN,WRAP> does" in line for line in warned)


def test_nothing_is_said_where_types_hold_or_saturate_on_purpose(tmp_path: Path) -> None:
    model = keras.Sequential(
        [keras.Input((4,), name="x"), layers.Dense(3, name="d"), layers.Dense(2, activation="sigmoid", name="e")]
    )
    config = by_name(model)
    config["LayerName"]["d"]["Precision"]["result"] = "fixed<8,3,RND,SAT>"
    config["LayerName"]["e_sigmoid"]["table_t"] = "ufixed<8,0>"
    _, warned = convert(model, tmp_path, config)
    assert warned == []


def test_the_readmes_example_works_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    section = README.read_text(encoding="utf-8").split("## From hls4ml", 1)[1]
    code = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert code is not None
    model, x, y = classifier()
    built = []
    from netloom.backend.netloom_graph import NetloomGraph

    # What it builds, `test_backend.py` does.
    monkeypatch.setattr(NetloomGraph, "build", lambda self: built.append(self))
    monkeypatch.chdir(tmp_path)
    names = {"hls4ml": hls4ml, "model": model, "x": x}
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*softmax.*", category=PrecisionWarning)
        exec(code[1], names)
    assert built == [names["hls_model"]]
    right = (model.predict(x, verbose=0).argmax(axis=1) == y).mean()
    assert (names["y"].argmax(axis=1) == y).mean() > right - 0.01
