"""`compare_engines` finds what differs, names the first layer, and finds nothing where nothing does."""

import shutil
from functools import partial

import numpy as np
import pytest

from netloom.errors import InputError
from netloom.fixed_point import FixedPoint
from netloom.hls import Conversion
from netloom.models.data.examples import Examples
from netloom.models.tasks import Classification
from netloom.sim import Engine, compare_engines, open_engine


class Recorded(Engine):
    """What hls4ml's C++ computed when the zoo was built, as an engine."""

    name = "csim"

    def __init__(self, specimen):
        self.input_shapes = [x.shape[1:] for x in specimen.inputs]
        self._specimen = specimen

    def _predict(self, inputs, progress):
        return self._specimen.outputs

    def _trace(self, inputs, progress):
        return self._specimen.trace


@pytest.fixture
def mlp(zoo):
    return zoo("mlp")


@pytest.mark.parametrize("name", ["mlp", "merges", "lossy"])
def test_equal_engines_agree(zoo, name):
    specimen = zoo(name)
    fidelity = compare_engines(
        Recorded(specimen), open_engine("fixed", conversion=specimen.conversion), specimen.inputs, trace=True
    )
    assert fidelity.equal and fidelity.first_mismatch is None
    assert (fidelity.mismatches, fidelity.max_difference_steps) == (0, 0.0)
    assert fidelity.engines == ("csim", "fixed")
    assert fidelity.samples == len(specimen.inputs[0])
    assert fidelity.elements == sum(output.size for output in specimen.outputs)
    assert len(fidelity.layers) == len(specimen.trace)
    assert fidelity.argmax_agreement == (None if name == "merges" else 1.0)


def damaged(specimen, folder, damage):
    """The firmware with something changed on disk: {array key: array} and the text of dataflow.json."""
    directory = folder / "firmware"
    shutil.copytree(specimen.conversion.directory, directory, ignore=shutil.ignore_patterns("csim", "hls4ml"))
    with np.load(directory / "dataflow.npz") as file:
        arrays = dict(file)
    text = (directory / "dataflow.json").read_text()
    text = damage(arrays, text, specimen.conversion.dataflow) or text
    np.savez(directory / "dataflow.npz", **arrays)
    (directory / "dataflow.json").write_text(text)
    return Conversion.load(directory)


def index_of(dataflow, name):
    return [node.name for node in dataflow.nodes].index(name)


def weight_bit(arrays, text, dataflow):
    weights = arrays[f"{index_of(dataflow, 'fc2.matvec')}.weights"]
    weights[3, 2] ^= 1


def bias(arrays, text, dataflow):
    arrays[f"{index_of(dataflow, 'fc3.matvec')}.bias"][1] += 1


def rounding_mode(arrays, text, dataflow):
    before, after = '"to": "fixed<6,1,RND_CONV,SAT>"', '"to": "fixed<6,1,TRN,SAT>"'
    assert before in text
    return text.replace(before, after, 1)


def overflow_mode(arrays, text, dataflow):
    before, after = '"to": "fixed<6,1,RND_CONV,SAT_SYM>"', '"to": "fixed<6,1,RND_CONV,SAT>"'
    assert before in text
    return text.replace(before, after, 1)


def table_entry(arrays, text, dataflow):
    arrays[f"{index_of(dataflow, 'hyperbolic.table')}.table"][2048 - 8 : 2048 + 8] += 1


@pytest.mark.parametrize(
    ("damage", "layer"),
    [
        (weight_bit, "fc2"),
        (bias, "fc3"),
        (rounding_mode, "halfway"),
        (overflow_mode, "narrowed"),
        (table_entry, "hyperbolic"),
    ],
)
def test_a_fault_is_caught_and_its_layer_named(mlp, tmp_path, damage, layer):
    conversion = damaged(mlp, tmp_path, damage)
    # More inputs than the zoo keeps: a single bit must show.
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (3000, 9))
    good, bad = (open_engine("fixed", conversion=which) for which in (mlp.conversion, conversion))
    steps = {summary.name: summary.type.step for summary in mlp.conversion.layers}
    fidelity = compare_engines(good, bad, x, steps=steps, trace=True)
    assert not fidelity.equal
    assert fidelity.first_mismatch.layer == layer
    differing = [each.layer for each in fidelity.layers if each.mismatches]
    assert differing[0] == layer
    where = fidelity.first_mismatch
    a, b = good.trace(x)[layer], bad.trace(x)[layer]
    at = (where.sample, *where.index)
    assert where.values == [a[at], b[at]] and a[at] != b[at]
    assert (a[: where.sample] == b[: where.sample]).all()
    first = next(each for each in fidelity.layers if each.layer == layer)
    assert first.mismatches == (a != b).sum()
    assert first.max_difference_steps == np.abs(a - b).max() / steps[layer]


class Fixed(Engine):
    """An engine of given numbers."""

    input_shapes = ((1,),)

    def __init__(self, name, outputs, trace=None):
        self.name, self._outputs, self._layers = name, outputs, trace or {}

    def _predict(self, inputs, progress):
        return self._outputs

    def _trace(self, inputs, progress):
        return self._layers


X = np.zeros((3, 1))
A = np.array([[0.0, 1, 0], [1, 0, 0], [0.25, 0.5, 0]])
B = np.array([[0.0, 1, 0], [0, 1, 0], [0.5, 0.5, 0]])


def judged(labels):
    return partial(Classification().evaluate, examples=Examples(X, labels))


def test_numbers_of_a_comparison():
    fidelity = compare_engines(
        Fixed("a", [A]), Fixed("b", [B]), X, evaluate=judged(np.array([1, 0, 1])), steps={"output": 0.25}
    )
    assert (fidelity.samples, fidelity.elements, fidelity.mismatches) == (3, 9, 3)
    assert fidelity.max_difference_steps == 4.0
    assert fidelity.argmax_agreement == pytest.approx(1 / 3)
    assert fidelity.scores == {"a": {"accuracy": 1.0}, "b": {"accuracy": pytest.approx(1 / 3)}}
    first = fidelity.first_mismatch
    assert (first.layer, first.sample, first.index, first.values) == ("output", 1, [0], [1.0, 0.0])


def test_the_second_of_two_outputs():
    fidelity = compare_engines(Fixed("a", [A, A]), Fixed("b", [A, B]), X)
    assert fidelity.first_mismatch.layer == "output 1"
    assert (fidelity.mismatches, fidelity.elements, fidelity.argmax_agreement) == (3, 18, None)


def test_a_layer_that_differs_makes_engines_unequal_even_if_outputs_agree():
    a, b = Fixed("a", [A], {"hidden": A, "last": A}), Fixed("b", [A], {"hidden": B, "last": A})
    fidelity = compare_engines(a, b, X, trace=True, steps={"hidden": 0.5})
    assert fidelity.mismatches == 0 and not fidelity.equal
    assert fidelity.first_mismatch.layer == "hidden"
    assert [layer.mismatches for layer in fidelity.layers] == [3, 0]
    assert fidelity.layers[0].max_difference_steps == 2.0


def test_layers_of_other_names_are_matched_by_origin():
    a, b = Fixed("a", [A], {"User's Layer": A}), Fixed("b", [A], {"user_s_layer": B})
    assert compare_engines(a, b, X, trace=True).layers == []
    fidelity = compare_engines(a, b, X, trace=True, origins={"user_s_layer": "User's Layer"})
    assert fidelity.first_mismatch.layer == "user_s_layer"


def test_labels_are_one_a_sample():
    with pytest.raises(InputError, match="2 labels for 3 samples"):
        compare_engines(Fixed("a", [A]), Fixed("b", [A]), X, evaluate=judged(np.array([0, 1])))


def test_no_samples_are_no_evidence_but_no_error(mlp):
    fixed = open_engine("fixed", conversion=mlp.conversion)
    fidelity = compare_engines(fixed, fixed, np.zeros((0, 9)), trace=True)
    assert (fidelity.samples, fidelity.elements, fidelity.mismatches) == (0, 0, 0)
    assert fidelity.argmax_agreement is None


def test_a_record_survives_json(mlp):
    fixed = open_engine("fixed", conversion=mlp.conversion)
    fidelity = compare_engines(fixed, fixed, mlp.inputs, trace=True)
    assert type(fidelity).model_validate_json(fidelity.model_dump_json()) == fidelity


def test_statistics_see_what_the_types_do(zoo):
    specimen = zoo("lossy")
    engine = open_engine("fixed", conversion=specimen.conversion)
    types = {layer.name: layer.type for layer in specimen.conversion.layers}
    records = {record.layer: record for record in engine.statistics(specimen.inputs)}
    assert set(records) == set(types)
    assert records["wrapping"].overflows > 0
    for name, values in specimen.trace.items():
        assert (records[name].seen_min, records[name].seen_max) == (values.min(), values.max()), name
    assert isinstance(types["wrapping"], FixedPoint)
