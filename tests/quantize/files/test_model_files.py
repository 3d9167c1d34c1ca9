import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest

from netloom.errors import ModelFileError, StorageError
from netloom.quantize import Policy, load_model, quantize, save_model

keras = pytest.importorskip("keras")
qkeras = pytest.importorskip("qkeras")


@pytest.fixture(scope="module")
def twin(trained, digits):
    return quantize(
        trained,
        Policy.uniform(
            6,
        ),
        digits[0],
        fine_tune_epochs=0,
    )


@pytest.fixture
def saved(twin, tmp_path) -> Path:
    path = tmp_path / "model.keras"
    save_model(twin, path)
    return path


def edit(path: Path, change, member: str = "config.json") -> None:
    """Rewrite one member of an archive: text in, text out."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members[member] = change(members[member].decode()).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def assert_refused(path: Path, *parts: str) -> None:
    with pytest.raises(ModelFileError) as error:
        load_model(path)
    assert "\n" not in str(error.value)
    for part in parts:
        assert part in str(error.value)


def test_round_trip_is_bit_equal(twin, saved, trained, digits, tmp_path):
    assert np.array_equal(load_model(saved).predict(digits[0], verbose=0), twin.predict(digits[0], verbose=0))
    save_model(trained, tmp_path / "float.keras")
    loaded = load_model(tmp_path / "float.keras")
    assert np.array_equal(loaded.predict(digits[0], verbose=0), trained.predict(digits[0], verbose=0))


def test_a_loaded_float_model_quantizes_as_the_original_does(trained, digits, tmp_path):
    save_model(trained, tmp_path / "float.keras")
    first, second = (
        quantize(model, Policy(), digits[0], fine_tune_epochs=0)
        for model in (trained, load_model(tmp_path / "float.keras"))
    )
    assert all(np.array_equal(a, b) for a, b in zip(first.get_weights(), second.get_weights(), strict=True))


def test_negative_integer_bits_survive(tmp_path):
    inputs = keras.Input((2,))
    model = keras.Model(inputs, keras.layers.Dense(2, activation="relu")(inputs))
    model.layers[1].kernel.assign([[0.01, 0.02], [0.03, -0.01]])
    x = np.random.default_rng(0).uniform(0, 1, (50, 2)).astype(np.float32)
    small = quantize(model, Policy(), x, fine_tune_epochs=0)
    save_model(small, tmp_path / "small.keras")
    assert np.array_equal(load_model(tmp_path / "small.keras").predict(x, verbose=0), small.predict(x, verbose=0))
    assert np.abs(small.predict(x, verbose=0)).max() > 0


def test_files_that_are_no_models(tmp_path, saved):
    assert_refused(tmp_path / "none.keras", "does not exist")
    assert_refused(tmp_path, "is a folder")
    (tmp_path / "model.pb").write_bytes(b"\x89HDF\r\n")
    assert_refused(tmp_path / "model.pb", "not a .keras, .h5 or .onnx file", "model.save('model.keras')")
    (tmp_path / "text.keras").write_text("hello")
    assert_refused(tmp_path / "text.keras", "not a whole .keras archive")
    (tmp_path / "empty.keras").touch()
    assert_refused(tmp_path / "empty.keras", "not a whole .keras archive")
    whole = saved.read_bytes()
    for share in (0.2, 0.5, 0.99):
        (tmp_path / "part.keras").write_bytes(whole[: int(len(whole) * share)])
        assert_refused(tmp_path / "part.keras", "not a whole .keras archive")
    with zipfile.ZipFile(tmp_path / "zip.keras", "w") as archive:
        archive.writestr("hello.txt", "hello")
    assert_refused(tmp_path / "zip.keras", "not a Keras 3 model")


def test_damaged_members(saved):
    content = bytearray(saved.read_bytes())
    content[len(content) // 2] ^= 0xFF
    saved.write_bytes(content)
    assert_refused(saved)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"class_name": "Functional"}'])
def test_configurations_that_are_none(saved, text):
    edit(saved, lambda _: text)
    assert_refused(saved)


@pytest.mark.parametrize("value", ['"\\u0000"', '"four"', "[]", "{}", "null"])
@pytest.mark.parametrize("argument", ["integer", "bits"])
def test_a_quantizer_whose_argument_is_no_number(saved, argument, value):
    """Found by the fuzzer of run files: TensorFlow raised an error of its own, which was "a bug in netloom"."""
    place = re.compile(rf'(kernel_quantizer.*?"{argument}": )-?\d+')
    edit(saved, lambda text: place.sub(lambda found: found[1] + value, text, count=1))
    assert_refused(saved)


def test_a_version_that_does_not_load_is_named(saved):
    edit(saved, lambda text: text.replace("3.15", "9.99"), "metadata.json")
    edit(saved, lambda text: text.replace('"units": 32', '"units": 33'))
    assert_refused(saved, "saved by Keras 9.99", f"Keras {keras.__version__}")


def test_weights_that_are_not_finite(twin, tmp_path):
    broken = keras.models.clone_model(twin)
    broken.set_weights([np.full_like(weight, np.nan) for weight in twin.get_weights()])
    save_model(broken, tmp_path / "nan.keras")
    assert_refused(tmp_path / "nan.keras", "layer 'fc1': kernel must be finite")


def test_custom_layers_are_named(tmp_path):
    @keras.saving.register_keras_serializable(package="mine")
    class Swish(keras.layers.Layer):
        def call(self, inputs):
            return inputs

    inputs = keras.Input((4,))
    keras.Model(inputs, Swish(name="mine_1")(inputs)).save(tmp_path / "custom.keras")
    assert_refused(tmp_path / "custom.keras", "layer 'mine_1'", "Swish")


def test_lambda_layers_are_refused_and_never_run(tmp_path):
    mark = tmp_path / "ran"
    source = f"lambda x: (open({str(mark)!r}, 'w').close(), x)[1]"
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Lambda(eval(source), output_shape=(4,), name="evil")(inputs))
    mark.unlink(missing_ok=True)
    model.save(tmp_path / "lambda.keras")
    assert_refused(tmp_path / "lambda.keras", "layer 'evil'", "would run code")
    assert not mark.exists()


@pytest.mark.parametrize(
    "text",
    [
        "os.system('touch {mark}')",
        "__import__('os').system('touch {mark}')",
        "quantized_bits(__import__('os').system('touch {mark}'))",
        "quantized_bits(8,0,alpha=open('{mark}','w'))",
        "set_internal_sigmoid('hard')",
        "get_quantizer('set_internal_sigmoid')",
        "safe_eval('set_internal_sigmoid',{{}})",
        "(lambda: open('{mark}','w'))()",
        "quantized_bits(" + "(" * 500,
    ],
)
def test_text_quantizers_that_are_not_plain_calls_are_refused(saved, tmp_path, text):
    mark = tmp_path / "ran"
    text = text.format(mark=mark)

    def change(config):
        tree = json.loads(config)
        layer = next(layer for layer in tree["config"]["layers"] if layer["class_name"] == "QDense")
        layer["config"]["kernel_quantizer"] = text
        return json.dumps(tree)

    edit(saved, change)
    assert_refused(saved, "kernel_quantizer")
    assert not mark.exists()


def test_text_quantizers_that_are_plain_calls_load(tmp_path, digits):
    inputs = keras.Input((64,))
    x = qkeras.QDense(4, kernel_quantizer="quantized_bits(6,0,alpha=1)", bias_quantizer="quantized_bits(8,-1,alpha=1)")(
        inputs
    )
    model = keras.Model(inputs, qkeras.QActivation("quantized_relu(6)")(x))
    save_model(model, tmp_path / "text.keras")
    edit(tmp_path / "text.keras", _with_text_quantizer)
    loaded = load_model(tmp_path / "text.keras")
    assert np.array_equal(loaded.predict(digits[0], verbose=0), model.predict(digits[0], verbose=0))


def _with_text_quantizer(config):
    tree = json.loads(config)
    layer = next(layer for layer in tree["config"]["layers"] if layer["class_name"] == "QDense")
    layer["config"]["kernel_quantizer"] = "quantized_bits(6,0,alpha=1)"
    layer["config"]["bias_quantizer"] = "quantized_bits(8,-1,alpha=1)"
    return json.dumps(tree)


@pytest.mark.parametrize(
    "node",
    [
        {"module": "builtins", "class_name": "function", "config": "eval", "registered_name": "function"},
        {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"},
        {"module": "keras.utils", "class_name": "function", "config": "get_file", "registered_name": "get_file"},
        {"class_name": "__lambda__", "config": {"value": "4wEAAAAA"}},
        {"module": "subprocess", "class_name": "Popen", "config": {"args": "true"}, "registered_name": None},
        {"module": "keras.layers", "class_name": "TFSMLayer", "config": {"filepath": "x"}, "registered_name": None},
    ],
)
def test_objects_beyond_keras_are_refused(saved, node):
    def change(config):
        tree = json.loads(config)
        layer = next(layer for layer in tree["config"]["layers"] if layer["class_name"] == "QDense")
        layer["config"]["kernel_initializer"] = node
        return json.dumps(tree)

    edit(saved, change)
    assert_refused(saved, "is not loaded")


def test_saving_replaces_whole_files_only(twin, saved, monkeypatch):
    before = saved.read_bytes()

    def fail(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(twin), "save", fail)
    with pytest.raises(StorageError, match="No space left on device"):
        save_model(twin, saved)
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def test_saving_where_it_cannot(twin, tmp_path):
    with pytest.raises(StorageError, match="cannot be written"):
        save_model(twin, tmp_path / "none" / "model.keras")
    with pytest.raises(StorageError, match=r"must end in \.keras"):
        save_model(twin, tmp_path / "model.h5")
