"""Damaged and hostile ONNX files: one line by node name, nothing written, nothing read outside the file."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from netloom.errors import LayerNotSupportedError, ModelFileError, NetloomError, QuantizerNotSupportedError
from netloom.quantize import load_model

pytest.importorskip("qonnx")
from onnx_graphs import DOMAIN, OnnxNet

BREVITAS = Path(__file__).parents[2] / "support" / "onnx" / "onnx_models" / "brevitas_dense.onnx"


def edited(edit, quantized=True):
    """A dense model, or a ReLU, changed by a function of its protobuf."""
    net = OnnxNet((5,))
    if quantized:
        net.quantized("x", 4, 0.25)
        net.dense()
    else:
        net.node("Relu", "x")
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


def sparse_tensor(model):
    values = helper.make_tensor("sparse", TensorProto.FLOAT, [1], [1.0])
    places = helper.make_tensor("", TensorProto.INT64, [1], [3])
    return helper.make_sparse_tensor(values, places, [2**40])


def sparse(model):
    model.graph.sparse_initializer.append(sparse_tensor(model))


def sparse_constant(model):
    model.graph.node.insert(0, helper.make_node("Constant", [], ["k"], "odd", sparse_value=sparse_tensor(model)))


def function_of_its_own(model):
    """`Gemm` that is something else."""
    body = [helper.make_node("Relu", ["a"], ["r"])]
    model.functions.append(
        helper.make_function("", "Gemm", ["a", "b", "c"], ["r"], body, [helper.make_opsetid("", 13)])
    )
    operator("Gemm")(model)


def lying(model):
    """2**43 numbers, said to be 5."""
    graph = model.graph
    graph.input[0].type.tensor_type.shape.dim.add(dim_value=1)
    node, kernel = graph.node[-1], np.ones((1, 5, 2**14), np.float32)
    graph.initializer.append(onnx.numpy_helper.from_array(kernel, "kernel"))
    pads = {"pads": [2**40, 2**40], "kernel_shape": [2**14]}
    node.CopyFrom(helper.make_node("Conv", [node.input[0], "kernel"], list(node.output), "odd", **pads))


def opset(version):
    def edit(model):
        model.opset_import[0].version = version

    return edit


HOSTILE = [
    (elsewhere, ModelFileError, "tensor 'c0' is kept in another file, and none but net.onnx is read"),
    (
        cycle,
        ModelFileError,
        "is no valid ONNX model: Nodes in a graph must be topologically sorted, .* of node: name: ",
    ),
    (huge_tensor, ModelFileError, "tensor 'c0' is said to have shape"),
    (short_tensor, ModelFileError, "tensor 'c0' is damaged"),
    (huge_input, LayerNotSupportedError, "input 'x': shape .* is larger than any network on an FPGA takes"),
    (scalar_input, LayerNotSupportedError, "input 'x': its first axis must be of samples, and it has 1"),
    (operator("Det"), LayerNotSupportedError, "node 'odd': operator Det is not read; those that are: Add, "),
    (operator("Gemm", "evil.ops"), LayerNotSupportedError, "uses operators of 'evil.ops', which netloom does not read"),
    (operator("Trunc", DOMAIN), ModelFileError, "node 'odd': all its inputs but the first must be constants"),
    (
        operator("FloatQuant", DOMAIN),
        LayerNotSupportedError,
        r"node 'odd': operator qonnx\.custom_op\.general\.FloatQuant",
    ),
    (operator("Gemm", transA=1), LayerNotSupportedError, "node 'odd': alpha and beta must be 1, and transA 0"),
    (normalized(training_mode=1), LayerNotSupportedError, "node 'odd': training_mode=1 is not read"),
    (dropped, LayerNotSupportedError, "node 'odd': a dropout that drops; export the model for inference"),
    (doubled, ModelFileError, "tensor 'd29' would have 536,870,912 elements"),
    (infinite_weight, LayerNotSupportedError, "node '.*': constant 'c.*' must be finite; found NaN or infinity"),
    (opset(3), LayerNotSupportedError, "is of opset 3; netloom reads 9 to 25"),
    (opset(99), LayerNotSupportedError, "is of opset 99; netloom reads 9 to 25"),
    (sparse, ModelFileError, "sparse tensors are not read"),
    (sparse_constant, LayerNotSupportedError, "node 'odd': sparse tensors are not read"),
    (function_of_its_own, LayerNotSupportedError, "node 'odd': Gemm is a function of the file's own"),
    (lying, ModelFileError, r"tensor 'Gemm_2' would have 2,[\d,]* elements"),
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
    plain.write_bytes(edited(normalized(), quantized=False).SerializeToString())
    attributes = {"epsilon": 1e-5, "momentum": 0.7, "training_mode": 0}
    said.write_bytes(edited(normalized(**attributes), quantized=False).SerializeToString())
    x = np.random.default_rng(0).normal(0, 1, (4, 5)).astype(np.float32)
    found = [load_model(path).predict(x, verbose=0) for path in (plain, said)]
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("content", [b"", b"no model", b"\x08\x08" * 500, b"PK\x03\x04"])
def test_what_is_no_onnx_file_is_refused(content, tmp_path):
    (tmp_path / "net.onnx").write_bytes(content)
    with pytest.raises(ModelFileError, match=r"net\.onnx (is damaged|holds no graph|is no valid)"):
        load_model(tmp_path / "net.onnx")


def test_a_truncated_file_never_crashes(tmp_path):
    whole = BREVITAS.read_bytes()
    for length in range(1, len(whole), 397):
        (tmp_path / "net.onnx").write_bytes(whole[:length])
        with pytest.raises(NetloomError):
            load_model(tmp_path / "net.onnx")


def test_a_constant_of_another_shape_than_stated_is_refused(tmp_path):
    """onnx raises an error of its own kind; seen as "a bug in netloom" after bits of a file were flipped."""
    net = OnnxNet((5,))
    net.quantized("x", 4, 0.25)
    net.dense()
    model = net.model()
    stated = helper.make_tensor_value_info(model.graph.initializer[-1].name, TensorProto.FLOAT, [0, 999])
    model.graph.input.append(stated)
    (tmp_path / "net.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(ModelFileError, match=r"qonnx cannot clean the model: .*Inferred shape and existing shape"):
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


def no_scale(kind, scale):
    """A quantizer of activations or weights whose scale is none, called as its operator and a number."""
    net = OnnxNet((5,), opset=19, qcdq=kind == "QuantizeLinear")
    net.quantized("x", 4, scale if kind == "QuantizeLinear" else 0.25)
    x, values, scales = net.last, np.ones((5, 3)), np.array([[0.1, scale, 0.2]])
    if kind == "Quant":
        net.node("MatMul", x, net.quantized(net.constant(values), 4, scales))
    elif kind == "BipolarQuant":
        net.node("MatMul", x, net.node(kind, net.constant(values), net.constant(scale), domain=DOMAIN))
    elif kind == "DequantizeLinear":
        net.node("MatMul", x, net.node(kind, net.constant(values, np.int8), net.constant(scales[0]), axis=1))
    elif kind == "Trunc":
        net.node(kind, x, *(net.constant(value) for value in (scale, 0.0, 4, 2)), domain=DOMAIN)
    elif kind == "MultiThreshold":
        net.node(kind, x, net.constant([[0.0, 1.0]]), domain=DOMAIN, out_scale=float(scale))
    net.shape = (3,) if "MatMul" in net.last else (5,)
    return net


@pytest.mark.parametrize("scale", [0.0, np.nan, np.inf, -0.5])
@pytest.mark.parametrize(
    "kind", ["Quant", "BipolarQuant", "QuantizeLinear", "DequantizeLinear", "Trunc", "MultiThreshold"]
)
def test_a_scale_that_is_none_is_refused_by_its_node(kind, scale, tmp_path):
    """`Quant` of activations: test_onnx_models.py."""
    with pytest.raises(NetloomError, match=rf"^node '{kind}_\d': .* must be (positive and )?finite") as caught:
        load_model(no_scale(kind, scale).save(tmp_path / "net.onnx"))
    assert "\n" not in str(caught.value)


def test_an_input_that_no_quantizer_reads_is_refused_by_its_node(tmp_path):
    net = OnnxNet((2, 4, 4))
    net.node("Conv", "x", net.weights((3, 2, 3, 3), 0), kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    net.shape = (3, 4, 4)
    net.quantized(net.last, 4, 0.25)
    with pytest.raises(QuantizerNotSupportedError, match=r"^node 'Conv_\d': no quantizer reads the network's input"):
        load_model(net.save(tmp_path / "net.onnx"))


def test_a_quantizer_of_a_kind_behind_no_quantizer_is_refused_by_its_node(tmp_path):
    net = OnnxNet((5,))
    given = [net.constant(value) for value in (0.5, 0.0, 4, 2)]
    net.node("Trunc", "x", *given, domain=DOMAIN)
    net.dense()
    with pytest.raises(QuantizerNotSupportedError, match=r"^node 'Trunc_0': .*; put a Quant before it"):
        load_model(net.save(tmp_path / "net.onnx"))
    net = OnnxNet((5,))
    net.quantized("x", 4, 0.25)
    net.node("BipolarQuant", net.node("Sigmoid", net.last), net.constant(0.5), domain=DOMAIN)
    net.dense()
    with pytest.raises(QuantizerNotSupportedError, match=r"^node 'BipolarQuant_2': .* lies on no grid that is known"):
        load_model(net.save(tmp_path / "net.onnx"))
