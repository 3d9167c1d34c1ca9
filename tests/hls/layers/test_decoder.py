"""Decoders, exact in every engine: QKeras in float64, hls4ml's C++, `fixed`, hardware; and in fractions."""

import keras
import numpy as np
import pytest
from cell_functions import HARD, TABLES, bits
from judges import agree
from qkeras import QActivation, QDense, quantized_tanh
from slow_cells import said

from netloom.errors import LayerNotSupportedError, QuantizerNotSupportedError
from netloom.hls import HlsSettings, convert
from netloom.hls.dataflow import Scan
from netloom.quantize.layers import QGRU, QLSTM, QEmbedding, QSimpleRNN, RecurrentDecoder
from netloom.sim import open_engine

SYMBOLS, INPUTS, UNITS, STEPS = 6, 3, 4, 5

CASES = {
    "gru": (QGRU, TABLES, {}, {"stop": 2}, (True, True)),
    "lstm": (QLSTM, TABLES, {}, {"stop": 2, "start": 2, "quantizer": 6}, (True, False)),
    "simple": (QSimpleRNN, HARD, {"use_bias": False}, {"quantizer": 5}, (False, True)),
    "gru that resets before": (QGRU, HARD, {"reset_after": False}, {"stop": 0, "start": 5}, (True, True)),
    "lstm, states and noise": (QLSTM, HARD, {}, {"stop": 5, "quantizer": 6}, (True, True)),
    "one step": (QSimpleRNN, TABLES, {}, {"steps": 1, "stop": 1}, (True, False)),
    "one symbol": (QSimpleRNN, TABLES, {}, {"symbols": 1, "stop": 0}, (True, False)),
    "ties": (QGRU, HARD, {}, {"tie": True, "symbols": 8, "steps": 9}, (False, True)),
}


def network(case):
    """A decoder of its case, and inputs that it needs: what a QActivation makes of states and noise."""
    cls, functions, options, decoding, (begun, noisy) = CASES[case]
    made = {name: make() for name, make in functions.items() if name == "activation" or cls is not QSimpleRNN}
    keras.utils.set_random_seed(0)
    symbols, steps = decoding.get("symbols", SYMBOLS), decoding.get("steps", STEPS)
    cell = cls(
        UNITS,
        **made,
        **options,
        kernel_quantizer=bits(),
        recurrent_quantizer=bits(5),
        bias_quantizer=bits(7),
        state_quantizer=bits(8, 1),
        name="cell",
    )
    width = decoding.get("quantizer")
    layer = RecurrentDecoder(
        QEmbedding(symbols, INPUTS, embeddings_quantizer=bits(), name="rows"),
        cell,
        QDense(symbols, kernel_quantizer=bits(), bias_quantizer=bits(), use_bias=not noisy, name="logits"),
        steps=steps,
        start=decoding.get("start", 0),
        stop=decoding.get("stop"),
        quantizer=QActivation(bits(width, 0)) if width else None,
        name="writer",
    )
    sources = [keras.Input((UNITS,), name=f"state{index}") for index in range(len(layer.state_sizes) * begun)]
    noise = keras.Input((steps, symbols), name="noise")
    read = [QActivation(bits(7, 1), name=f"{one.name}_quantizer")(one) for one in sources]
    heard = QActivation(bits(3 if decoding.get("tie") else 8, 2), name="noise_quantizer")(noise)
    result = layer(read or None, **({"noise": heard} if noisy else {}))
    model = keras.Model([*sources, noise] if noisy else sources, result)
    rng = np.random.default_rng(1)
    for variable in layer.weights:
        variable.assign(rng.normal(0, 1.0, variable.shape))
    if decoding.get("tie"):
        layer.logits.kernel.assign(np.zeros((UNITS, symbols)))
    return model


def samples(model, count=60):
    rng = np.random.default_rng(2)
    shapes = [(count, *one.shape[1:]) for one in model.inputs]
    found = [(rng.gumbel(size=one) if len(one) == 3 else rng.normal(0, 1, one)).astype(np.float32) for one in shapes]
    return found if len(found) > 1 else found[0]


def converted(model, folder):
    return convert(model, HlsSettings(), folder / "conversion")


def predicted(conversion, x):
    with open_engine("fixed", conversion=conversion) as fixed:
        return np.asarray(fixed.predict(x))


@pytest.mark.parametrize(
    ("case", "io_type"),
    [
        pytest.param(case, io_type, marks=() if (case, io_type) == ("gru", "io_stream") else pytest.mark.slow)
        for case in CASES
        for io_type in ("io_parallel", "io_stream")
    ],
)
def test_judges_written_apart_agree(case, io_type, tmp_path):
    model = network(case)
    conversion = agree(model, samples(model), tmp_path, io_type, hardware=io_type == "io_stream")
    assert "NetloomDecoder" in [layer.kind for layer in conversion.layers]


@pytest.mark.parametrize("case", CASES)
def test_every_symbol_is_that_of_the_fractions(case, tmp_path):
    model = network(case)
    x = samples(model, 8)
    found = predicted(converted(model, tmp_path), x)
    given = [
        np.array(model.get_layer(f"{one.name}_quantizer")(part))
        for one, part in zip(model.inputs, _each(x), strict=True)
    ]
    decoder = model.get_layer("writer")
    for sample, one in enumerate(found):
        states = [part[sample] for part in given if part.ndim == 2]
        noise = next((part[sample] for part in given if part.ndim == 3), None)
        np.testing.assert_array_equal(one, said(decoder, states, noise))


def _each(x):
    return x if isinstance(x, list) else [x]


def test_the_first_of_equal_ones_is_said_and_noise_is_heard(tmp_path):
    model = network("ties")
    noise = np.zeros((4, 9, 8), np.float32)
    noise[1:, 4, [3, 6]] = 1
    noise[2:, 5, 7] = 0.25  # less than a step of its quantizer: nobody hears it
    noise[3:, 8] = -1
    found = predicted(converted(model, tmp_path), noise)
    expected = np.zeros((4, 9))
    expected[1:, 4] = 3
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("stop", [3, 2, None])
def test_a_stop_in_the_first_step_and_one_that_never_comes(stop, tmp_path):
    layer = _biased(3, stop)
    state = keras.Input((UNITS,), name="state")
    model = keras.Model(state, layer(QActivation(bits(7, 1), name="quantizer")(state)))
    conversion = converted(model, tmp_path)
    np.testing.assert_array_equal(predicted(conversion, samples(model, 2)), np.full((2, STEPS), 3))
    (scan,) = (node.operation for node in conversion.dataflow.nodes if isinstance(node.operation, Scan))
    assert [source for source, _ in scan.carries] == [
        *("writer/state.read", "writer/symbol.read"),
        *(["writer/stopped.read"] if stop is not None else []),
    ]


def test_after_the_stop_nothing_else_is_said(tmp_path):
    layer = _biased(0, 3)
    noise = keras.Input((STEPS, SYMBOLS), name="noise")
    model = keras.Model(noise, layer(noise=QActivation(bits(8, 4), name="quantizer")(noise)))
    x = np.zeros((3, STEPS, SYMBOLS), np.float32)
    x[:, 1, 5], x[1:, 2, 3], x[2, 3, 4] = 9, 9, 9
    expected = [[0, 5, 0, 0, 0], [0, 5, 3, 3, 3], [0, 5, 3, 3, 3]]
    np.testing.assert_array_equal(predicted(converted(model, tmp_path), x), expected)


def _biased(symbol, stop):
    """A decoder that says one symbol if nobody disturbs it."""
    layer = RecurrentDecoder(
        QEmbedding(SYMBOLS, INPUTS, embeddings_quantizer=bits(), name="rows"),
        QSimpleRNN(
            UNITS,
            activation=quantized_tanh(5),
            kernel_quantizer=bits(),
            recurrent_quantizer=bits(),
            bias_quantizer=bits(),
            state_quantizer=bits(),
            name="cell",
        ),
        QDense(SYMBOLS, kernel_quantizer=bits(), bias_quantizer=bits(), name="logits"),
        steps=STEPS,
        stop=stop,
        name="writer",
    )
    layer.build((None, UNITS))
    layer.logits.kernel.assign(np.zeros((UNITS, SYMBOLS)))
    layer.logits.bias.assign(np.eye(SYMBOLS)[symbol])
    return layer


def test_what_is_inside_is_seen(tmp_path):
    model = network("gru")
    conversion = converted(model, tmp_path)
    with open_engine("fixed", conversion=conversion) as fixed:
        seen = fixed.trace(samples(model, 4))
    assert {f"writer/{part}" for part in ("update", "reset", "candidate", "logits", "scores", "symbol")} < set(seen)
    assert seen["writer/logits"].shape == (4, STEPS, SYMBOLS)
    np.testing.assert_array_equal(seen["writer"], seen["writer/symbol"][..., 0])


def test_a_part_that_is_not_quantized_is_refused(tmp_path):
    parts = keras.layers.Embedding(SYMBOLS, INPUTS), keras.layers.GRU(UNITS), keras.layers.Dense(SYMBOLS)
    state = keras.Input((UNITS,), name="state")
    model = keras.Model(state, RecurrentDecoder(*parts, steps=2, name="writer")(state))
    with pytest.raises(LayerNotSupportedError, match="'writer, embedding': Embedding is not quantized: run netloom"):
        converted(model, tmp_path)


def test_a_state_without_a_quantizer_is_refused(tmp_path):
    layer = _biased(0, None)
    layer.cell.state_quantizer_internal = None
    state = keras.Input((UNITS,), name="state")
    model = keras.Model(state, layer(QActivation(bits(7, 1), name="quantizer")(state)))
    with pytest.raises(QuantizerNotSupportedError, match="'cell': without a state_quantizer"):
        converted(model, tmp_path)
