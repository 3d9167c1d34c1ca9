"""ONNX models: each equals qonnx's executor, as a Keras model and as firmware; what does not is refused by its node."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from netloom.errors import LayerNotSupportedError, NetloomError, QuantizerNotSupportedError
from netloom.quantize import load_model

pytest.importorskip("qonnx")
from onnx_graphs import DOMAIN, SAMPLES, OnnxNet, executed, random_net

MODELS = Path(__file__).parents[2] / "support" / "onnx" / "onnx_models"
BREVITAS = [path for path in sorted(MODELS.glob("*.onnx")) if "default" not in path.stem]
QUICK, CHUNKS, CHUNK = range(5), 20, 10


def check(path: Path, model, folder: Path, shape, io_type="io_parallel") -> None:
    """A file: qonnx's executor, the Keras model in float64 and the firmware's numbers are the same."""
    from netloom.hls import HlsSettings, convert
    from netloom.sim import open_engine

    x = np.random.default_rng(1).normal(0, 1.5, (SAMPLES, *shape)).astype(np.float32)
    expected = executed(model, x)
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
    ({"scale": 0.0}, r"its scale must be positive and finite, not 0\.0"),
    ({"scale": np.nan}, "its scale must be positive and finite, not nan"),
    ({"scale": np.inf}, "its scale must be positive and finite, not inf"),
    ({"scale": -0.5}, r"its scale must be positive and finite, not -0\.5"),
    ({"scale": np.full(5, 0.5)}, "it has 5 scales for activations"),
    ({"zero_point": np.nan}, "its zero point must be one finite number"),
    (
        {"zero_point": 1e30},
        r"it reads the network's input; a scale of 0\.25 and a zero point of 1e\+30 leave one number",
    ),
    ({"scale": 1e-40}, r"it reads the network's input; a scale of 9\.99995e-41 and a zero point of 0 leave one number"),
    ({"bits": 3.5}, r"its width \[3\.5\] must be a whole number of bits"),
    ({"bits": 40.0}, r"its width \[40\.0\] must be a whole number of bits, 1 to 24"),
    ({"rounding": "SOMEHOW"}, "rounding mode SOMEHOW; use one of ROUND, HALF_EVEN, FLOOR"),
]


@pytest.mark.parametrize(("options", "said"), QUANTIZERS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_quantizer_without_an_equal_is_refused_by_its_node(options, said, tmp_path):
    with pytest.raises(QuantizerNotSupportedError, match=f"^node 'Quant_0': {said}"):
        load_model(quantizer(**options).save(tmp_path / "net.onnx"))
