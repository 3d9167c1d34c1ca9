"""A dataflow graph on disk: the same after a round trip; anything damaged is one line."""

import json
import os
from dataclasses import fields

import numpy as np
import pytest
from recurrent import simple

from netloom.errors import StorageError
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import (
    Cast,
    Clamp,
    Dataflow,
    DataflowBuilder,
    DepthwiseMatVec,
    Divide,
    Elementwise,
    ElementwiseFunction,
    Gather,
    Layer,
    Lookup,
    MatMul,
    MatVec,
    Permute,
    Pool,
    PoolFunction,
    Reduce,
    Summation,
    TensorType,
    Window,
    load_dataflow,
    save_dataflow,
)
from netloom.hls.dataflow.storage import OPERATIONS

TYPE = FixedPoint.parse("fixed<6,3,RND_CONV,SAT>")
WIDE = FixedPoint.parse("fixed<20,12>")


def network() -> Dataflow:
    """Every operation once, every kind of field."""
    rng = np.random.default_rng(0)
    builder = DataflowBuilder()
    x = builder.source("image", TensorType((4, 4, 2), TYPE))
    other = builder.source("other", TensorType((3,), TYPE))
    x = builder.add("conv", "window", Window((2, 2), (1, 1), ((1, 0), (0, 1))), x)
    conv = MatVec(rng.integers(-9, 9, (8, 3)), TYPE, rng.integers(-9, 9, 3), TYPE, WIDE, (7, 0, 1, 2, 3, 4, 5, 6))
    x = builder.add("conv", "matvec", conv, x)
    scale = DepthwiseMatVec(rng.integers(-9, 9, (1, 3)), TYPE, rng.integers(-9, 9, 3), TYPE, WIDE)
    x = builder.add("norm", "scale", scale, x)
    x = builder.add("act", "relu", Clamp(0), x)
    x = builder.add("act", "result", Cast(TYPE), x)
    x = builder.add("max", "max", Pool(PoolFunction.MAX, (2, 2), (2, 2)), x)
    x = builder.add("mean", "sum", Pool(PoolFunction.SUM, (2, 2), (2, 2), WIDE, Summation.TREE), x)
    x = builder.add("mean", "average", Divide(4), x)
    x = builder.add("flat", "reshape", Permute(np.arange(3)), x)
    x = builder.add("add", "add", Elementwise(ElementwiseFunction.ADD), x, other)
    x = builder.add("table", "table", Lookup(rng.integers(0, 99, 16), WIDE, 3, 4, 8, True), x)
    x = builder.add("sum", "sum", Reduce(WIDE, Summation.SEQUENTIAL), x)
    x = builder.add("top", "max", Reduce(), x)
    x = builder.add("embed", "rows", Gather(rng.integers(-9, 9, (4, 2)), TYPE), x)
    fed = builder.add("rnn", "fed", Permute(np.arange(15).reshape(5, 3) % 3), other)
    states = builder.add("rnn", "scan", simple(), fed)
    states = builder.add("rnn", "columns", Permute(np.arange(10).reshape(2, 5)), states)
    x = builder.add("attention", "product", MatMul(), x, states)
    for layer, node in [("conv", "conv.matvec"), ("top", x)]:
        builder.layer(Layer(layer, "Kind", node, f"the user's ../{layer}", 3))
    return builder.build(["other", "image"], [x, "act.result"])


@pytest.fixture
def saved(tmp_path):
    save_dataflow(network(), tmp_path)
    return tmp_path


def test_every_operation_is_in_the_round_trip():
    assert {type(node.operation) for node in network().nodes} == set(OPERATIONS.values())


def check_same(original, loaded):
    assert list(loaded.sources.items()) == list(original.sources.items())
    assert loaded.outputs == original.outputs
    assert loaded.layers == original.layers
    assert loaded.types == original.types
    for ours, theirs in zip(original.nodes, loaded.nodes, strict=True):
        assert (ours.name, ours.inputs, ours.layer) == (theirs.name, theirs.inputs, theirs.layer)
        assert type(ours.operation) is type(theirs.operation)
        for field in fields(ours.operation):
            check_equal(getattr(ours.operation, field.name), getattr(theirs.operation, field.name))


def check_equal(value, found):
    assert type(found) is type(value)
    if isinstance(value, np.ndarray):
        assert found.dtype == value.dtype and found.tolist() == value.tolist()
    elif isinstance(value, Dataflow):
        check_same(value, found)
    elif isinstance(value, tuple):
        for one, other in zip(value, found, strict=True):
            check_equal(one, other)
    else:
        assert found == value


def test_round_trip(saved):
    check_same(network(), load_dataflow(saved))


def test_loaded_graph_computes_the_same(saved):
    rng = np.random.default_rng(1)
    x = {"other": rng.integers(-32, 32, (5, 3)), "image": rng.integers(-32, 32, (5, 4, 4, 2))}

    def evaluate(dataflow):
        values = dict(x)
        for node in dataflow.nodes:
            run, _ = node.operation.prepare(dataflow.input_types(node), dataflow.input_bounds(node), np.int64)
            (values[node.name],) = run([values[name] for name in node.inputs])
        return {name: value.tolist() for name, value in values.items()}

    assert evaluate(load_dataflow(saved)) == evaluate(network())


def test_saving_twice_gives_the_same_structure(saved, tmp_path):
    again = tmp_path / "again"
    again.mkdir()
    save_dataflow(load_dataflow(saved), again)
    assert (again / "dataflow.json").read_bytes() == (saved / "dataflow.json").read_bytes()


def refused(folder):
    with pytest.raises(StorageError) as caught:
        load_dataflow(folder)
    message = str(caught.value)
    assert "\n" not in message and len(message) < 400
    return message


@pytest.mark.parametrize("name", ["dataflow.json", "dataflow.npz"])
def test_missing(saved, name):
    (saved / name).unlink()
    assert name in refused(saved)


def test_no_directory_at_all(tmp_path):
    assert "not a converted network" in refused(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["dataflow.json", "dataflow.npz"])
@pytest.mark.parametrize("keep", [0, 1, 40, 0.5, 0.95])
def test_truncated(saved, name, keep):
    content = (saved / name).read_bytes()
    (saved / name).write_bytes(content[: keep if isinstance(keep, int) else int(len(content) * keep)])
    refused(saved)


@pytest.mark.parametrize("name", ["dataflow.json", "dataflow.npz"])
def test_garbage(saved, name):
    (saved / name).write_bytes(np.random.default_rng(0).bytes(2000))
    refused(saved)


@pytest.mark.parametrize("name", ["dataflow.json", "dataflow.npz"])
def test_a_directory_in_place_of_the_file(saved, name):
    (saved / name).unlink()
    (saved / name).mkdir()
    refused(saved)


@pytest.mark.parametrize("name", ["dataflow.json", "dataflow.npz"])
def test_flipped_bits_end_in_no_other_error(saved, name):
    content = (saved / name).read_bytes()
    for position in range(0, len(content), max(len(content) // 150, 1)):
        damaged = bytearray(content)
        damaged[position] ^= 1 << position % 8
        (saved / name).write_bytes(bytes(damaged))
        try:
            load_dataflow(saved)
        except StorageError as error:
            assert "\n" not in str(error)


def test_pickled_arrays_are_not_run(saved, tmp_path):
    marker = tmp_path / "ran"

    class Bomb:
        def __reduce__(self):
            return (marker.touch, ())

    with np.load(saved / "dataflow.npz") as arrays:
        keys = arrays.files
    np.savez(saved / "dataflow.npz", **{key: np.array([Bomb()], dtype=object) for key in keys})
    refused(saved)
    assert not marker.exists()


def edited(saved, edit):
    structure = json.loads((saved / "dataflow.json").read_text())
    changed = edit(structure)
    (saved / "dataflow.json").write_text(json.dumps(structure if changed is None else changed))


@pytest.mark.parametrize(
    "edit",
    [
        lambda s: s.pop("schema_version"),
        lambda s: s.pop("nodes"),
        lambda s: s["nodes"][0].pop("operation"),
        lambda s: s["nodes"][0].update(operation="Exec"),
        lambda s: s["nodes"][0]["parameters"].update(unknown=1),
        lambda s: s["nodes"][0]["parameters"].pop("stride"),
        lambda s: s["nodes"][1]["parameters"].update(weights={"array": "no such"}),
        lambda s: s["nodes"][1]["parameters"].update(accum="double"),
        lambda s: s["sources"]["image"].update(element="fixed<999,3>"),
        lambda s: s["layers"][0].update(surprise=1),
        lambda s: s["nodes"][0].update(inputs=["nowhere"]),
        lambda s: s["nodes"][0].update(parameters=[]),
        lambda s: s["sources"]["image"].update(element=8),
        lambda s: s.update(outputs=["nowhere"]),
        lambda s: s["layers"][0].update(node="nowhere"),
        lambda s: ["a list"],
        lambda s: 7,
    ],
)
def test_structure_that_is_not_ours(saved, edit):
    def apply(structure):
        result = edit(structure)
        return result if isinstance(result, list | int) and not isinstance(result, bool) else None

    edited(saved, apply)
    refused(saved)


def scan_of(structure):
    return next(node for node in structure["nodes"] if node["operation"] == "Scan")["parameters"]


@pytest.mark.parametrize(
    "edit",
    [
        lambda scan: scan.update(body=7),
        lambda scan: scan["body"].update(schema_version="1.0"),
        lambda scan: scan["body"]["nodes"][0].update(operation="Exec"),
        lambda scan: scan["body"]["nodes"][0].update(inputs=["nowhere"]),
        lambda scan: scan["body"]["nodes"][2]["parameters"].update(indices={"array": "no such"}),
        lambda scan: scan["body"].update(outputs=["nowhere"]),
        lambda scan: scan.update(initial=[]),
        lambda scan: scan.update(initial=[{"array": "no such"}]),
        lambda scan: scan.update(carries=[["h", "rnn/cell.relu"]]),
        lambda scan: scan.update(carries=[["h"]]),
        lambda scan: scan.update(steps=2**40),
        lambda scan: scan.update(every=[True, True]),
    ],
)
def test_bodies_that_are_not_ours(saved, edit):
    edited(saved, lambda structure: edit(scan_of(structure)))
    refused(saved)


def test_bodies_lie_only_so_deep_in_each_other(saved):
    def nest(structure):
        body = json.dumps(structure["nodes"])
        for _ in range(6):
            scan_of(structure)["body"]["nodes"] = json.loads(body)
            structure = scan_of(structure)["body"]

    edited(saved, nest)
    assert "more than 4 deep" in refused(saved)


def test_another_schema_version_says_what_to_do(saved):
    edited(saved, lambda s: s.update(schema_version="9.9"))
    message = refused(saved)
    assert "'9.9'" in message and "convert the model again" in message


def test_a_reader_that_may_not_read_is_told_so(saved, monkeypatch):
    def denied(path, *arguments):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "open", denied)
    assert "Permission denied" in refused(saved)


def test_integers_beyond_int64_come_back(tmp_path):
    builder = DataflowBuilder()
    x = builder.source("x", TensorType((2,), FixedPoint(3, 3)))
    table = np.array([-(2**90), 2**90 - 1, 5, 0], dtype=object)
    dataflow = builder.build(["x"], [builder.add("layer", "table", Lookup(table, FixedPoint(91, 91)), x)])
    save_dataflow(dataflow, tmp_path)
    loaded = load_dataflow(tmp_path).nodes[0].operation
    assert loaded.table.tolist() == table.tolist()
    assert [type(entry) for entry in loaded.table] == [int] * 4
