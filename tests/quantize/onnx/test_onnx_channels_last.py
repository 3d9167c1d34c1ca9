"""Models whose channels are last: qonnx's domain of it, which hls4ml wants, and `Transpose` nodes around."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from netloom.errors import LayerNotSupportedError, ModelFileError
from netloom.quantize import load_model

pytest.importorskip("qonnx")
from onnx_checks import check
from onnx_free import FreeNet
from onnx_graphs import CHANNELS_LAST, OnnxNet, executed

BREVITAS = Path(__file__).parents[2] / "support" / "onnx" / "onnx_models" / "brevitas_picture.onnx"


def kinds(model) -> list[str]:
    return [type(layer).__name__ for layer in model.layers]


@pytest.mark.parametrize("input_last", [False, True])
def test_a_model_of_brevitas_as_qonnx_makes_it_for_hls4ml(input_last, tmp_path):
    """The same layers, and the numbers that qonnx's executor gives of either."""
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.transformation.channels_last import ConvertToChannelsLastAndClean
    from qonnx.util.cleanup import cleanup_model

    from netloom.hls import HlsSettings, convert
    from netloom.sim import open_engine

    plain = onnx.load(BREVITAS)
    made = cleanup_model(ModelWrapper(plain)).transform(ConvertToChannelsLastAndClean(input_last))
    assert CHANNELS_LAST in {node.domain for node in made.graph.node}
    made.save(str(tmp_path / "net.onnx"))
    model, before = load_model(tmp_path / "net.onnx"), load_model(BREVITAS)
    moves = kinds(before).count("Permute") - input_last
    assert kinds(model).count("Permute") == moves
    assert [kind for kind in kinds(model) if kind != "Permute"] == [kind for kind in kinds(before) if kind != "Permute"]
    x = np.random.default_rng(0).normal(0, 1.5, (16, 2, 8, 7)).astype(np.float32)
    expected = executed(plain, x)
    given = np.moveaxis(x, 1, -1) if input_last else x
    np.testing.assert_array_equal(executed(made.model, given), expected)
    conversion = convert(model, HlsSettings(), tmp_path / "conversion")
    with open_engine("quantized", model=model) as quantized, open_engine("fixed", conversion=conversion) as fixed:
        np.testing.assert_array_equal(quantized.predict(given), expected)
        np.testing.assert_array_equal(fixed.predict(given), expected)


def net(shape: tuple[int, ...], seed: int, turned: bool) -> FreeNet:
    """Every node of that domain, steps a channel across them; `Transpose` nodes to channels first and back, or none."""
    made = FreeNet(shape, seed, channels_last=True)
    made.quantized("x", 6, 0.125)
    made.conv()
    if turned:
        made.turn()
    made.norm()
    made.activation()
    if turned:
        made.turn()
    made.pool()
    made.dense()
    made.quantized(made.last, 5, 0.25)
    return made


@pytest.mark.parametrize("turned", [False, True], ids=["last", "turned"])
@pytest.mark.parametrize("shape", [(6, 5, 3), (8, 2)], ids=["picture", "sequence"])
def test_every_node_of_the_domain(shape, turned, tmp_path):
    check(net(shape, 3, turned), tmp_path)


def test_no_layer_moves_what_lies_well(tmp_path):
    """Keras has channels last too."""
    assert "Permute" not in kinds(load_model(net((6, 5, 3), 2, True).save(tmp_path / "net.onnx")))


def damaged(edit, tmp_path):
    made = net((6, 5, 3), 2, False).model()
    edit(made, next(node for node in made.graph.node if node.op_type == "Conv"))
    onnx.save_model(made, tmp_path / "net.onnx")
    return load_model(tmp_path / "net.onnx")


def test_other_operators_of_the_domain_are_refused(tmp_path):
    def edit(model, node):
        node.op_type = "AveragePool"

    with pytest.raises(LayerNotSupportedError, match=f"'Conv_2': operator {CHANNELS_LAST}.AveragePool is not read"):
        damaged(edit, tmp_path)


@pytest.mark.parametrize("size", [[], [1, 1, 1]])
def test_what_is_no_picture_is_refused_by_its_node(size, tmp_path):
    def edit(model, node):
        next(one for one in node.attribute if one.name == "kernel_shape").ints[:] = size

    with pytest.raises(LayerNotSupportedError, match="node 'Conv_2': of qonnx's channels last, but its input is no"):
        damaged(edit, tmp_path)


def test_a_normalization_behind_what_may_have_any_axes_is_refused(tmp_path):
    made = OnnxNet((6, 2), channels_last=True)
    made.quantized("x", 6, 0.125)
    made.node("Reshape", made.last, made.constant([1, 6, 2], np.int64))
    made.norm()
    with pytest.raises(LayerNotSupportedError, match="node 'BatchNormalization_2': of qonnx's channels last"):
        load_model(made.save(tmp_path / "net.onnx"))


def test_shapes_are_not_found_by_arrays_of_them(tmp_path):
    """qonnx fills an array of the result's shape: here of 2**40 numbers."""

    def edit(model, node):
        next(one for one in node.attribute if one.name == "pads").ints[:] = [2**19] * 4

    with pytest.raises(ModelFileError, match=r"^tensor 'Conv_2_first' would have [\d,]* elements"):
        damaged(edit, tmp_path)
