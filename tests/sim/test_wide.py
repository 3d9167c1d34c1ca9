"""Networks whose numbers outgrow 62 bits: `fixed`, hls4ml's C++ and the hardware give the same, to the last bit."""

import re
from fractions import Fraction

import keras
import numpy as np
import pytest
from zoo import bits, quant

from netloom.errors import PrecisionError
from netloom.firmware.generate import generate_design
from netloom.firmware.map.folding.folding import intervals
from netloom.fixed_point import WAY_OUT
from netloom.hls import HlsSettings, convert
from netloom.sim import compare_engines, open_engine
from netloom.sim.fixed import FixedEngine
from netloom.sim.hardware.rtl import RtlEngine
from netloom.sim.hardware.verilator import Stalls


def dense_chain():
    """Nothing but dense layers: every one adds the bits of its weights."""
    from qkeras import QDense

    inputs = keras.Input((4,))
    x = quant(16, 3, "q")(inputs)
    for index in range(5):
        x = QDense(4, kernel_quantizer=bits(12, 2), bias_quantizer=bits(9, 2), name=f"fc{index}")(x)
    return keras.Model(inputs, x)


def everything():
    """Convolutions, batch normalization, pooling, merges, ReLU and a table on wide numbers; two outputs."""
    from qkeras import QConv2D, QDepthwiseConv2D

    inputs = keras.Input((6, 6, 2))
    x = quant(16, 2, "q")(inputs)
    for index in range(2):
        x = QConv2D(3, 2, kernel_quantizer=bits(13, 1), bias_quantizer=bits(9, 2), name=f"conv{index}")(x)
    x = QDepthwiseConv2D(2, depthwise_quantizer=bits(15, 1), bias_quantizer=bits(9, 2), name="depthwise")(x)
    norm = keras.layers.BatchNormalization(name="norm")
    x = norm(x)
    norm.set_weights([np.array([0.71, 0.9, 1.3], dtype=np.float32)] * 4)
    x = keras.layers.ReLU(name="relu")(x)
    averaged = keras.layers.AveragePooling2D((3, 1), name="average")(x)
    largest = keras.layers.MaxPooling2D((3, 1), name="largest")(x)
    x = keras.layers.Maximum(name="maximum")([averaged, keras.layers.Subtract(name="difference")([largest, averaged])])
    x = keras.layers.Flatten(name="flat")(x)
    narrow = quant(8, 3, "narrow")(x)
    return keras.Model(inputs, [x, keras.layers.Activation("sigmoid", name="table")(narrow)])


def tables():
    """Tables addressed by numbers of more than 64 bits."""
    from qkeras import QDense

    inputs = keras.Input((3,))
    x = quant(16, 0, "q")(inputs)
    for index in range(4):
        x = QDense(3, kernel_quantizer=bits(14, 0), bias_quantizer=bits(9, 2), name=f"fc{index}")(x)
    return keras.Model(inputs, [keras.layers.Activation(name, name=name)(x) for name in ("tanh", "sigmoid")])


NETWORKS = {"dense_chain": dense_chain, "everything": everything, "tables": tables}


def converted(name, folder, **settings):
    """Weights that fill their types, so that numbers get as large as they can."""
    keras.utils.set_random_seed(3)
    model = NETWORKS[name]()
    rng = np.random.default_rng(5)
    for layer in model.layers:
        if hasattr(layer, "kernel_quantizer_internal") or hasattr(layer, "depthwise_quantizer_internal"):
            layer.set_weights([rng.uniform(-2, 2, weight.shape) for weight in layer.get_weights()])
    conversion = convert(model, HlsSettings(**settings), folder)
    assert max(tensor.element.width for tensor in conversion.dataflow.types.values()) > 64
    x = rng.normal(0, 2, (30, *model.input_shape[1:]))
    x[0], x[1] = 100, -100
    return conversion, x


@pytest.mark.parametrize("io_type", ["io_parallel", pytest.param("io_stream", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["dense_chain", "everything", pytest.param("tables", marks=pytest.mark.slow)])
def test_fixed_equals_cpp(tmp_path, name, io_type):
    conversion, x = converted(name, tmp_path / "net", io_type=io_type)
    with open_engine("csim", conversion=conversion) as csim:
        fixed = FixedEngine(conversion)
        fidelity = compare_engines(fixed, csim, x, trace=True)
        assert fidelity.equal, fidelity.first_mismatch
        assert sum(layer.elements for layer in fidelity.layers) > 0
    statistics = fixed.statistics(x)
    assert not any(layer.overflows for layer in statistics)


@pytest.mark.parametrize("name", ["dense_chain", pytest.param("everything", marks=pytest.mark.slow)])
def test_hardware_equals_fixed(tmp_path, shared, name):
    conversion, x = converted(name, tmp_path / "net")
    generated = generate_design(conversion.dataflow, interval=intervals(conversion.dataflow)[0])
    (tmp_path / "design").mkdir()
    generated.write(tmp_path / "design")
    for stalls in (None, Stalls(1, 0.3, 0.3)):
        rtl = RtlEngine(tmp_path / "design", stalls, shared / "models")
        fidelity = compare_engines(FixedEngine(conversion), rtl, x, trace=True)
        assert fidelity.equal, fidelity.first_mismatch
    measured = rtl.count_cycles()
    assert (measured.latency, measured.interval) == (generated.cycles.latency, generated.cycles.interval)


def test_outputs_beyond_float64_are_compared_in_their_last_bit(tmp_path):
    """A difference that float64 cannot hold is a mismatch; `predict` gives the nearest float64."""
    conversion, x = converted("dense_chain", tmp_path / "net")
    fixed = FixedEngine(conversion)
    (exact,), nearest = fixed.exact(x), fixed.predict(x)
    assert isinstance(exact[0, 0], Fraction) and nearest.dtype == np.float64
    assert nearest.tolist() == [[float(value) for value in row] for row in exact]
    step = conversion.dataflow.types[conversion.dataflow.outputs[0]].element.step

    class OneStepOff(FixedEngine):
        def _predict(self, inputs, progress):
            (outputs,) = super()._predict(inputs, progress)
            outputs[7, 2] += Fraction(step)
            return [outputs]

    other = OneStepOff(conversion)
    assert (other.predict(x) == nearest).all()
    fidelity = compare_engines(fixed, other, x, steps={"output": step})
    assert (fidelity.mismatches, fidelity.max_difference_steps) == (1, 1.0)
    assert (fidelity.first_mismatch.sample, fidelity.first_mismatch.index) == (7, [2])


@pytest.mark.parametrize("io_type", ["io_parallel", pytest.param("io_stream", marks=pytest.mark.slow)])
def test_layers_beyond_float64_are_compared_in_their_last_bit(tmp_path, io_type):
    """Here the outputs are narrow: what an inner layer loses would not be seen in them."""
    from qkeras import QDense

    inputs = keras.Input((4,))
    x = quant(16, 3, "q")(inputs)
    for index in range(5):
        x = QDense(4, kernel_quantizer=bits(12, 2), bias_quantizer=bits(9, 2), name=f"fc{index}")(x)
    model = keras.Model(inputs, quant(8, 3, "narrow")(x))
    rng = np.random.default_rng(5)
    for layer in model.layers:
        layer.set_weights([rng.uniform(-2, 2, weight.shape) for weight in layer.get_weights()])
    conversion = convert(model, HlsSettings(io_type=io_type), tmp_path / "net")
    x = rng.normal(0, 2, (30, 4))
    fixed = FixedEngine(conversion)
    step = next(layer.type.step for layer in conversion.layers if layer.name == "fc4")
    exact = fixed.exact_trace(x)["fc4"]
    assert isinstance(exact[0, 0], Fraction) and fixed.trace(x)["fc4"].dtype == np.float64

    class OneStepOff(FixedEngine):
        def _trace(self, inputs, progress):
            layers = super()._trace(inputs, progress)
            layers["fc4"][7, 2] += Fraction(step)
            return layers

    other = OneStepOff(conversion)
    assert (other.trace(x)["fc4"] == fixed.trace(x)["fc4"]).all()
    with open_engine("csim", conversion=conversion) as csim:
        assert (csim.exact_trace(x)["fc4"] == exact).all()
        for engine, mismatches in ((fixed, 0), (other, 1)):
            fidelity = compare_engines(csim, engine, x, steps={"fc4": step}, trace=True)
            found = {layer.layer: (layer.mismatches, layer.max_difference_steps) for layer in fidelity.layers}
            assert found["fc4"] == (mismatches, float(mismatches)) and len(found) > 4
            assert fidelity.mismatches == 0


def test_a_chain_beyond_any_type_is_refused_with_its_layer_and_the_way_out_works(tmp_path):
    from qkeras import QDense

    def chain(depth, every):
        inputs = keras.Input((2,))
        x = quant(16, 3, "q")(inputs)
        for index in range(depth):
            x = QDense(2, kernel_quantizer=bits(16, 2), bias_quantizer=bits(9, 2), name=f"fc{index}")(x)
            if index % every == every - 1:
                x = quant(16, 8, f"narrow{index}")(x)
        return keras.Model(inputs, x)

    keras.utils.set_random_seed(0)
    with pytest.raises(PrecisionError) as caught:
        convert(chain(24, 99), HlsSettings(), tmp_path / "net")
    message = str(caught.value)
    assert re.fullmatch(
        r"layer 'fc\d+', accum: its numbers need \d+ bits, .* at most 256; put a QActivation\(.*", message
    )
    assert WAY_OUT in message and "quantized_bits(16, 8, alpha=1)" in message
    assert list(tmp_path.iterdir()) == []
    convert(chain(24, 6), HlsSettings(), tmp_path / "net")


@pytest.mark.slow
def test_hls4ml_with_32_bits_everywhere(tmp_path):
    """`fixed<32,16>` for all types of plain Keras layers, as hls4ml's own tests have it, against the backend Vitis."""
    import hls4ml

    keras.utils.set_random_seed(1)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((8,)),
            layers.Dense(6, name="a"),
            layers.BatchNormalization(name="b"),
            layers.Dense(4, name="c"),
            layers.Dense(4, activation="relu", name="d"),
            layers.Dense(3, name="e"),
            layers.Softmax(name="f"),
        ]
    )
    x = np.random.default_rng(0).normal(0, 1, (50, 8))
    outputs = {}
    for backend in ("Vitis", "netloom"):
        config = hls4ml.utils.config_from_keras_model(
            model, granularity="name", backend=backend, default_precision="fixed<32,16>"
        )
        for layer in config["LayerName"].values():
            for role in layer["Precision"]:
                layer["Precision"][role] = "fixed<32,16>"
        converted = hls4ml.converters.convert_from_keras_model(
            model, hls_config=config, backend=backend, output_dir=str(tmp_path / backend)
        )
        converted.compile()
        outputs[backend] = converted.predict(x)
    assert (outputs["Vitis"] == outputs["netloom"]).all()
