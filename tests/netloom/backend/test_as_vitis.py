"""What hls4ml's C++ has its own way of computing, against hls4ml's own backend Vitis, to the bit."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

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
        ((12,), lambda: [layers.Dense(6)], "io_stream", 36),
        ((6, 6, 2), lambda: [layers.Conv2D(3, 3), layers.ReLU()], "io_stream", 6),
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


@pytest.mark.slow
@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
def test_the_average_of_two(io_type: str, tmp_path: Path) -> None:
    start = keras.Input((6,))
    keras.utils.set_random_seed(1)
    model = keras.Model(start, layers.Average()([layers.Dense(4)(start), layers.Dense(4)(start)]))
    assert_as_vitis(model, tmp_path, io_type, "fixed<11,6>")
