"""ONNX models: each equals qonnx's executor, as a Keras model and as firmware; what does not is refused by its node."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from netloom.errors import LayerNotSupportedError, ModelFileError, NetloomError, QuantizerNotSupportedError
from netloom.quantize import load_model

pytest.importorskip("qonnx")
from onnx_graphs import DOMAIN, SAMPLES, OnnxNet, executed, random_net

BREVITAS = sorted((Path(__file__).parents[2] / "support" / "onnx" / "onnx_models").glob("*.onnx"))
QUICK, CHUNKS, CHUNK = range(5), 20, 10


def check(path: Path, model, folder: Path, shape, io_type="io_parallel") -> None:
    """A file: qonnx's executor, the Keras model in float64 and the firmware's numbers are the same."""
    from netloom.hls import HlsSettings, convert
    from netloom.sim import open_engine

    batch = model.graph.input[0].type.tensor_type.shape.dim[0].dim_value
    x = np.random.default_rng(1).normal(0, 1.5, (SAMPLES, *shape)).astype(np.float32)
    expected = np.concatenate([executed(model, x[start : start + batch]) for start in range(0, SAMPLES, batch)])
    twin = load_model(path)
    conversion = convert(twin, HlsSettings(io_type=io_type), folder / "conversion")
    with open_engine("quantized", model=twin) as quantized, open_engine("fixed", conversion=conversion) as fixed:
        assert (quantized.predict(x) == expected).all()
        assert (fixed.predict(x) == expected).all()


@pytest.mark.parametrize("path", BREVITAS, ids=lambda path: path.stem)
def test_a_model_of_brevitas(path, tmp_path):
    """As tests/support/onnx/brevitas_models.py made it."""
    model = onnx.load_model(path)
    shape = [dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim][1:]
    check(path, model, tmp_path, shape)


def checked(seed: int, folder: Path) -> bool:
    net = random_net(seed)
    path = net.save(folder / f"net{seed}.onnx")
    try:
        check(path, net.model(), folder / str(seed), net.source, ("io_parallel", "io_stream")[seed % 2])
    except NetloomError as error:
        assert "\n" not in str(error)
        return False
    return True


@pytest.mark.parametrize("seed", QUICK)
def test_a_random_model(seed, tmp_path):
    assert checked(seed, tmp_path), "a seed of the quick sample was refused: choose another"


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_two_hundred_random_models(chunk, tmp_path):
    refused = [seed for seed in range(CHUNK * chunk, CHUNK * (chunk + 1)) if not checked(seed, tmp_path)]
    assert len(refused) <= 1, refused


def test_bipolar_weights(tmp_path):
    net = OnnxNet((6,))
    net.quantized("x", 4, 0.25)
    x = net.last
    weights = net.node("BipolarQuant", net.constant(net.rng.normal(0, 1, (6, 3))), net.constant(0.5), domain=DOMAIN)
    net.node("MatMul", x, weights)
    net.shape = (3,)
    check(net.save(tmp_path / "net.onnx"), net.model(), tmp_path, (6,))


def test_a_run_begins_with_it_and_its_damage_leaves_nothing(tmp_path):
    import netloom

    run = netloom.run(str(BREVITAS[0]), directory=tmp_path / "run", until="convert")
    x = np.random.default_rng(2).normal(0, 1, (1, 12)).astype(np.float32)
    assert (netloom.simulate(run.directory, x) == executed(onnx.load_model(BREVITAS[0]), x)).all()
    (tmp_path / "bad.onnx").write_bytes(BREVITAS[0].read_bytes()[:-500])
    with pytest.raises(NetloomError):
        netloom.run(str(tmp_path / "bad.onnx"), directory=tmp_path / "bad", until="convert")
    assert {path.name for path in (tmp_path / "bad").iterdir()} <= {".lock", "netloom.log"}


def test_names_are_those_of_the_nodes():
    layers = [layer.name for layer in load_model(BREVITAS[0]).layers]
    assert layers[1:4] == ["0_act_quant_export_handler_Quant", "1_Gemm", "2_act_quant_activation_impl_Relu"]


def test_open_sizes_are_given(tmp_path):
    net = random_net(3)
    model = net.model()
    dims = model.graph.input[0].type.tensor_type.shape.dim
    sizes = [dim.dim_value for dim in dims][1:]
    for dim in dims:
        dim.dim_param = "open"
    onnx.save_model(model, tmp_path / "net.onnx")
    with pytest.raises(LayerNotSupportedError, match=r"input 'x': sizes .* say them \(--input-shape\)"):
        load_model(tmp_path / "net.onnx")
    assert load_model(tmp_path / "net.onnx", [sizes]).input_shape == (None, *sizes)
    with pytest.raises(LayerNotSupportedError, match="the model has 1 inputs, and 2 input shapes are given"):
        load_model(tmp_path / "net.onnx", [sizes, sizes])
    onnx.save_model(net.model(), tmp_path / "net.onnx")
    with pytest.raises(LayerNotSupportedError, match=r"input 'x' has shape .* which cannot be"):
        load_model(tmp_path / "net.onnx", [(7,) * len(sizes)])


def quantizer(scale=0.25, zero_point=0.0, bits=4.0, signed=1, narrow=0, rounding="ROUND"):
    net = OnnxNet((5,))
    given = [net.constant(value) for value in (scale, zero_point, bits)]
    net.node("Quant", "x", *given, domain=DOMAIN, signed=signed, narrow=narrow, rounding_mode=rounding)
    net.dense()
    return net


QUANTIZERS = [
    ({"scale": 0.3}, r"its scale 0\.3\d* is no power of two.* Int8ActPerTensorFixedPoint"),
    ({"scale": 0.0}, r"its scale must be positive and finite, not 0\.0"),
    ({"scale": np.nan}, "its scale must be positive and finite, not nan"),
    ({"scale": np.inf}, "its scale must be positive and finite, not inf"),
    ({"scale": -0.5}, r"its scale must be positive and finite, not -0\.5"),
    ({"scale": np.full(5, 0.5)}, "it has 5 scales for activations"),
    ({"zero_point": 3.0}, "its zero point 3 is not 0; use a symmetric quantizer"),
    ({"bits": 3.5}, r"its width \[3\.5\] must be a whole number of bits"),
    ({"bits": 40.0}, r"its width \[40\.0\] must be a whole number of bits, 1 to 24"),
    ({"bits": 1.0}, "a signed number of 1 bit"),
    ({"signed": 0, "narrow": 1}, "a narrow range of unsigned numbers"),
    ({"rounding": "FLOOR"}, "rounding mode FLOOR of activations; use ROUND"),
]


@pytest.mark.parametrize(("options", "said"), QUANTIZERS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_quantizer_without_an_equal_is_refused_by_its_node(options, said, tmp_path):
    with pytest.raises(QuantizerNotSupportedError, match=f"^node 'Quant_0': {said}"):
        load_model(quantizer(**options).save(tmp_path / "net.onnx"))


def edited(edit):
    """A dense model, changed by a function of its protobuf."""
    net = OnnxNet((5,))
    net.quantized("x", 4, 0.25)
    net.dense()
    model = net.model()
    edit(model)
    return model


def operator(kind, domain="", **attributes):
    def edit(model):
        node = model.graph.node[-1]
        node.ClearField("attribute")
        node.op_type, node.domain, node.name = kind, domain, "odd"
        node.attribute.extend(helper.make_attribute(*pair) for pair in attributes.items())
        if domain:
            model.opset_import.append(helper.make_opsetid(domain, 1))

    return edit


def normalized(**attributes):
    """A batch normalization at the end."""

    def edit(model):
        opset(17)(model)
        graph, last = model.graph, model.graph.output[0]
        units = last.type.tensor_type.shape.dim[1].dim_value
        given = [onnx.numpy_helper.from_array(np.ones(units, np.float32), f"n{index}") for index in range(4)]
        graph.initializer.extend(given)
        source = graph.node[-1].output[0]
        names = [source, *(one.name for one in given)]
        outputs = ["normalized", "mean", "variance"] if attributes.get("training_mode") else ["normalized"]
        graph.node.append(helper.make_node("BatchNormalization", names, outputs, "odd", **attributes))
        last.name = "normalized"

    return edit


def dropped(model):
    """A dropout that drops, at the end."""
    graph, last = model.graph, model.graph.output[0]
    graph.initializer.append(onnx.numpy_helper.from_array(np.array(0.5, np.float32), "ratio"))
    graph.initializer.append(onnx.numpy_helper.from_array(np.array(True), "training"))
    source = graph.node[-1].output[0]
    graph.node.append(helper.make_node("Dropout", [source, "ratio", "training"], ["dropped"], "odd"))
    last.name = "dropped"


def doubled(model):
    """A constant joined with itself, again and again: 2**40 numbers, of which none stands in the file."""
    graph = model.graph
    graph.initializer.append(onnx.numpy_helper.from_array(np.ones(1, np.float32), "d0"))
    joins = [helper.make_node("Concat", [f"d{n}"] * 2, [f"d{n + 1}"], f"join{n}", axis=0) for n in range(40)]
    nodes = [*joins, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def elsewhere(model):
    tensor = model.graph.initializer[0]
    tensor.ClearField("float_data")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")


def cycle(model):
    model.graph.node[0].input[0] = model.graph.node[-1].output[0]


def huge_tensor(model):
    del model.graph.initializer[0].dims[:]
    model.graph.initializer[0].dims.extend([2**40, 2**20])


def short_tensor(model):
    model.graph.initializer[0].dims.append(7)


def huge_input(model):
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 2**40


def scalar_input(model):
    del model.graph.input[0].type.tensor_type.shape.dim[1:]


def infinite_weight(model):
    last = model.graph.initializer[-1]
    last.CopyFrom(onnx.numpy_helper.from_array(np.full(last.dims, np.inf, np.float32), last.name))


def opset(version):
    def edit(model):
        model.opset_import[0].version = version

    return edit


HOSTILE = [
    (elsewhere, ModelFileError, "tensor 'c0' is kept in another file, and none but net.onnx is read"),
    (cycle, ModelFileError, "is no valid ONNX model: Nodes in a graph must be topologically sorted"),
    (huge_tensor, ModelFileError, "tensor 'c0' is said to have shape"),
    (short_tensor, ModelFileError, "tensor 'c0' is damaged"),
    (huge_input, LayerNotSupportedError, "input 'x': shape .* is larger than any network on an FPGA takes"),
    (scalar_input, LayerNotSupportedError, "input 'x': its first axis must be of samples, and it has 1"),
    (operator("Det"), LayerNotSupportedError, "node 'odd': operator Det is not read; those that are: Add, "),
    (operator("Gemm", "evil.ops"), LayerNotSupportedError, "uses operators of 'evil.ops', which netloom does not read"),
    (operator("Trunc", DOMAIN), LayerNotSupportedError, "node 'odd': operator qonnx.custom_op.general.Trunc is not"),
    (operator("Gemm", transA=1), LayerNotSupportedError, "node 'odd': alpha and beta must be 1, and transA 0"),
    (normalized(training_mode=1), LayerNotSupportedError, "node 'odd': training_mode=1 is not read"),
    (dropped, LayerNotSupportedError, "node 'odd': a dropout that drops; export the model for inference"),
    (doubled, ModelFileError, "tensor 'd29' would have 536,870,912 elements"),
    (infinite_weight, LayerNotSupportedError, "constant 'c.*' must be finite; found NaN or infinity"),
    (opset(3), LayerNotSupportedError, "is of opset 3; netloom reads 9 to 25"),
    (lambda model: model.graph.ClearField("node"), ModelFileError, "holds no graph with outputs"),
]


@pytest.mark.parametrize(("edit", "error", "said"), HOSTILE, ids=lambda value: value if isinstance(value, str) else "")
def test_a_hostile_file_is_refused_in_one_line(edit, error, said, tmp_path):
    (tmp_path / "net.onnx").write_bytes(edited(edit).SerializeToString())
    with pytest.raises(error, match=said) as caught:
        load_model(tmp_path / "net.onnx")
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["net.onnx"]


def test_attributes_at_their_defaults_change_nothing(tmp_path):
    plain, said = (tmp_path / f"{name}.onnx" for name in ("plain", "said"))
    plain.write_bytes(edited(normalized()).SerializeToString())
    said.write_bytes(edited(normalized(epsilon=1e-5, momentum=0.7, training_mode=0)).SerializeToString())
    x = np.random.default_rng(0).normal(0, 1, (4, 5)).astype(np.float32)
    found = [load_model(path).predict(x, verbose=0) for path in (plain, said)]
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("content", [b"", b"no model", b"\x08\x08" * 500, b"PK\x03\x04"])
def test_what_is_no_onnx_file_is_refused(content, tmp_path):
    (tmp_path / "net.onnx").write_bytes(content)
    with pytest.raises(ModelFileError, match=r"net\.onnx (is damaged|holds no graph|is no valid)"):
        load_model(tmp_path / "net.onnx")


def test_a_truncated_file_never_crashes(tmp_path):
    whole = BREVITAS[0].read_bytes()
    for length in range(1, len(whole), 397):
        (tmp_path / "net.onnx").write_bytes(whole[:length])
        with pytest.raises(NetloomError):
            load_model(tmp_path / "net.onnx")


def test_limits_that_are_no_range_of_bits_are_refused(tmp_path):
    """qonnx's `QCDQToQuant` takes -128 to 15 for 8 bits, and 0 to 15 of a signed number for -8 to 7."""
    for low, high in ((0, 15), (-128, 15), (-8, 8)):
        net = OnnxNet((5,))
        point, step = net.constant(0, np.int8), net.constant(0.25)
        raw = net.node("QuantizeLinear", "x", step, point)
        raw = net.node("Clip", raw, net.constant(low, np.int8), net.constant(high, np.int8))
        net.node("DequantizeLinear", raw, step, point)
        net.dense()
        with pytest.raises(QuantizerNotSupportedError, match=f"node 'Clip_1': limits {low} and {high} are no range"):
            load_model(net.save(tmp_path / "net.onnx"))
