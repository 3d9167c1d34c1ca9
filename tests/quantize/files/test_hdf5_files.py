"""`.h5` files, of Keras 3 and of Keras 2: they load and compute the same, and nothing in them runs or reaches out."""

import json
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from netloom.errors import ModelFileError
from netloom.quantize import Policy, load_model, quantize

keras = pytest.importorskip("keras")
layers = keras.layers


def network():
    x = keras.Input((6, 6, 2), name="x")
    y = layers.BatchNormalization()(layers.Conv2D(3, 3, activation="relu", padding="same")(x))
    y = layers.Add()([layers.DepthwiseConv2D(3, padding="same")(y), y])
    block = keras.Sequential([keras.Input((6, 6, 3)), layers.MaxPooling2D(2), layers.Flatten()], name="block")
    return keras.Model(x, layers.Dense(4, activation="softmax")(layers.Dropout(0.2)(block(y))))


@pytest.fixture(scope="module")
def x():
    return np.random.default_rng(0).normal(0, 1, (7, 6, 6, 2)).astype(np.float32)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    network().save(tmp_path / "m.h5")
    return tmp_path / "m.h5"


@pytest.mark.parametrize("suffix", [".h5", ".hdf5"])
def test_a_keras_3_file_loads_as_it_was(tmp_path, x, suffix):
    model = network()
    model.save(tmp_path / f"m{suffix}")
    np.testing.assert_array_equal(load_model(tmp_path / f"m{suffix}")(x), model(x))


def test_a_quantized_model_loads_as_it_was(tmp_path, x):
    twin = quantize(network(), Policy(), x, fine_tune_epochs=0)
    twin.save(tmp_path / "m.h5")
    np.testing.assert_array_equal(load_model(tmp_path / "m.h5")(x), twin(x))


@pytest.mark.parametrize("suffix", [".h5", pytest.param(".keras", marks=pytest.mark.slow)])
def test_a_keras_2_file_loads_as_it_was(tmp_path, x, suffix):
    pytest.importorskip("tf_keras")
    code = """
import sys, numpy as np, tf_keras as keras
layers = keras.layers
x = keras.Input((6, 6, 2), name="x")
y = layers.BatchNormalization()(layers.Conv2D(3, 3, activation="relu", padding="same")(x))
y = layers.Add()([layers.DepthwiseConv2D(3, padding="same")(y), y])
block = keras.Sequential([layers.Input((6, 6, 3)), layers.MaxPooling2D(2), layers.Flatten()], name="block")
inner = keras.Input((27,))
outer = keras.Model(inner, keras.Sequential([layers.Dense(5, input_shape=(27,))], name="in")(inner), name="outer")
y = outer(block(y))
y = layers.Activation("softmax")(layers.Dense(4)(layers.Dropout(0.2)(y)))
model = keras.Model(x, keras.Model(*[keras.Input((4,))] * 2, name="end")(y))
model.compile("adam", "mse")
model.save(sys.argv[1])
np.save(sys.argv[2], model(np.load(sys.argv[3])))
"""
    np.save(tmp_path / "x.npy", x)
    file = tmp_path / f"m{suffix}"
    arguments = [file, tmp_path / "y.npy", tmp_path / "x.npy"]
    subprocess.run([sys.executable, "-c", code, *map(str, arguments)], check=True, capture_output=True, timeout=120)
    before = file.read_bytes()
    np.testing.assert_allclose(load_model(file)(x), np.load(tmp_path / "y.npy"), rtol=1e-5, atol=1e-6)
    assert file.read_bytes() == before


def edit(path: Path, change) -> None:
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        file.attrs["model_config"] = json.dumps(change(config))


def renamed(name):
    def change(config):
        config["config"]["layers"][1]["class_name"] = name
        config["config"]["layers"][1].pop("module", None)
        return config

    return change


def with_lambda(config):
    config["config"]["layers"][1].update(class_name="Lambda", config={"name": "evil", "function": ["4wEAAA==", None]})
    return config


def with_code_for_an_activation(config):
    config["config"]["layers"][1]["config"]["activation"] = "__import__('os').system('true')"
    return config


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (renamed("Popen"), "needs 'Popen'"),
        (renamed("Custom>Mine"), "needs 'Custom>Mine'"),
        (renamed("TFSMLayer"), "would run code"),
        (renamed("StringLookup"), "would read other files"),
        (with_lambda, "Lambda.*would run code"),
        (with_code_for_an_activation, "must be a name or a quantizer"),
        (lambda config: [], "no model in its configuration"),
    ],
)
def test_what_is_no_layer_of_keras_is_refused(saved, change, words):
    edit(saved, change)
    with pytest.raises(ModelFileError, match=words) as error:
        load_model(saved)
    assert "\n" not in str(error.value)


def test_links_and_data_elsewhere_are_refused(tmp_path, saved):
    (tmp_path / "secret").write_bytes(bytes(64))
    first = load_model(saved).layers[1].name
    for number, spoil in enumerate(
        (
            lambda group: group.__setitem__("more", h5py.ExternalLink("other.h5", "/")),
            lambda group: group.__setitem__("more", h5py.SoftLink("/nowhere")),
            lambda group: group.create_dataset("more", (4,), "f4", external=[(str(tmp_path / "secret"), 0, 16)]),
            lambda group: group.__setitem__("more", group),
        )
    ):
        copy = tmp_path / f"{number}.h5"
        copy.write_bytes(saved.read_bytes())
        with h5py.File(copy, "r+") as file:
            spoil(file["model_weights"][first])
        with pytest.raises(ModelFileError, match=r"link 'more'|not in the file|stands in two places or within itself"):
            load_model(copy)


def test_weights_alone_and_what_is_no_hdf5_are_refused_with_a_way_out(tmp_path):
    network().save_weights(tmp_path / "m.weights.h5")
    (tmp_path / "text.h5").write_text("no")
    network().save(tmp_path / "cut.h5")
    (tmp_path / "cut.h5").write_bytes((tmp_path / "cut.h5").read_bytes()[:3000])
    for name, words in (("m.weights.h5", "load_weights"), ("text.h5", "no HDF5"), ("cut.h5", "not a whole HDF5")):
        with pytest.raises(ModelFileError, match=words):
            load_model(tmp_path / name)


def test_a_saved_model_is_refused_with_a_way_out(tmp_path):
    network().export(tmp_path / "exported", verbose=False)
    with pytest.raises(ModelFileError, match=r"SavedModel.*save\('name.keras'\)"):
        load_model(tmp_path / "exported")
