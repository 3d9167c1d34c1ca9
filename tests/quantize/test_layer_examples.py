"""Every public layer and activation of Keras: one example that is taken, or the reason why not and the way out."""

import json

import keras
import numpy as np
import pytest
from layer_examples import ACTIVATIONS, LAYERS, OPERATIONS
from layers_tried import KINDS, PAGE, groups, tried
from recurrent_examples import RECURRENT

from netloom.quantize.flat import flatten
from netloom.quantize.functions.one_value import NOT_ELEMENTWISE, OF_LAYERS
from netloom.quantize.graph.graph_check import check_supported
from netloom.quantize.graph.layer_graph import read_graph
from netloom.quantize.support.layers_page import public_activations, public_layers
from netloom.quantize.support.table import REFUSED

EXAMPLES = {**LAYERS, **{f"'{name}'": one for name, one in ACTIVATIONS.items()}, **OPERATIONS, **RECURRENT}


def test_every_public_layer_has_an_example_or_is_refused_with_a_reason():
    assert set(public_layers()) == set(LAYERS) | set(REFUSED)
    assert not set(LAYERS) & set(REFUSED)
    assert {"Dense", "LSTM", "RandomFlip", "Conv2D"} <= set(public_layers())


def test_every_activation_has_an_example_or_is_refused_with_a_reason():
    assert set(public_activations()) == set(ACTIVATIONS) | (set(NOT_ELEMENTWISE) - OF_LAYERS)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_flat_example_computes_the_same_and_is_taken(name):
    example = EXAMPLES[name]
    model, x = example.model("x"), example.inputs(3)
    given = x if len(x) > 1 else x[0]
    wanted = keras.tree.flatten(model(given, training=False))
    for found, one in zip(keras.tree.flatten(flatten(model)(given)), wanted, strict=True):
        np.testing.assert_allclose(found, np.asarray(one, np.float32), rtol=1e-4, atol=1e-5)
    check_supported(read_graph(model))


def test_an_example_of_a_layer_has_that_layer():
    for name in set(LAYERS) - {"InputLayer"}:
        model = LAYERS[name].model("x")
        inside = model._flatten_layers(include_self=False)
        assert any(type(layer).__name__ == name for layer in inside), name


def test_what_was_tried_are_the_examples():
    page = json.loads(PAGE.read_text(encoding="utf-8"))
    assert {kind: set(entries) for kind, entries in page.items()} == {kind: set(one) for kind, one in KINDS.items()}
    for values in (values for kind in page.values() for values in kind.values()):
        assert "quantized" in values
        assert all(values.values())


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "names"), groups())
def test_examples_are_equal_in_every_engine(kind, names, tmp_path):
    page = json.loads(PAGE.read_text(encoding="utf-8"))[kind]
    found = tried(kind, names, tmp_path)
    assert all(page[name].items() <= found[name].items() for name in names)
