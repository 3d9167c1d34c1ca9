"""Scales at a model's ends that are no powers of two: the host divides and multiplies; every engine agrees."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from typer.testing import CliRunner

from netloom.common.ends import Ends
from netloom.errors import LayerNotSupportedError, NetloomError, QuantizerNotSupportedError, StorageError
from netloom.quantize import load_model

pytest.importorskip("qonnx")
from onnx_double import doubled
from onnx_free import FreeNet, free_net
from onnx_graphs import DOMAIN, SAMPLES, OnnxNet, executed

MODELS = Path(__file__).parents[2] / "support" / "onnx" / "onnx_models"
DEFAULTS = sorted(MODELS.glob("brevitas_default*.onnx"))
QUICK, CHUNKS, CHUNK = (0, 2, 3), 10, 10
DEAD = ("its result is always", "zeros are put around values that never are 0")
"""What a random model may be refused for: a quantizer that never changes, zeros where a value is none."""


def samples(shape, count=8 * SAMPLES):
    return np.random.default_rng(1).normal(0, 1.5, (count, *shape)).astype(np.float32)


def convert(model, folder, io_type="io_parallel"):
    from netloom.hls import HlsSettings
    from netloom.hls import convert as converted

    return converted(model, HlsSettings(io_type=io_type), folder / "conversion")


def results(path, x, folder, io_type="io_parallel"):
    """What a file gives, once `quantized`, `fixed` and the exact twin agree."""
    from netloom.sim import open_engine

    twin = load_model(path)
    conversion = convert(twin, folder, io_type)
    with open_engine("quantized", model=twin) as quantized, open_engine("fixed", conversion=conversion) as fixed:
        found = fixed.predict(x)
        np.testing.assert_array_equal(quantized.predict(x), found)
    if pytest.importorskip("onnxruntime"):
        with open_engine("onnx", conversion=conversion) as engine:
            np.testing.assert_array_equal(engine.predict(x), found)
    return found, conversion


@pytest.mark.parametrize("path", DEFAULTS, ids=lambda path: path.stem)
def test_a_model_of_brevitas_as_its_layers_are_without_arguments(path, tmp_path):
    model = onnx.load_model(path)
    shape = [dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim][1:]
    x = samples(shape)
    expected = executed(model, x)
    found, conversion = results(path, x, tmp_path)
    if "picture" in path.stem:
        np.testing.assert_array_equal(found.astype(np.float32), expected)  # its last node is a quantizer
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
    assert len(conversion.dataflow.host_lines) == 2


def checked(seed: int, folder: Path) -> bool:
    net = free_net(seed, ends=True)
    folder.mkdir(exist_ok=True)
    x = samples(net.source)
    try:
        found, conversion = results(net.save(folder / "net.onnx"), x, folder, ("io_parallel", "io_stream")[seed % 2])
    except NetloomError as error:
        assert any(dead in str(error) for dead in DEAD)
        return False
    expected = doubled(net.model(), x)
    if "Quant" in net.nodes[-1].op_type:
        np.testing.assert_array_equal(found, expected)
    else:  # products are rounded in float64 too, but far less than a step of them
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
    assert conversion.dataflow.ends
    return True


@pytest.mark.parametrize("seed", QUICK)
def test_a_random_model(seed, tmp_path):
    assert checked(seed, tmp_path), "a seed of the quick sample was refused: choose another"


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_hundred_random_models(chunk, tmp_path):
    refused = [seed for seed in range(CHUNK * chunk, CHUNK * (chunk + 1)) if not checked(seed, tmp_path / str(seed))]
    assert len(refused) <= 6, refused  # quantizers of a bit or two often never change


def small() -> FreeNet:
    """4-4, 0.1 to a level at the input and a zero point, 0.3 at the output."""
    net = FreeNet((4,), 8)
    for scale, zero, bits in ((0.1, 3.0, 5), (0.3, -2.0, 4)):
        given = [net.constant(value) for value in (scale, zero, bits)]
        net.node("Quant", net.last, *given, domain=DOMAIN, signed=1, narrow=0, rounding_mode="ROUND")
        if scale == 0.1:
            net.dense()
    return net


def test_hardware_and_host_divide_the_work(tmp_path, monkeypatch):
    """The design says what is the host's; the RTL in Verilator and the driver of a board give what `fixed` gives."""
    from netloom.firmware.board.driver import Driver
    from netloom.firmware.emit.emitted import EmittedDesign
    from netloom.firmware.generate import generate_design
    from netloom.sim import compare_engines, open_engine
    from netloom.sim.hardware.rtl import RtlEngine

    conversion = convert(load_model(small().save(tmp_path / "net.onnx")), tmp_path)
    generate_design(conversion.dataflow, interval=8).write(tmp_path / "design")
    design = EmittedDesign.read(tmp_path / "design")
    assert design.ends == conversion.dataflow.ends
    assert "the host sends round(x / 0.1 + 3), -16 to 15" in design.content("README.md").decode()
    x = samples((4,), 16)
    with open_engine("fixed", conversion=conversion) as fixed:
        expected = fixed.predict(x)
        fidelity = compare_engines(fixed, RtlEngine(tmp_path / "design"), x, trace=True)
        assert fidelity.layers
        assert fidelity.equal, fidelity.first_mismatch
        bare = open_engine("fixed", conversion=replace(conversion, dataflow=replace(conversion.dataflow, ends=Ends())))
    (element,) = (port.stream.element for port in design.outputs)
    monkeypatch.setattr(Driver, "__init__", lambda self, design: setattr(self, "design", design))
    monkeypatch.setattr(
        Driver, "predict_raws", lambda self, raws, _=None: [element.from_float(bare.predict(raws[0].astype(float)))]
    )
    np.testing.assert_array_equal(Driver(design).predict(x), expected)
    bare_inputs = [port.model_copy(update={"host": None}) for port in design.inputs]
    another = EmittedDesign(**dict(design) | {"inputs": bare_inputs})  # to the host
    assert another.identity != design.identity


def test_every_command_says_what_the_host_does(tmp_path):
    from netloom.cli.app import app

    def call(*arguments):
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        assert result.exit_code == 0, result.output
        return result.output

    net, x = small(), samples((4,), 24)
    path, told = net.save(tmp_path / "net.onnx"), "input 'x': the host sends round(x / 0.1 + 3), -16 to 15"
    np.savez(tmp_path / "data.npz", x_train=x, x_test=x)
    np.save(tmp_path / "x.npy", x)
    assert told in call("convert", path, "-o", tmp_path / "converted")
    assert told in call("run", path, "--data", tmp_path / "data.npz", "--no-csim", "--onnx", "-o", tmp_path / "run")
    assert "samples/s" in call("plan", path, "--board", "iCEBreaker", "--design-seconds", 1)
    page = (tmp_path / "run" / "report.html").read_text()
    assert "the host sends round(x / 0.1 + 3), -16 to 15" in page
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert report["network"]["host"][0] == told
    assert not any(record["mismatches"] or record.get("layer_mismatches") for record in report["fidelity"])
    assert {tuple(record["engines"]) for record in report["fidelity"]} == {("quantized", "fixed"), ("fixed", "onnx")}
    call("simulate", tmp_path / "run", "--inputs", tmp_path / "x.npy", "-o", tmp_path / "y.npy")
    found = np.load(tmp_path / "y.npy")
    np.testing.assert_array_equal(found.astype(np.float32), executed(net.model(), x))
    assert "fixed = onnx" in call("crosscheck", tmp_path / "run", "--inputs", tmp_path / "x.npy", "--engine", "onnx")
    for kind, dtype in (("--onnx", np.float64), ("--qonnx", np.float64)):
        call("export", tmp_path / "run", kind, tmp_path / "out.onnx")
        made = onnx.load_model(tmp_path / "out.onnx")
        values = executed(made, x) if kind == "--qonnx" else ran(tmp_path / "out.onnx", x)
        assert values.dtype == dtype
        np.testing.assert_array_equal(values, found)


def ran(path: Path, x):
    import onnxruntime

    (y,) = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"x": x})
    return y


def test_other_readers_of_such_an_input_are_named(tmp_path):
    net = OnnxNet((4,))
    for _ in range(2):
        given = [net.constant(value) for value in (0.3, 0, 4)]
        net.node("Quant", "x", *given, domain=DOMAIN, signed=1, narrow=0, rounding_mode="ROUND")
    net.node("Add", "Quant_0", "Quant_1")
    with pytest.raises(QuantizerNotSupportedError, match=r"nothing else reads the input then; 'Quant_0', 'Quant_1' do"):
        load_model(net.save(tmp_path / "net.onnx"))


def test_thresholds_at_the_input_are_refused_by_name(tmp_path):
    net = OnnxNet((4,))
    net.node("MultiThreshold", "x", net.constant([[0.0, 1.0]]), domain=DOMAIN)
    net.dense()
    with pytest.raises(QuantizerNotSupportedError, match="'MultiThreshold_0': MultiThreshold of the network's input"):
        load_model(net.save(tmp_path / "net.onnx"))


def test_a_damaged_conversion_is_told(tmp_path):
    from netloom.hls import Conversion

    conversion = convert(load_model(small().save(tmp_path / "net.onnx")), tmp_path)
    path = conversion.directory / "dataflow.json"
    whole = json.loads(path.read_text())
    assert Conversion.load(conversion.directory).dataflow.ends == conversion.dataflow.ends
    for change in (
        lambda ends: ends["inputs"][0].update(scale=0.0),
        lambda ends: ends["inputs"].append(None),
        lambda ends: ends["outputs"][0].update(scale=[1.0, 2.0], shift=[0.0, 0.0]),
        lambda ends: ends.update(more=1),
    ):
        damaged = json.loads(json.dumps(whole))
        change(damaged["ends"])
        path.write_text(json.dumps(damaged))
        with pytest.raises(StorageError, match="convert the model again"):
            Conversion.load(conversion.directory)


def test_the_hosts_layers_stand_at_the_ends_alone(tmp_path):
    import keras
    from qkeras import QActivation, QDense, quantized_bits

    from netloom.quantize.layers import HostQuantize, HostScale

    bits = quantized_bits(4, 3, alpha=1)
    scale, left = {"scale": 0.5, "low": -8, "high": 7}, {"scale": [0.1], "shift": [0.0]}
    x = keras.Input((3,))
    inside = QActivation(bits)(HostQuantize(scale, name="first")(x))
    again = HostQuantize(scale, name="again")(inside)
    early = HostScale(left, name="early")(inside)
    end = QDense(2, kernel_quantizer=bits, bias_quantizer=bits)
    for tensor, name in ((end(again), "again"), (end(early), "early"), ([end(early), early], "early")):
        with pytest.raises(LayerNotSupportedError, match=f"layer '{name}' .*at an end of the network"):
            convert(keras.Model(x, tensor), tmp_path)
    with pytest.raises(NetloomError, match=r"layer 'odd': .* is no InputScale"):
        HostQuantize({"scale": -1}, name="odd")
    with pytest.raises(NetloomError, match="layer 'odd': 2 scales along axis 0"):
        HostScale({"scale": [1, 2], "shift": [0, 0]}, name="odd")(inside)
