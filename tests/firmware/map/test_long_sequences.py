"""What a long sequence takes is counted outright, and is what two shorter ones foretell: linear in the steps."""

import numpy as np
import pytest
from recurrent import tanh_table

from netloom.firmware.families import ECP5
from netloom.firmware.map.cycles.buffers import sized_and_counted
from netloom.firmware.map.folding.folding import fold_for_interval
from netloom.firmware.map.interleaving import interleaved
from netloom.firmware.map.layout import lay_out
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import DataflowBuilder, Layer, MatVec, TensorType
from netloom.hls.layers.decoding import Decoding
from netloom.hls.layers.recurrent_cells import GATES, RecurrentCell

WEIGHT, STATE = FixedPoint.parse("fixed<6,1>"), FixedPoint.parse("fixed<8,2,RND_CONV,SAT>")
INPUTS, UNITS, SYMBOLS = 3, 6, 5
SHORT, SOME, LONG = (6, 8), (32, 40), 100
BLOCK_RAM = 2
"""Clock cycles by which a FIFO in block RAM is later than one in LUTs."""
PACE = 10
"""Clock cycles that the multipliers of a step may take."""
FUNCTIONS = tanh_table("fixed<6,1,RND_CONV,SAT>"), tanh_table("ufixed<6,0,RND_CONV,SAT>")


def cell(kind, inputs=INPUTS):
    rng, columns = np.random.default_rng(0), len(GATES[kind]) * UNITS
    weights = [rng.integers(-15, 16, shape) for shape in ((inputs, columns), (UNITS, columns), columns)]
    return RecurrentCell(kind, *weights, np.zeros(columns, int), WEIGHT, WEIGHT, WEIGHT, STATE, *FUNCTIONS)


def layers(steps, *kinds, every=True, backwards=False):
    """Recurrent layers one behind the other, and a dense layer behind the last one."""
    builder = DataflowBuilder()
    node = builder.source("x", TensorType((steps, INPUTS), STATE))
    builder.layer(Layer("x", "Input", "x", "x", 1))
    for number, kind in enumerate(kinds):
        name, made = f"{kind}{number}", cell(kind, UNITS if number else INPUTS)
        products = [
            builder.add(name, gate, product, node) for gate, product in made.inputs(builder.types[node]).items()
        ]
        tensors = [builder.types[product] for product in products]
        all_steps = every or number < len(kinds) - 1
        node = builder.add(name, "scan", made.scan(name, tensors, all_steps, backwards), *products)
        builder.layer(Layer(name, "NetloomRecurrent", node, name, 1))
    weights = np.random.default_rng(1).integers(-15, 16, (UNITS, 2))
    dense = MatVec(weights, WEIGHT, np.zeros(2, int), WEIGHT, FixedPoint.parse("fixed<24,10>"))
    node = builder.add("read", "matvec", dense, node)
    builder.layer(Layer("read", "Dense", node, "read", 1))
    return builder.build(["x"], [node])


def decoder(steps):
    """Nothing is fed but the state to begin with and noise."""
    rng = np.random.default_rng(0)
    rows, kernel = rng.integers(-15, 16, (SYMBOLS, INPUTS)), rng.integers(-15, 16, (UNITS, SYMBOLS))
    bias = np.zeros(SYMBOLS, int)
    decoding = Decoding(rows, STATE, cell("gru"), kernel, WEIGHT, bias, WEIGHT, STATE, steps, start=0, stop=2)
    builder = DataflowBuilder()
    given = [
        builder.source("noise", TensorType((steps, SYMBOLS), STATE)),
        builder.source("h", TensorType((UNITS,), STATE)),
    ]
    for name in given:
        builder.layer(Layer(name, "Input", name, name, 1))
    node = builder.add("writer", "scan", decoding.scan("writer", True, STATE), *given)
    builder.layer(Layer("writer", "NetloomDecoder", node, "writer", 1))
    return builder.build(given, [node])


NETWORKS = {
    "lstm": lambda steps: layers(steps, "lstm"),
    "lstm, last step": lambda steps: layers(steps, "lstm", every=False),
    "gru": lambda steps: layers(steps, "gru"),
    "gru that resets before": lambda steps: layers(steps, "gru_before"),
    "stacked": lambda steps: layers(steps, "lstm", "gru", every=False),
    "backwards": lambda steps: layers(steps, "lstm", backwards=True),
    "interleaved": lambda steps: interleaved(layers(steps, "lstm"), 2),
    "stacked and interleaved": lambda steps: interleaved(layers(steps, "gru", "lstm", every=False), 2),
    "decoder": decoder,
}


def counted_of(dataflow, steps):
    return sized_and_counted(lay_out(dataflow, fold_for_interval(dataflow, PACE * steps), ECP5))[1]


def counted(name, steps):
    return counted_of(NETWORKS[name](steps), steps)


def foretold(known, what):
    """What `LONG` steps would take, on the line through what two others take."""
    (few, first), (some, second) = ((steps, getattr(cycles, what)) for steps, cycles in known.items())
    more, rest = divmod((LONG - some) * (second - first), some - few)
    assert more > 0 and not rest
    return second + more


@pytest.mark.parametrize("name", NETWORKS)
def test_a_hundred_steps_take_what_fewer_foretell(name):
    """The long one is counted clock by clock as the others are: nothing in the tree extrapolates.

    The inputs wait in a FIFO as long as the sequence, which is in LUTs while it is short: that much sooner they come,
    once, which is why a latency extrapolated from very few steps is not exact, and an interval is.
    """
    short, some = ({steps: counted(name, steps) for steps in few} for few in (SHORT, SOME))
    found = counted(name, LONG)
    assert (found.latency, found.interval) == (foretold(some, "latency"), foretold(some, "interval"))
    assert found.interval == foretold(short, "interval")
    assert 0 <= found.latency - foretold(short, "latency") <= BLOCK_RAM


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_layers_work_at_the_same_time(kind):
    """A layer works on a step while the one before is at the next; one that goes backwards has to wait for all."""
    steps = 20
    alone, two, three = (counted_of(layers(steps, *(kind,) * count), steps) for count in (1, 2, 3))
    assert two.latency < 1.3 * alone.latency and three.latency < 1.5 * alone.latency
    assert three.interval < 1.2 * alone.interval
    backwards = counted_of(layers(steps, kind, kind, backwards=True), steps)
    assert backwards.latency > 1.7 * alone.latency
