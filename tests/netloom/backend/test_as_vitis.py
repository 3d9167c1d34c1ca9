"""What hls4ml's C++ has its own way of computing, against hls4ml's own backend Vitis, to the bit."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netloom.errors import LayerNotSupportedError

hls4ml = pytest.importorskip("hls4ml")
keras = pytest.importorskip("keras")
layers = keras.layers

SAMPLES = 100


def sequential(shape: tuple[int, ...], *chain: Any) -> Any:
    keras.utils.set_random_seed(1)
    return keras.Sequential([keras.Input(shape), *chain])


def convert(model: Any, backend: str, directory: Path, io_type: str, default: str, **settings: Any) -> Any:
    config = hls4ml.utils.config_from_keras_model(model, granularity="name", backend=backend, default_precision=default)
    for layer in config["LayerName"].values():
        layer |= settings
    return hls4ml.converters.convert_from_keras_model(
        model, hls_config=config, backend=backend, output_dir=str(directory), io_type=io_type
    )


def assert_as_vitis(
    model: Any, directory: Path, io_type: str = "io_parallel", default: str = "fixed<16,6>", **settings: Any
) -> None:
    """Equal outputs for inputs over all of the type's range and beyond."""
    x = np.random.default_rng(0).normal(0, 4, (SAMPLES, *model.input_shape[1:])).astype(np.float32)
    x[: SAMPLES // 4] = np.rint(x[: SAMPLES // 4])
    ours = convert(model, "netloom", directory / "netloom", io_type, default, **settings)
    theirs = convert(model, "Vitis", directory / "vitis", io_type, default, **settings)
    theirs.compile()
    found, expected = ours.predict(x), np.asarray(theirs.predict(x))
    np.testing.assert_array_equal(found, expected.reshape(found.shape))
    assert len(np.unique(found)) > 1


@pytest.mark.parametrize(
    ("shape", "chain", "io_type", "reuse"),
    [
        ((12,), lambda: [layers.Dense(6), layers.BatchNormalization()], "io_parallel", 4),
        pytest.param((12,), lambda: [layers.Dense(6)], "io_stream", 36, marks=pytest.mark.slow),
        pytest.param(
            *((6, 6, 2), lambda: [layers.Conv2D(3, 3), layers.ReLU()], "io_stream", 6), marks=pytest.mark.slow
        ),
    ],
)
def test_the_strategy_resource_unrolled(
    shape: tuple[int, ...], chain: Any, io_type: str, reuse: int, tmp_path: Path
) -> None:
    """It adds in the order of Resource: with an accumulator that saturates, order is all."""
    model = sequential(shape, *chain())
    weights = model.layers[0].get_weights()
    weights[0][0] = 0  # left out in the C++
    model.layers[0].set_weights([3 * weights[0], weights[1]])
    settings = {"Strategy": "Resource_Unrolled", "ReuseFactor": reuse}
    assert_as_vitis(model, tmp_path, io_type, "fixed<9,3,TRN,SAT>", **settings)


def test_a_reuse_factor_that_is_rounded_to_1_is_refused_unrolled(tmp_path: Path) -> None:
    """hls4ml's C++ calls what it does not have; Resource is the way out."""
    model = sequential((5,), layers.Dense(2, name="d"))
    with pytest.raises(LayerNotSupportedError, match=r"layer 'd'.*to 1.*use Strategy Resource"):
        convert(model, "netloom", tmp_path, "io_parallel", "fixed<9,3>", Strategy="Resource_Unrolled", ReuseFactor=2)
    convert(model, "netloom", tmp_path, "io_parallel", "fixed<9,3>", Strategy="Resource", ReuseFactor=2)


IMAGE = (3, 4, 2)
LAYERS = {
    "leaky": lambda: [layers.LeakyReLU(0.3), layers.Dense(3, activation="leaky_relu")],
    "prelu": lambda: [layers.PReLU(alpha_initializer="random_normal")],
    "threshold": lambda: [layers.ReLU(threshold=0.7)],
    "elu": lambda: [layers.ELU(0.7), layers.Dense(3, activation="elu")],
    "selu": lambda: [layers.Activation("selu"), layers.Activation("leaky_relu"), layers.Activation("hard_sigmoid")],
    "softplus": lambda: [layers.Dense(3, activation="softplus")],
    "softsign": lambda: [layers.Dense(3, activation="softsign"), layers.Dense(3, activation="hard_sigmoid")],
}


@pytest.mark.parametrize("io_type", ["io_parallel", pytest.param("io_stream", marks=pytest.mark.slow)])
def test_all_activations_in_one_network(io_type: str, tmp_path: Path) -> None:
    """Every one on the same input, its result an output; one project, for compiling takes longest."""
    start = keras.Input(IMAGE)
    keras.utils.set_random_seed(1)
    outputs = []
    for index, build in enumerate(LAYERS.values()):
        # A stream has one reader.
        y = layers.Conv2D(2, 1, name=f"c{index}")(start)
        for layer in build():
            y = layer(y) if not isinstance(layer, layers.Dense) else layers.Conv2D(2, 1, activation=layer.activation)(y)
        outputs.append(y)
    model = keras.Model(start, outputs)
    x = np.random.default_rng(0).normal(0, 4, (SAMPLES, *IMAGE)).astype(np.float32)
    ours = convert(model, "netloom", tmp_path / "netloom", io_type, "fixed<13,6>")
    theirs = convert(model, "Vitis", tmp_path / "vitis", io_type, "fixed<13,6>")
    theirs.compile()
    for name, found, expected in zip(LAYERS, ours.predict(x), theirs.predict(x), strict=True):
        np.testing.assert_array_equal(found, np.reshape(expected, found.shape), err_msg=name)
        assert len(np.unique(found)) > 10, name


@pytest.mark.parametrize(
    ("io_type", "implementation"),
    [
        (io_type, implementation)
        for io_type in ("io_parallel", "io_stream")
        for implementation in ("stable", "latency", "legacy", "argmax")
    ],
)
@pytest.mark.slow
def test_every_implementation_of_softmax(io_type: str, implementation: str, tmp_path: Path) -> None:
    """Alone, and with io_parallel over an axis that is not the last, where hls4ml's C++ gathers slices."""
    first, second = keras.Input((5,)), keras.Input((3, 4) if io_type == "io_parallel" else (3,))
    outputs = [layers.Softmax()(first), layers.Softmax(axis=1 if io_type == "io_parallel" else -1)(second)]
    model = keras.Model([first, second], outputs)
    # Few bits, so that there are ties.
    rng = np.random.default_rng(0)
    x = [rng.integers(-24, 24, (SAMPLES, *start.shape[1:])).astype(np.float32) / 4 for start in (first, second)]
    settings = {"Implementation": implementation}
    ours = convert(model, "netloom", tmp_path / "netloom", io_type, "fixed<12,5>", **settings)
    theirs = convert(model, "Vitis", tmp_path / "vitis", io_type, "fixed<12,5>", **settings)
    theirs.compile()
    for found, expected in zip(ours.predict(x), theirs.predict(x), strict=True):
        np.testing.assert_array_equal(found, np.reshape(expected, found.shape))
        assert len(np.unique(found)) > 1


def test_a_table_with_more_entries_than_its_index_has_values_is_refused(tmp_path: Path) -> None:
    model = sequential((5,), layers.Softmax(name="s"))
    for settings in ({"inv_inp_t": "fixed<9,6>"}, {"inp_norm_t": "ufixed<9,6>"}):
        size = "inv_table_size" if "inv_inp_t" in settings else "exp_table_size"
        with pytest.raises(LayerNotSupportedError, match=f"a table of .* entries.*set {size} to at most 512"):
            convert(model, "netloom", tmp_path, "io_parallel", "fixed<16,6>", **settings)
        convert(model, "netloom", tmp_path, "io_parallel", "fixed<16,6>", **settings, **{size: 512})


@pytest.mark.slow
@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
def test_the_average_of_two(io_type: str, tmp_path: Path) -> None:
    start = keras.Input((6,))
    keras.utils.set_random_seed(1)
    model = keras.Model(start, layers.Average()([layers.Dense(4)(start), layers.Dense(4)(start)]))
    assert_as_vitis(model, tmp_path, io_type, "fixed<11,6>")


def test_products_rows_and_padded_pools_in_one_network(tmp_path: Path) -> None:
    """Layers with C++ of hls4ml's own for arrays alone, each an output."""
    keras.utils.set_random_seed(1)
    rows, image, a, b, tokens = (keras.Input(shape) for shape in ((3, 4), (5, 7, 2), (6,), (6,), (5,)))
    line = keras.Input((9, 3))
    random = {"bias_initializer": "random_normal"}
    outputs = {
        "einsum": layers.EinsumDense("abc,cd->abd", (3, 5), bias_axes="d", **random)(rows),
        "einsum in place": layers.EinsumDense("abc,bcd->adb", (5, 3), bias_axes="b", **random)(rows),
        "einsum with biases by row": layers.EinsumDense("abc,cd->abd", (3, 2), bias_axes="bd", **random)(rows),
        "einsum over all": layers.EinsumDense("abc,bcd->ad", (2,))(rows),
        "maximum": layers.MaxPooling2D(2, padding="same")(image),
        "average": layers.AveragePooling2D((2, 3), strides=(1, 2), padding="same")(image),
        "maximum of a line": layers.MaxPooling1D(4, strides=3, padding="same")(line),
        "average of a line": layers.AveragePooling1D(4, padding="same")(line),
        "dot": layers.Dot(axes=1)([a, b]),
        "embedding": layers.Embedding(7, 3)(tokens),
    }
    model = keras.Model([rows, image, a, b, tokens, line], list(outputs.values()))
    rng = np.random.default_rng(0)
    x = [rng.normal(0, 4, (SAMPLES, *start.shape[1:])).astype(np.float32) for start in model.inputs]
    x[4] = rng.integers(0, 7, x[4].shape).astype(np.float32)
    settings = {"Precision": {"accum": "fixed<10,4,TRN,SAT>", "result": "fixed<12,6,RND,SAT>"}}
    found = []
    for backend in ("netloom", "Vitis"):
        config = hls4ml.utils.config_from_keras_model(model, granularity="name", backend=backend)
        for name, layer in config["LayerName"].items():
            if name.startswith(("einsum", "dot")):
                layer["Precision"] |= settings["Precision"]
            elif "pool" in name:
                layer["Precision"]["accum"] = "fixed<20,10>"
        graph = hls4ml.converters.convert_from_keras_model(
            model, hls_config=config, backend=backend, output_dir=str(tmp_path / backend)
        )
        graph.compile()
        found.append(graph.predict(x))
    for name, ours, theirs in zip(outputs, *found, strict=True):
        np.testing.assert_array_equal(ours, np.reshape(theirs, ours.shape), err_msg=name)
        assert len(np.unique(ours)) > 10, name


def test_a_dot_of_wide_numbers_has_a_range(tmp_path: Path) -> None:
    a, b = keras.Input((10,)), keras.Input((10,))
    model = keras.Model([a, b], layers.Dot(axes=1)([a, b]))
    config = hls4ml.utils.config_from_keras_model(model, default_precision="fixed<32,16>")
    graph = hls4ml.converters.convert_from_keras_model(
        model, hls_config=config, backend="netloom", output_dir=str(tmp_path)
    )
    x = np.random.default_rng(0).integers(-99, 99, (2, SAMPLES, 10)) / 16
    np.testing.assert_array_equal(graph.predict(list(x)).ravel(), (x[0] * x[1]).sum(axis=-1))


def test_a_reshaped_stream_that_loses_values_is_refused(tmp_path: Path) -> None:
    start = keras.Input((6, 3))
    reshaped = keras.Model(start, layers.Reshape((9, 2))(start))
    with pytest.raises(LayerNotSupportedError, match="of 3 channels become pixels of 2, as neither divides the other"):
        convert(reshaped, "netloom", tmp_path, "io_stream", "fixed<16,6>")


def test_what_padded_pooling_cannot_be_is_refused(tmp_path: Path) -> None:
    start = keras.Input((5, 5, 2))
    padded = keras.Model(start, layers.MaxPooling2D(2, padding="same")(start))
    with pytest.raises(LayerNotSupportedError, match="no pooling with padding for io_stream"):
        convert(padded, "netloom", tmp_path, "io_stream", "fixed<16,6>")
    with pytest.raises(LayerNotSupportedError, match="takes half of the range of ufixed<8,4"):
        convert(padded, "netloom", tmp_path, "io_parallel", "ufixed<8,4>")


@pytest.mark.slow
@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
def test_activations_that_other_front_ends_of_hls4ml_make(io_type: str, tmp_path: Path) -> None:
    """Of a description by hand; each on an input of its own, for a stream has one reader."""
    functions = ["binary_tanh", "ternary_tanh"] + ["relu6"] * (io_type == "io_parallel")
    found = []
    for backend in ("netloom", "Vitis"):
        config = hls4ml.utils.config.create_config(
            output_dir=str(tmp_path / backend), backend=backend, io_type=io_type, project_name="project"
        )
        config["HLSConfig"] = {
            "Model": {"Precision": {"default": "fixed<9,5>"}, "ReuseFactor": 1, "Strategy": "Latency"}
        }
        described = []
        for name in functions:
            start = {"class_name": "InputLayer", "name": f"x_{name}", "input_shape": [8], "inputs": [f"x_{name}"]}
            of_it = {"class_name": "Activation", "activation": name, "n_in": 8, "inputs": [f"x_{name}"], "name": name}
            described += [start, of_it]
        graph = hls4ml.model.graph.ModelGraph.from_layer_list(
            config, described, [f"x_{name}" for name in functions], functions
        )
        graph.compile()
        x = np.random.default_rng(0).integers(-300, 300, (len(functions), SAMPLES, 8)).astype(np.float32) / 16
        found.append(graph.predict(list(x)))
    for name, ours, theirs in zip(functions, *found, strict=True):
        np.testing.assert_array_equal(ours, np.reshape(theirs, ours.shape), err_msg=name)
        assert len(np.unique(ours)) > 1
