"""Attention layers of Keras: the layers that equal them, their names, and which masks are taken."""

import keras
import numpy as np
import pytest

from netloom.errors import LayerNotSupportedError, SettingsError
from netloom.quantize import Policy, quantize
from netloom.quantize.flat import flatten
from netloom.quantize.layers import MaskedSoftmax, QSoftmax

L = keras.layers
LOWER = np.tril(np.ones((5, 5), bool), 1)


def heads(*args, **options):
    return L.MultiHeadAttention(*args, name="mha", **options)


CASES = {
    "heads": (lambda x: heads(2, 3)(x, x), (5, 4)),
    "heads, causal": (lambda x: heads(2, 4, value_dim=2)(x, x, use_causal_mask=True), (5, 4)),
    "across, with its weights": (
        lambda x, y: heads(2, 3, output_shape=7)(x, y, return_attention_scores=True),
        (5, 4),
        (3, 6),
    ),
    "one head": (lambda x, y: heads(1, 3, use_bias=False)(x, y, return_attention_scores=True), (5, 4), (3, 6)),
    "a constant mask": (lambda x: heads(2, 3)(x, x, attention_mask=LOWER), (5, 4)),
    "a window and a gate": (lambda x: heads(2, 3, use_gate=True, sliding_window=2)(x, x), (5, 4)),
    "of two axes": (lambda x: heads(2, 3)(x, x, return_attention_scores=True), (2, 3, 4)),
    "of several dimensions out": (lambda x: heads(2, 3, output_shape=(2, 3))(x, x), (5, 4)),
    "shared keys": (lambda x: L.GroupQueryAttention(3, 4, 2)(x, x, use_causal_mask=True), (5, 4)),
    "dot": (lambda x, y: L.Attention()([x, y]), (5, 4), (3, 4)),
    "dot, causal": (
        lambda x: L.Attention(use_scale=True)([x, x], use_causal_mask=True, return_attention_scores=True),
        (5, 4),
    ),
    "sum of tanh": (
        lambda x, y, z: L.Attention(use_scale=True, score_mode="concat")([x, y, z]),
        (5, 4),
        (3, 2),
        (3, 4),
    ),
    "additive": (lambda x, y: L.AdditiveAttention()([x, y]), (5, 4), (3, 4)),
    "additive without a scale": (
        lambda x, y: L.AdditiveAttention(use_scale=False)([x, y], use_causal_mask=True),
        (5, 4),
        (3, 4),
    ),
}


def network(case):
    """With weights of a seed, biases among them."""
    make, *shapes = CASES[case]
    inputs = [keras.Input(shape, name=f"input{number}") for number, shape in enumerate(shapes)]
    model = keras.Model(inputs if len(inputs) > 1 else inputs[0], make(*inputs))
    rng = np.random.default_rng(0)
    for variable in model.weights:
        variable.assign(rng.uniform(-0.8, 0.8, variable.shape))
    return model


def samples(model, count=7):
    rng = np.random.default_rng(1)
    found = [rng.normal(0, 1, (count, *tensor.shape[1:])).astype(np.float32) for tensor in model.inputs]
    return found if len(found) > 1 else found[0]


@pytest.mark.parametrize("case", CASES)
def test_equals_keras(case):
    model = network(case)
    x = samples(model)
    for ours, keras_own in zip(*(keras.tree.flatten(one(x)) for one in (flatten(model), model)), strict=True):
        assert ours.shape == keras_own.shape
        np.testing.assert_allclose(ours, keras_own, atol=2e-6)


def test_every_value_between_has_a_name_and_a_quantizer():
    model = network("heads, causal")
    twin = quantize(model, Policy.uniform(6), samples(model, 40), fine_tune_epochs=0)
    names = {layer.name for layer in twin.layers}
    parts = ("query", "key", "value", "scores", "weights", "context")
    assert {f"mha.{part}" for part in parts} <= names
    # The softmax has that of the scores inside; the last is no multiplier's.
    assert {f"mha.{part}_quantizer" for part in ("query", "key", "value", "weights", "context")} <= names
    weights = twin.get_layer("mha.weights")
    assert type(weights) is QSoftmax
    assert (weights.mask == np.tril(np.ones((5, 5), bool))).all()


REFUSED = {
    "a mask of the samples": (
        lambda x, m: heads(2, 3)(x, x, attention_mask=m),
        [(5, 4), (5, 5)],
        r"'mha' \(MultiHeadAttention\).*attention_mask comes with the samples",
    ),
    "a mask of the values": (
        lambda x, m: L.Attention(name="a")([x, x], mask=[None, m]),
        [(5, 4), (5,)],
        r"'a' \(Attention\).*mask comes with the samples",
    ),
    "training": (lambda x: heads(2, 3, dropout=0.5)(x, x, training=True), [(5, 4)], "training=True"),
    "some axes of many": (lambda x: heads(2, 3, attention_axes=2)(x, x), [(3, 5, 4)], "some axes of many"),
    "a mask of another size": (
        lambda x: heads(2, 3)(x, x, attention_mask=np.ones((2, 5, 5), bool)),
        [(5, 4)],
        r"shape \(2, 5, 5\)",
    ),
    "nothing to attend to": (
        lambda x: heads(2, 3)(x, x, attention_mask=np.tril(np.ones((5, 5), bool), -1)),
        [(5, 4)],
        "nothing to attend to",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_layer_equals_is_refused_by_name(case):
    make, shapes, said = REFUSED[case]
    inputs = [keras.Input(shape, name=f"input{number}") for number, shape in enumerate(shapes)]
    with pytest.raises(LayerNotSupportedError, match=said) as raised:
        flatten(keras.Model(inputs, make(*inputs)))
    assert "\n" not in str(raised.value)


def test_a_masked_softmax_gives_nothing_to_what_is_masked():
    x = np.random.default_rng(0).normal(0, 3, (30, 2, 5, 5)).astype(np.float32)
    mask = np.tril(np.ones((5, 5), bool))
    for layer in (MaskedSoftmax(mask), QSoftmax("quantized_bits(8,3,alpha=1)", mask=mask)):
        found = keras.ops.convert_to_numpy(layer(x))
        assert (found[..., ~mask] == 0).all()
        np.testing.assert_allclose(found.sum(axis=-1), 1, atol=2e-3)
        # A row is the softmax of what counts in it.
        plain = keras.ops.convert_to_numpy(keras.ops.softmax(x[:, :, 2, :3]))
        np.testing.assert_allclose(found[:, :, 2, :3], plain, atol=0.05)


def test_a_mask_must_leave_something():
    with pytest.raises(SettingsError, match="each with a True at least"):
        MaskedSoftmax([[True, False], [False, False]])
    with pytest.raises(SettingsError, match="axis must be -1"):
        QSoftmax("quantized_bits(8,3,alpha=1)", axis=1, mask=[[True]])
