"""Recurrent cells as `Scan`, and the same as loops over Python integers."""

import numpy as np

from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import (
    Cast,
    Clamp,
    DataflowBuilder,
    Elementwise,
    ElementwiseFunction,
    Layer,
    Lookup,
    MatVec,
    Permute,
    Scan,
    TensorType,
)
from netloom.hls.layers.recurrent_cells import CellFunction

STEPS, FEATURES, UNITS = 5, 3, 2
X = FixedPoint.parse("fixed<6,3>")
STATE = FixedPoint.parse("fixed<7,3,RND_CONV,SAT>")
ACCUM = FixedPoint.parse("fixed<24,12>")
GATE = FixedPoint.parse("ufixed<5,1>")
INDEX = FixedPoint.parse("fixed<4,4,TRN,SAT>")
TABLE = np.arange(16) + 8  # of gates, by index + 8
ADD, MULTIPLY = ElementwiseFunction.ADD, ElementwiseFunction.MULTIPLY


def matrix(seed, inputs, outputs):
    rng = np.random.default_rng(seed)
    weights, bias = rng.integers(-9, 9, (inputs, outputs)), rng.integers(-9, 9, outputs)
    return MatVec(weights, FixedPoint.parse("fixed<5,2>"), bias, FixedPoint.parse("fixed<5,2>"), ACCUM)


def joined(builder, layer, h, x, x_type=X):
    """State and input side by side; they get one type first."""
    h = builder.add(layer, "h", Cast(ACCUM), h)
    x = builder.add(layer, "x", Cast(ACCUM), x)
    return builder.add(layer, "join", Permute(np.arange(UNITS + FEATURES)), h, x)


def simple(every=True, reverse=False, wrap=False):
    """h = relu(W [h, x] + b), cast."""
    state = STATE.with_modes() if wrap else STATE
    builder = DataflowBuilder()
    h = builder.source("h", TensorType((UNITS,), state))
    x = builder.source("x", TensorType((FEATURES,), X))
    product = builder.add("rnn/cell", "matvec", matrix(0, UNITS + FEATURES, UNITS), joined(builder, "rnn/cell", h, x))
    relu = builder.add("rnn/cell", "relu", Clamp(-100), product)
    result = builder.add("rnn/cell", "result", Cast(state), relu)
    builder.layer(Layer("rnn/product", "Dense", product, "rnn", 1))
    builder.layer(Layer("rnn/cell", "Cell", result, "rnn", 1))
    body = builder.build(["h", "x"], [result])
    return Scan(body, (("h", result),), (np.array([3, -4]),), STEPS, (every,), reverse)


def alone(every=True):
    """h = cast(W h + b): it is fed with nothing, and an input brings the first state."""
    builder = DataflowBuilder()
    h = builder.source("h", TensorType((UNITS,), STATE))
    product = builder.add("rnn/cell", "matvec", matrix(0, UNITS, UNITS), h)
    result = builder.add("rnn/cell", "result", Cast(STATE), product)
    builder.layer(Layer("rnn/cell", "Cell", result, "rnn", 1))
    return Scan(builder.build(["h"], [result]), (("h", result),), (None,), STEPS, (every,))


def alone_loop(h):
    """States after every step, of one sample; raws."""
    product, seen = matrix(0, UNITS, UNITS), []
    for _ in range(STEPS):
        total = np.array(h) @ product.weights
        shift = STATE.fraction + product.weight_type.fraction - ACCUM.fraction
        assert shift <= 0, "exact in the accumulator"
        bias = product.bias << (ACCUM.fraction - product.bias_type.fraction)
        h = [int(STATE.cast(np.array([int(one)]), ACCUM.fraction)[0]) for one in (total << -shift) + bias]
        seen.append(h)
    return seen


def simple_loop(scan, xs):
    """States after every step, of one sample; raws."""
    product, state = matrix(0, UNITS + FEATURES, UNITS), scan.body.types["h"].element
    h, seen = scan.initial[0].tolist(), []
    for x in xs[::-1] if scan.reverse else xs:
        terms = [value << (ACCUM.fraction - STATE.fraction) for value in h]
        terms += [int(value) << (ACCUM.fraction - X.fraction) for value in x]
        h = [cast(max(dot(product, terms, unit), -100), ACCUM.fraction, state) for unit in range(UNITS)]
        seen.append(h)
    return seen


def dot(product, terms, unit):
    """In an accumulator of its own step; every product is cast to it by itself."""
    total = cast(int(product.bias[unit]), product.bias_type.fraction, ACCUM)
    for term, weight in zip(terms, product.weights[:, unit].tolist(), strict=True):
        total = cast(
            total + cast(term * weight, ACCUM.fraction + product.weight_type.fraction, ACCUM), ACCUM.fraction, ACCUM
        )
    return total


def cast(raw, fraction, to):
    return int(to.cast(np.array([raw]), fraction)[0])


def lstm(every=(True, False)):
    """c = f*c + i*g, h = o*c, the gates of a table, the candidate g cast; results h and c."""
    builder = DataflowBuilder()
    h = builder.source("h", TensorType((UNITS,), STATE))
    c = builder.source("c", TensorType((UNITS,), STATE))
    x = builder.source("x", TensorType((FEATURES,), X))
    both = joined(builder, "lstm/join", h, x)
    gates = []
    for index, name in enumerate("ifo"):
        z = builder.add(f"lstm/{name}", "matvec", matrix(index, UNITS + FEATURES, UNITS), both)
        z = builder.add(f"lstm/{name}", "index", Cast(INDEX), z)
        gates.append(builder.add(f"lstm/{name}", "table", Lookup(TABLE, GATE, offset=8), z))
        builder.layer(Layer(f"lstm/{name}", "Gate", gates[-1], "lstm", 1))
    z = builder.add("lstm/g", "matvec", matrix(3, UNITS + FEATURES, UNITS), both)
    g = builder.add("lstm/g", "result", Cast(STATE), z)
    kept = builder.add("lstm/c", "kept", Elementwise(MULTIPLY), gates[1], c)
    new = builder.add("lstm/c", "new", Elementwise(MULTIPLY), gates[0], g)
    total = builder.add("lstm/c", "add", Elementwise(ADD), kept, new)
    c_next = builder.add("lstm/c", "result", Cast(STATE), total)
    out = builder.add("lstm/h", "product", Elementwise(MULTIPLY), gates[2], c_next)
    h_next = builder.add("lstm/h", "result", Cast(STATE), out)
    body = builder.build(["h", "c", "x"], [h_next, c_next])
    initial = (np.array([1, -2]), np.array([0, 5]))
    return Scan(body, (("h", h_next), ("c", c_next)), initial, STEPS, every)


def lstm_loop(scan, xs):
    """(h, c) after every step, of one sample; raws."""
    products = [matrix(seed, UNITS + FEATURES, UNITS) for seed in range(4)]
    (h, c), seen = (raws.tolist() for raws in scan.initial), []
    for x in xs:
        terms = [value << (ACCUM.fraction - STATE.fraction) for value in h]
        terms += [int(value) << (ACCUM.fraction - X.fraction) for value in x]
        z = [[dot(product, terms, unit) for unit in range(UNITS)] for product in products]
        i, f, o = ([int(TABLE[cast(raw, ACCUM.fraction, INDEX) + 8]) for raw in row] for row in z[:3])
        g = [cast(raw, ACCUM.fraction, STATE) for raw in z[3]]
        fraction = GATE.fraction + STATE.fraction
        c = [cast(f[u] * c[u] + i[u] * g[u], fraction, STATE) for u in range(UNITS)]
        h = [cast(o[u] * c[u], fraction, STATE) for u in range(UNITS)]
        seen.append((h, c))
    return seen


def tanh_table(text):
    """tanh of six bits, with results of a type: a function of a `RecurrentCell`."""
    index, result = FixedPoint.parse("fixed<6,3,RND_CONV,SAT>"), FixedPoint.parse(text)
    entries = result.from_float(np.tanh(index.to_float(np.arange(index.raw_min, index.raw_max + 1))))
    return CellFunction("table", result, index, tuple(map(int, entries)))
