"""hls4ml's own LSTM and GRU, against hls4ml's own backend Vitis, to the bit."""

import copy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netloom
from netloom.errors import LayerNotSupportedError

hls4ml = pytest.importorskip("hls4ml")
keras = pytest.importorskip("keras")
layers = keras.layers

SHAPE = (5, 3)
SAMPLES = 200

Layers = Mapping[str, Callable[..., Any]]

ALL: Layers = {
    "lstm": lambda **how: layers.LSTM(4, return_sequences=True, **how),
    "lstm_last": lambda **how: layers.LSTM(4, **how),
    "lstm_relu": lambda **how: layers.LSTM(3, activation="relu", recurrent_activation="tanh", **how),
    "gru": lambda **how: layers.GRU(4, return_sequences=True, **how),
    "gru_last": lambda **how: layers.GRU(4, **how),
    "gru_relu": lambda **how: layers.GRU(3, activation="sigmoid", recurrent_activation="relu", **how),
}
GRUS: Layers = {name: make for name, make in ALL.items() if "gru" in name}
BOTH_WAYS: Layers = {
    "both": lambda **how: layers.Bidirectional(layers.LSTM(3, return_sequences=True), **how),
    "both_last": lambda **how: layers.Bidirectional(layers.GRU(2, use_bias=False), **how),
}


def build(chosen: Layers, scale: float = 0.9) -> Any:
    """Every one on the same input, its result an output; one project, for compiling takes longest."""
    start = keras.Input(SHAPE, name="x")
    model = keras.Model(start, [make(name=name)(start) for name, make in chosen.items()])
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(0, scale, weights.shape) for weights in model.get_weights()])
    return model


def convert(
    model: Any,
    backend: str,
    directory: Path,
    io_type: str = "io_parallel",
    default: str = "fixed<16,6>",
    attributes: Mapping[str, Any] | None = None,
    **settings: Any,
) -> Any:
    """With the same settings for all layers; `attributes` are those of hls4ml's layers, set after the conversion."""
    config = hls4ml.utils.config_from_keras_model(model, granularity="name", backend="Vitis", default_precision=default)
    for layer in config["LayerName"].values():
        layer["Precision"] |= settings.get("Precision", {})
        layer |= {name: entry for name, entry in settings.items() if name != "Precision"}
    graph = hls4ml.converters.convert_from_keras_model(
        model, hls_config=config, backend=backend, output_dir=str(directory), io_type=io_type
    )
    for node in graph.get_layers():
        for name, entry in (attributes or {}).items():
            node.set_attr(name, entry)
    if attributes:
        graph.apply_flow("vitis:apply_templates")
    return graph


def samples() -> np.ndarray:
    """Over all of the input's range, and some beyond it."""
    x = np.random.default_rng(1).normal(0, 2, (SAMPLES, *SHAPE))
    x[: SAMPLES // 10] *= 20
    return x.astype(np.float32)


def assert_as_vitis(model: Any, directory: Path, **how: Any) -> None:
    ours = convert(model, "netloom", directory / "netloom", **how)
    theirs = convert(model, "Vitis", directory / "vitis", **how)
    theirs.compile()
    expected = theirs.predict(samples())
    for layer, found, right in zip(model.output_names, ours.predict(samples()), expected, strict=True):
        np.testing.assert_array_equal(found, np.reshape(right, found.shape), err_msg=layer)
        assert len(np.unique(found)) > 10, layer


@pytest.mark.parametrize(
    ("chosen", "how"),
    [
        (ALL | BOTH_WAYS, {}),
        *(
            pytest.param(chosen, how, marks=pytest.mark.slow)
            for chosen, how in (
                (ALL, {"io_type": "io_stream", "default": "fixed<14,5,RND,SAT>"}),
                (ALL | BOTH_WAYS, {"default": "fixed<9,4,RND_CONV,SAT>", "table_t": "fixed<12,2,RND,SAT>"}),
                (ALL | BOTH_WAYS, {"static": False, "default": "fixed<13,3>", "table_size": 256}),
                (ALL, {"Strategy": "Resource", "ReuseFactor": 3, "default": "fixed<10,3,TRN,SAT>"}),
                (ALL, {"Strategy": "Resource", "ReuseFactor": 2, "default": "fixed<10,3,TRN,SAT>"}),
                (ALL, {"Strategy": "Resource_Unrolled", "ReuseFactor": 3, "default": "fixed<10,3,TRN,SAT>"}),
                (GRUS | BOTH_WAYS, {"Precision": {"result": "fixed<11,2>", "accum": "fixed<15,5,RND>"}}),
                (GRUS, {"attributes": {"pytorch": True}, "io_type": "io_stream"}),
            )
        ),
    ],
)
def test_all_that_it_computes(chosen: Layers, how: dict[str, Any], tmp_path: Path) -> None:
    """Types that round, saturate or wrap in every place, tables of other sizes, and reuse factors."""
    assert_as_vitis(build(chosen), tmp_path, **how)


@pytest.mark.parametrize(
    ("layer", "how", "words"),
    [
        (lambda: layers.GRU(2, reset_after=False), {}, "reset_after=True"),
        (lambda: layers.LSTM(2, activation="softsign"), {}, "'softsign' for recurrent layers; use sigmoid, tanh, relu"),
        (lambda: layers.LSTM(2, go_backwards=True), {}, "go_backwards"),
        (lambda: layers.LSTM(2), {"Precision": {"result": "fixed<12,4>"}}, "one type only"),
        (lambda: layers.Bidirectional(layers.LSTM(2), merge_mode="sum"), {}, "merge_mode must be 'concat'"),
        (lambda: layers.Bidirectional(layers.LSTM(2)), {"Strategy": "Resource"}, "Strategy Latency"),
        (lambda: layers.SimpleRNN(2), {}, "hls4ml's SimpleRNN has no lowering"),
        (lambda: layers.LSTM(4), {"Strategy": "Resource", "ReuseFactor": 5}, "another ReuseFactor"),
        (lambda: layers.LSTM(4), {"Strategy": "Resource_Unrolled", "ReuseFactor": 2}, "to 1.*use Strategy Resource"),
        (lambda: layers.GRU(4), {"Strategy": "Resource_Unrolled", "ReuseFactor": 2}, "to 1.*use Strategy Resource"),
    ],
)
def test_what_the_cpp_leaves_out_or_gets_wrong_is_refused(
    layer: Any, how: dict[str, Any], words: str, tmp_path: Path
) -> None:
    start = keras.Input((4, 3), name="x")
    made = layer()
    made.name = "memory"
    with pytest.raises(LayerNotSupportedError, match=f"layer 'memory'.*{words}"):
        convert(keras.Model(start, made(start)), "netloom", tmp_path, **how)


def test_configured_types_hold_all_steps(tmp_path: Path) -> None:
    """Weights so large that the gates are open and an LSTM's memory counts steps, beyond hls4ml's types of 6 bits."""
    start = keras.Input((50, 2), name="x")
    outputs = [layers.LSTM(3, name="lstm")(start), layers.GRU(3, name="gru")(start)]
    model = keras.Model(start, [*outputs, layers.Dense(2, name="d")(outputs[1])])
    rng = np.random.default_rng(0)
    model.set_weights([np.abs(rng.normal(2, 1, weights.shape)) for weights in model.get_weights()])
    config = hls4ml.utils.config_from_keras_model(model, granularity="name", backend="netloom")
    named = config["LayerName"]
    assert named["lstm"]["Precision"]["accum"] == named["lstm"]["Precision"]["result"] != "auto"
    assert named["gru"]["Precision"]["result"] == named["d"]["Precision"]["result"] == "auto"
    wide, narrow = copy.deepcopy(config), copy.deepcopy(config)
    for name in ("lstm", "gru"):
        wide["LayerName"][name]["Precision"] |= dict.fromkeys(("accum", "result"), "fixed<26,16>")
        narrow["LayerName"][name]["Precision"] |= dict.fromkeys(("accum", "result"), "fixed<16,6>")
    x = np.concatenate([rng.normal(0, 8, (50, 50, 2)), np.full((1, 50, 2), 31.9)])
    graphs = [
        hls4ml.converters.convert_from_keras_model(
            model, hls_config=settings, backend="netloom", output_dir=str(tmp_path / str(index))
        )
        for index, settings in enumerate((config, wide, narrow))
    ]
    assert list(graphs[0].advice) == list(graphs[1].advice) == []
    assert {"lstm", "gru"} <= {advice.layer for advice in graphs[2].advice}
    for found, right, wrapped in zip(*(graph.predict(x) for graph in graphs), strict=True):
        np.testing.assert_array_equal(found, right)
        assert (wrapped != right).any()


@pytest.mark.slow
@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
def test_the_written_design_computes_what_predict_says(io_type: str, tmp_path: Path) -> None:
    """Folded by reuse factors, and with constant weights."""
    chosen = {"lstm": ALL["lstm"], "gru_last": ALL["gru_last"]} | (BOTH_WAYS if io_type == "io_parallel" else {})
    ours = convert(
        build(chosen), "netloom", tmp_path, io_type=io_type, ReuseFactor=1 if io_type == "io_parallel" else 3
    )
    ours.write()
    with netloom.open_engine("rtl", design=tmp_path / "netloom" / "design") as engine:
        for found, expected in zip(engine.predict(samples()[:8]), ours.predict(samples()[:8]), strict=True):
            np.testing.assert_array_equal(found.reshape(expected.shape), expected)
