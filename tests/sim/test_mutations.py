"""A check that cannot fail proves nothing: emitted designs with one fault each, and the layer that must be named."""

import re
from pathlib import Path

import numpy as np
import pytest
from dataflow_engine import DataflowEngine
from dataflows import dilated
from designs import WEIGHT, Network

from netloom.errors import SimulationError
from netloom.firmware.emit.emit import emit
from netloom.firmware.generate import generate_design
from netloom.firmware.map.cycles.cycles import count_cycles
from netloom.firmware.map.folding.folding import fold_for_interval, fold_for_reuse
from netloom.firmware.map.layout import plan_design
from netloom.hls.dataflow import Permute, Pool, PoolFunction
from netloom.sim import crosscheck
from netloom.sim.hardware.rtl import RtlEngine
from netloom.sim.hardware.verilator import Stalls
from netloom.testing.operations import random_raws

INTERVAL = 300


def network():
    """Two convolutions with pooling between them, and a dense layer: every node a layer of its own."""
    net = Network((8, 6, 2), seed=5)
    net.window((3, 3), (1, 1), ((1, 1), (1, 1)))
    net.matvec(4)
    net.relu()
    net.add(Pool(PoolFunction.MAX, (2, 2), (2, 2)))
    net.window((2, 2), (1, 1), ((0, 0), (0, 0)))
    net.matvec(6)
    net.relu()
    net.add(Permute(np.arange(net.builder.types[net.last].size)))
    net.matvec(5)
    return net.done()


DATAFLOW = network()
PRODUCTS = [node.layer for node in DATAFLOW.nodes if type(node.operation).__name__ == "MatVec"]
CASTS = [node.layer for node in DATAFLOW.nodes if type(node.operation).__name__ == "Cast"]


@pytest.fixture(scope="module")
def emitted():
    return generate_design(DATAFLOW, interval=INTERVAL)


@pytest.fixture(scope="session")
def cache(shared):
    return shared / "models"


def samples():
    (tensor,) = DATAFLOW.sources.values()
    (raws,) = random_raws([tensor], batch=40)
    return raws * tensor.element.step


def unit_of(design, layer, module):
    """The instance of a module that computes a layer."""
    return next(unit.name for unit in design.units if design.layers[unit.name] == layer and unit.module == module)


def instance(text, name):
    """Where an instance stands in the top level."""
    start = text.index(f" {name} (\n")
    return text.rindex("\n\n", 0, start), text.index(");", start)


def mutated(emitted, folder, change):
    """The design's folder, with files changed by a function."""
    files = change(dict(emitted.files))
    assert files != emitted.files
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def found(folder: Path, cache, stalls=None):
    return crosscheck(DataflowEngine(DATAFLOW), RtlEngine(folder, stalls, cache), samples(), trace=True)


def layers_before(layer):
    names = [one.name for one in DATAFLOW.layers]
    return names[: names.index(layer)]


@pytest.mark.parametrize("stalls", [None, Stalls(3, 0.4, 0.4)])
def test_the_design_itself_is_right(emitted, tmp_path, cache, stalls):
    emitted.write(tmp_path)
    fidelity = found(tmp_path, cache, stalls)
    assert fidelity.equal
    assert {*PRODUCTS, *CASTS} <= {layer.layer for layer in fidelity.layers}
    engine = RtlEngine(tmp_path, stalls, cache)
    measured = engine.count_cycles()
    assert (measured.latency, measured.interval) == (emitted.cycles.latency, emitted.cycles.interval)


def flipped(emitted, memory, line, bit):
    """The files with one bit of a memory flipped."""
    lines = emitted.files[memory].splitlines()
    lines[line] = f"{int(lines[line], 16) ^ 1 << bit:0{len(lines[line])}x}"
    return {**emitted.files, memory: "\n".join(lines) + "\n"}


def weights_of(emitted, layer):
    """Name of a product's memory of weights, its lines, and the unit."""
    name = unit_of(emitted.design, layer, "matvec")
    unit = next(unit for unit in emitted.design.units if unit.name == name)
    memory = next(file for file in emitted.files if file.startswith(name) and file.endswith("weights.mem"))
    return memory, len(emitted.files[memory].splitlines()), unit


@pytest.mark.parametrize("layer", PRODUCTS)
def test_one_bit_of_a_weight(emitted, tmp_path, cache, layer):
    memory, lines, unit = weights_of(emitted, layer)
    caught = 0
    places = [(line, weight) for line in {0, lines // 3, lines // 2, lines - 1} for weight in range(unit.source.lanes)]
    for line, weight in places[:8]:
        changed = flipped(emitted, memory, line, weight * WEIGHT.width + 1)
        fidelity = found(mutated(emitted, tmp_path, lambda _, changed=changed: changed), cache)
        if not fidelity.equal:
            caught += 1
            assert fidelity.first_mismatch.layer == layer
            assert not any(one.mismatches for one in fidelity.layers if one.layer in layers_before(layer))
    # A weight whose input is zero in every sample makes no difference.
    assert caught


@pytest.mark.slow
def test_every_bit_of_every_weight_that_matters(emitted, tmp_path, cache):
    """Of the dense layer: all bits of a weight are seen if its input is ever other than zero, and no others."""
    layer = PRODUCTS[-1]
    (node,) = DATAFLOW.layer_nodes(layer)
    reference = DataflowEngine(DATAFLOW)
    expected = reference.predict(samples())
    inputs = reference.values([samples()])[node.inputs[0]].reshape(len(expected), -1)
    matters = (inputs != 0).any(axis=0)
    memory, lines, unit = weights_of(emitted, layer)
    assert unit.pe == 1
    for line in range(lines):
        for lane, k in enumerate(unit.k_order[line % len(unit.k_order)]):
            for bit in range(WEIGHT.width):
                files = flipped(emitted, memory, line, lane * WEIGHT.width + bit)
                folder = mutated(emitted, tmp_path, lambda _, files=files: files)
                seen = (RtlEngine(folder, cache=cache).predict(samples()) != expected).any()
                assert seen == matters[k], (line, lane, bit)


@pytest.mark.parametrize("layer", CASTS)
def test_another_rounding(emitted, tmp_path, cache, layer):
    unit = unit_of(emitted.design, layer, "cast")

    def change(files):
        text = files["network.sv"]
        start, end = instance(text, unit)
        other = re.sub(r'\.ROUNDING\("\w+"\)', '.ROUNDING("TRN")', text[start:end])
        return files | {"network.sv": text[:start] + other + text[end:]}

    fidelity = found(mutated(emitted, tmp_path, change), cache)
    assert fidelity.first_mismatch.layer == layer
    assert not any(one.mismatches for one in fidelity.layers if one.layer in layers_before(layer))


@pytest.mark.parametrize(
    ("module", "unrolled", "right", "wrong"),
    [
        ("line_buffer", False, "i*DILATION_HEIGHT*WORD_WIDTH", "i*WORD_WIDTH"),
        ("window_shift", True, "i*DILATION_WIDTH*COLUMN_WIDTH", "i*COLUMN_WIDTH"),
    ],
)
def test_the_neighbours_of_a_dilated_kernel(tmp_path, cache, module, unrolled, right, wrong):
    """Rows or columns one apart instead of those that the kernel wants: every beat comes in time, and is wrong."""
    dataflow = dilated()
    first = next(node.layer for node in dataflow.nodes if hasattr(node.operation, "weights"))
    folding = fold_for_reuse(dataflow, {first: 1}, {first: True}) if unrolled else fold_for_interval(dataflow, 2000)
    design = plan_design(dataflow, folding)
    whole = emit(design, count_cycles(design), folding)
    text = whole[f"{module}.sv"]
    assert text.count(right) == 1

    (tensor,) = dataflow.sources.values()
    x = random_raws([tensor], batch=10)[0] * tensor.element.step
    for number, change in enumerate(({}, {f"{module}.sv": text.replace(right, wrong)})):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name, content in (whole | change).items():
            (folder / name).write_text(content, encoding="utf-8")
        fidelity = crosscheck(DataflowEngine(dataflow), RtlEngine(folder, None, cache), x, trace=True)
        assert fidelity.equal == (number == 0)
        assert number == 0 or fidelity.first_mismatch.layer == first


@pytest.mark.parametrize("layer", CASTS)
def test_a_stall_ignored(emitted, tmp_path, cache, layer):
    """The unit is told that its output is taken in every cycle; when it is not, a beat is lost."""
    unit = unit_of(emitted.design, layer, "cast")

    def change(files):
        text = files["network.sv"]
        start, end = instance(text, unit)
        other = re.sub(r"\.out_ready\(\w+\)", ".out_ready(1'b1)", text[start:end])
        return files | {"network.sv": text[:start] + other + text[end:]}

    with pytest.raises(SimulationError) as error:
        found(mutated(emitted, tmp_path, change), cache, Stalls(3, 0.0, 0.995))
    stream = next(tap.stream.name for tap in emitted.design.taps if tap.layer == layer)
    assert f"stream '{stream}'" in str(error.value)
