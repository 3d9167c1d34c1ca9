"""What public models have before their first quantizer and behind their last product, and older names of domains."""

import numpy as np
import onnx
import pytest
from onnx import helper

from netloom.errors import LayerNotSupportedError, PrecisionError, QuantizerNotSupportedError, SettingsError
from netloom.pipeline.origin import find_start
from netloom.quantize import load_model

pytest.importorskip("qonnx")
from onnx_double import doubled
from onnx_graphs import DOMAIN, SAMPLES, OnnxNet

PIXELS = np.random.default_rng(0).integers(0, 256, (SAMPLES, 1, 2, 3)).astype(np.float32) / 255


def compared(model, x, folder) -> str:
    """Float64, `quantized` and `fixed` give the same but for what the host rounds at the end; what the host is told."""
    from netloom.hls import HlsSettings, convert
    from netloom.sim import open_engine

    path = folder / "net.onnx"
    onnx.save_model(model, path)
    twin = load_model(path)
    conversion = convert(twin, HlsSettings(), folder / "conversion")
    with open_engine("quantized", model=twin) as quantized, open_engine("fixed", conversion=conversion) as fixed:
        found = fixed.predict(x)
        np.testing.assert_array_equal(quantized.predict(x), found)
    np.testing.assert_allclose(found, doubled(model, x), rtol=0, atol=1e-6)
    assert len(np.unique(found)) > SAMPLES
    return "\n".join(conversion.dataflow.host_lines)


def quant(net, tensor, scale, bits, **modes):
    given = [net.constant(value) for value in (scale, 0.0, bits)]
    return net.node("Quant", tensor, *given, domain=DOMAIN, signed=1, rounding_mode="ROUND", **modes)


def scaled_pixels(ends) -> OnnxNet:
    """Pixels from 0 to 1, in a row, and from -1 to 1 then."""
    net = OnnxNet((1, 2, 3), 3)
    net.node("Flatten", net.node("Transpose", "x", perm=[0, 2, 3, 1]))
    net.shape = (6,)
    net.node("Sub", net.node("Mul", net.last, net.constant(2)), net.constant([1]))
    if ends == "BipolarQuant":
        net.node(ends, net.last, net.constant(1), domain=DOMAIN)
    else:
        quant(net, net.last, ends, 3, narrow=1)
    net.dense()
    return net


@pytest.mark.parametrize(
    ("ends", "told"),
    [("BipolarQuant", "round(x / 0.5 + -1), -1 to 1, BIPOLAR"), (0.25, "round(x / 0.125 + -4), -3 to 3")],
)
def test_what_moves_and_scales_an_input_before_its_quantizer(ends, told, tmp_path):
    assert told in compared(scaled_pixels(ends).model(), PIXELS, tmp_path)


def test_a_relu_before_the_first_quantizer(tmp_path):
    """Brevitas's `QuantReLU` at an input: what is unsigned needs none."""
    net = OnnxNet((6,), 3)
    given = [net.constant(value) for value in (0.0039, 0.0, 8)]
    net.node("Quant", net.node("Relu", "x"), *given, domain=DOMAIN, signed=0, rounding_mode="ROUND")
    net.dense()
    x = np.random.default_rng(1).normal(0, 0.5, (SAMPLES, 6)).astype(np.float32)
    assert "host sends round(x / 0.0039), 0 to 255" in compared(net.model(), x, tmp_path)


def test_a_normalization_of_the_output_in_single_steps(tmp_path):
    """Its deviation as a power of a constant."""
    net = scaled_pixels("BipolarQuant")
    net.node("Sub", net.last, net.constant([0.45]))
    sum_, deviation = net.last, net.node("Pow", net.constant([318.2]), net.constant(0.5))
    net.node("Mul", net.node("Div", sum_, deviation), net.constant([0.7341]))
    net.node("Add", net.last, net.constant([-1.14]))
    assert "host takes hardware's y for y * 0.0" in compared(net.model(), PIXELS, tmp_path)


@pytest.mark.parametrize(
    ("datatype", "values"),
    [
        ("BIPOLAR", np.array([-1, 1])),
        ("UINT8", np.arange(256)),
        ("FIXED<6,3>", np.arange(-32, 32) / 8),
    ],
)
def test_an_input_whose_type_the_file_says(datatype, values, tmp_path):
    """qonnx's annotation; what is computed with it needs no quantizer of its own then."""
    net = OnnxNet((6,), 3)
    net.node("Mul", net.node("Add", "x", net.constant([1])), net.constant(0.5))
    net.dense()
    quant(net, net.last, 0.3, 8)
    net.dense()
    x = np.random.default_rng(1).choice(values, (SAMPLES, 6)).astype(np.float32)
    model = annotated(net.model(), datatype)
    compared(model, x, tmp_path)
    assert "x_quantizer" in [layer.name for layer in load_model(tmp_path / "net.onnx").layers]


def annotated(model, datatype):
    from qonnx.core.modelwrapper import ModelWrapper

    wrapped = ModelWrapper(model)
    note = onnx.TensorAnnotation(tensor_name="x")
    note.quant_parameter_tensor_names.add(key="finn_datatype", value=datatype)
    wrapped.graph.quantization_annotation.append(note)
    return wrapped.model


def test_an_input_whose_type_the_user_says(tmp_path):
    """Nothing in the file says it."""
    from typer.testing import CliRunner

    from netloom.cli.app import app
    from netloom.hls import Conversion
    from netloom.pipeline import rundir

    def call(*more):
        return CliRunner().invoke(app, ["convert", str(path), "-o", str(tmp_path / "converted"), *more])

    net = OnnxNet((6,), 3)
    net.dense()
    path = net.save(tmp_path / "net.onnx")
    refused = call()
    assert refused.exit_code == 2 and "--input-type 'fixed<16,6>'" in " ".join(refused.output.split())
    for width in (5, 6):  # the second takes nothing of the first
        made = call("--input-type", f"ufixed<{width},2>")
        assert made.exit_code == 0, made.output
        conversion = Conversion.load(tmp_path / "converted" / rundir.CONVERSION)
        (source,) = conversion.dataflow.sources.values()
        assert str(source.element) == f"ufixed<{width},2,RND_CONV,SAT>"


@pytest.mark.parametrize("domain", ["onnx.brevitas", "finn.custom_op.general"])
def test_older_names_of_qonnxs_domain(domain, tmp_path):
    """Files that do not say that they use it, or say it first."""
    model = scaled_pixels("BipolarQuant").model()
    for node in model.graph.node:
        node.domain = node.domain and domain
    del model.opset_import[1]
    onnx.save_model(model, tmp_path / "unsaid.onnx")
    model.opset_import.insert(0, helper.make_opsetid(domain, 1))
    onnx.save_model(model, tmp_path / "first.onnx")
    found = [load_model(tmp_path / f"{name}.onnx").predict(PIXELS, verbose=0) for name in ("unsaid", "first")]
    np.testing.assert_array_equal(*found)


def test_what_is_refused_at_an_input(tmp_path):
    def refused(error, said, net, datatype=None, types=None):
        model = net.model() if datatype is None else annotated(net.model(), datatype)
        onnx.save_model(model, tmp_path / "net.onnx")
        with pytest.raises(error, match=said):
            load_model(tmp_path / "net.onnx", input_types=types)

    refused(
        QuantizerNotSupportedError, r"^node 'Quant_4': it reads the network's input, to which -1 ", scaled_pixels(0.3)
    )
    net = OnnxNet((5,))
    net.dense()
    refused(LayerNotSupportedError, "^input 'x': its datatype is none of qonnx's: .*EVIL", net, "EVIL")
    refused(QuantizerNotSupportedError, "^input 'x': its values are said to be INT40; ", net, "INT40")
    refused(QuantizerNotSupportedError, "^node '.*': no quantizer reads the network's input", net, "FLOAT32")
    refused(PrecisionError, "^input type 'fixed<9,3,TRN,WRAP>': inputs are rounded", net, types=["fixed<9,3,TRN,WRAP>"])
    refused(PrecisionError, "^'byte' is not a fixed-point type", net, types=["byte"])
    refused(SettingsError, "has 1 inputs, and 2 input types are given", net, types=["int<3>", "int<3>"])
    net = OnnxNet((5,))
    quant(net, "x", 0.25, 4)
    refused(SettingsError, "^input 'x': quantizers read it, .*; leave the input type out", net, types=["int<3>"])
    net.node("Pow", net.last, net.constant(0.5))
    refused(LayerNotSupportedError, "^node 'Pow_1': operator Pow is read of constants alone", net)
    net = OnnxNet((5,))
    quant(net, net.node("Relu", net.node("Sub", "x", net.constant(0.1))), 0.25, 4)
    net.dense()
    refused(QuantizerNotSupportedError, "^node 'Quant_2': it reads the network's input, which is limited before", net)
    net = OnnxNet((5,))
    net.node("Relu", "x")
    refused(SettingsError, "is a float model: the types of its inputs are found on data", net, types=["int<3>"])
    with pytest.raises(SettingsError, match="input types are for ONNX files; leave --input-type out"):
        find_start("digits", input_types=["int<3>"])
