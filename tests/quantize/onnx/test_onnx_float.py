"""Float ONNX models: each gives what onnxruntime gives, and is quantized like a model of Keras."""

import numpy as np
import pytest

from netloom.errors import LayerNotSupportedError
from netloom.quantize import is_quantized, load_model

pytest.importorskip("qonnx")
pytest.importorskip("onnxruntime")
import onnxruntime
from onnx_graphs import SAMPLES, OnnxNet

PICTURE, ROW = (3, 6, 8), (6,)


def run(net: OnnxNet, folder) -> tuple[np.ndarray, np.ndarray]:
    """What netloom's model and onnxruntime's give."""
    path = net.save(folder / "net.onnx")
    x = np.random.default_rng(0).normal(0, 1.5, (SAMPLES, *net.source)).astype(np.float32)
    (expected,) = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"x": x})
    model = load_model(path)
    assert not is_quantized(model)
    return model.predict(x, verbose=0), expected


def one(kind: str, source=ROW, shape=None, constants=(), opset=13, **attributes) -> OnnxNet:
    """A model of one operator, of x and constants."""
    net = OnnxNet(source, opset=opset)
    given = [net.constant(*value) if isinstance(value, tuple) else net.constant(value) for value in constants]
    net.node(kind, "x", *given, **attributes)
    net.shape = shape or source
    return net


def joined(kind: str) -> OnnxNet:
    """x and a function of it."""
    net = OnnxNet(PICTURE)
    net.node("Tanh", "x")
    net.node(kind, "x", net.last)
    net.shape = PICTURE
    return net


def shaped() -> OnnxNet:
    """A flattening as torch exports it: the batch's size is looked up."""
    net = OnnxNet(PICTURE)
    net.node("Relu", "x")
    pooled = net.node("MaxPool", net.last, kernel_shape=[2, 2], strides=[2, 2])
    net.node("Shape", pooled)
    net.node("Gather", net.last, net.constant(0, np.int64), axis=0)
    size = net.node("Unsqueeze", net.last, net.constant([0], np.int64))
    net.node("Concat", size, net.constant([-1], np.int64), axis=0)
    net.node("Reshape", pooled, net.last)
    net.shape = (36,)
    net.node("MatMul", net.last, net.constant(net.rng.normal(0, 0.5, (36, 4))))
    net.shape = (4,)
    return net


INT = np.int64
NETS = {
    **{kind: one(kind) for kind in ("Erf", "Exp", "Relu", "Selu", "Sigmoid", "Sin", "Softplus", "Softsign")},
    **{kind: joined(kind) for kind in ("Add", "Sub", "Mul", "Max", "Min")},
    "Mish": one("Mish", opset=18),
    "Elu": one("Elu", alpha=0.5),
    "LeakyRelu": one("LeakyRelu", alpha=0.3),
    "HardSigmoid": one("HardSigmoid", alpha=1 / 6),
    "HardSwish": one("HardSwish", opset=14),
    "Gelu": one("Gelu", opset=20),
    "Gelu, tanh": one("Gelu", opset=20, approximate="tanh"),
    "PRelu": one("PRelu", PICTURE, constants=[np.full((3, 1, 1), 0.2)]),
    "Clip, 6": one("Clip", constants=[0.0, 1.0]),
    "Clip": one("Clip", constants=[-0.5, 1.0]),
    "Clip, high": one("Clip", constants=[np.finfo(np.float32).min, 1.0]),
    "Softmax": one("Softmax", axis=-1),
    "Softmax, channels": one("Softmax", PICTURE, axis=3),
    "Add, constant": one("Add", PICTURE, constants=[np.arange(3).reshape(3, 1, 1) / 3]),
    "Sub, constant": one("Sub", PICTURE, constants=[np.arange(8) / 3]),
    "Div, constant": one("Div", constants=[3.0]),
    "Pad": one("Pad", PICTURE, (3, 8, 8), [([0, 0, 2, 0, 0, 0, 0, 0], INT)]),
    "Resize": one(
        "Resize",
        PICTURE,
        (3, 12, 24),
        [([], np.float32), [1, 1, 2, 3]],
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    ),
    "AveragePool": one("AveragePool", PICTURE, (3, 2, 2), kernel_shape=[3, 3], strides=[3, 3]),
    "AveragePool, padded": one("AveragePool", PICTURE, (3, 6, 8), kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
    "MaxPool, padded": one("MaxPool", PICTURE, (3, 6, 8), kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
    "GlobalMaxPool": one("GlobalMaxPool", PICTURE, (3, 1, 1)),
    "GlobalAveragePool": one("GlobalAveragePool", PICTURE, (3, 1, 1)),
    "ReduceMean": one("ReduceMean", PICTURE, (3,), axes=[2, 3], keepdims=0),
    "Squeeze": one("Squeeze", (3, 1, 4), (3, 4), [([2], INT)]),
    "Unsqueeze": one("Unsqueeze", ROW, (1, 6), [([1], INT)]),
    "Reshape": one("Reshape", PICTURE, (6, 24), [([0, 6, 24], INT)]),
    "Conv, one axis, depthwise": one(
        "Conv", (3, 9), (3, 7), [np.linspace(-1, 1, 9).reshape(3, 1, 3)], group=3, kernel_shape=[3]
    ),
    "shapes": shaped(),
}


@pytest.mark.parametrize("net", NETS.values(), ids=NETS)
def test_an_operator_is_what_onnxruntime_has(net, tmp_path):
    found, expected = run(net, tmp_path)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def float_net(seed: int) -> OnnxNet:
    """A small network of torch's kind: convolutions, normalized or not, functions, pooling, dense layers."""
    net = OnnxNet(PICTURE, seed, opset=14)
    rng, normal = net.rng, net.rng.normal
    for _ in range(2):
        filters = int(rng.integers(2, 5))
        kernel = net.constant(normal(0, 0.4, (filters, net.shape[0], 3, 3)))
        bias = [net.constant(normal(0, 0.3, filters))] if rng.random() < 0.5 else []
        net.node("Conv", net.last, kernel, *bias, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
        net.shape = (filters, *net.shape[1:])
        if rng.random() < 0.5:
            given = [net.constant(rng.uniform(0.5, 1.5, filters)) for _ in range(4)]
            net.node("BatchNormalization", net.last, *given)
        net.node(str(rng.choice(["Relu", "Tanh", "Sigmoid", "HardSwish", "LeakyRelu"])), net.last)
        if rng.random() < 0.7:
            net.pool(str(rng.choice(["MaxPool", "AveragePool"])))
    net.node("Flatten", net.last)
    size = int(np.prod(net.shape))
    net.node("Gemm", net.last, net.constant(normal(0, 0.3, (5, size))), net.constant(normal(0, 0.3, 5)), transB=1)
    net.shape = (5,)
    return net


@pytest.mark.parametrize("seed", range(6))
def test_a_random_network_is_what_onnxruntime_has(seed, tmp_path):
    found, expected = run(float_net(seed), tmp_path)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_a_run_quantizes_it_without_targets_and_without_training(tmp_path):
    import netloom

    path = float_net(1).save(tmp_path / "net.onnx")
    x = np.random.default_rng(0).normal(0, 1, (80, *PICTURE)).astype(np.float32)
    np.savez(tmp_path / "data.npz", x_train=x[:60], x_test=x[60:])
    settings = netloom.RunSettings(bits=8, csim=False)
    run_ = netloom.run(
        str(path), data=tmp_path / "data.npz", settings=settings, directory=tmp_path / "run", until="simulate"
    )
    assert not (run_.directory / "calibrated.keras").exists()
    (expected,) = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"x": x[60:68]})
    found = netloom.simulate(run_.directory, x[60:68])
    assert np.abs(found - expected).max() < 0.1 * np.abs(expected).max()
    names = [layer.name for layer in load_model(run_.directory / "float.keras").layers]
    assert {"Conv_0", "Flatten_7"} <= set(names), "layers are called as the nodes are"


REFUSED = [
    (one("Softmax", axis=0), "node 'Softmax_0': axis=0 of 2 cannot be read"),
    (one("HardSigmoid"), "node 'HardSigmoid_0': alpha=0.2 and beta=0.5 must be 1/6 and 0.5"),
    (one("Max", constants=[1.0]), "node 'Max_0': Max of a tensor and a constant is not read so; limits are a Clip"),
    (one("Div", constants=[0.0]), "node 'Div_0': Div of a tensor and a constant"),
    (one("MaxPool", PICTURE, (3, 3, 4), kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]), "pooling with pads"),
    (one("ReduceMean", PICTURE, (3, 8), axes=[2], keepdims=0), r"node 'ReduceMean_0': a mean over axes \[2\] of 4"),
    (one("Resize", PICTURE, (3, 12, 16), [([], np.float32), [1, 1, 2, 2]], mode="linear"), "mode nearest alone"),
    (one("Pad", PICTURE, (3, 6, 9), [([0] * 7 + [1], INT)], mode="reflect"), "pads must be zeros"),
]


@pytest.mark.parametrize(("net", "said"), REFUSED, ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_not_read_is_refused_by_its_node(net, said, tmp_path):
    with pytest.raises(LayerNotSupportedError, match=said):
        load_model(net.save(tmp_path / "net.onnx"))
