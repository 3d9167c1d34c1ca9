import subprocess
import sys

import pytest

import netloom.models
from netloom.errors import NetworkNotFoundError
from netloom.models import get_network, networks
from netloom.models.data.sets import DATASETS
from netloom.settings import RunSettings

SHAPES = {
    "warp": ((2,), (1,)),
    "linear-digits": ((64,), (10,)),
    "kernel-digits": ((64,), (10,)),
    "digits": ((64,), (10,)),
    "linear": ((28, 28, 1), (10,)),
    "kernel": ((28, 28, 1), (10,)),
    "lenet": ((28, 28, 1), (10,)),
    "pretrain": ((28, 28, 1), (10,)),
    "autoencoder": ((28, 28, 1), (28, 28, 1)),
    "cheque": ((28, 160, 1), (1, 36, 13)),
    "signs": ((32, 32, 3), (43,)),
    "deep": ((32, 32, 3), (10,)),
    "video": ((5, 12, 12, 1), (9,)),
    "cells": ((32, 32, 1), (32, 32, 1)),
    "faces": ((64, 64, 1), (16, 16, 5)),
    "clutter": ((48, 48, 1), (12, 12, 14)),
    "jets": ((16,), (5,)),
    "splice": ((60, 4), (3,)),
    "words": ((62, 24), (10,)),
    "speech": ((62, 24), (10,)),
    "molecules": ((1024,), (12,)),
    "language": ((5,), (1000,)),
    "characters-rnn": ((100,), (100, 65)),
    "characters": ((100,), (100, 65)),
    "translation": ([(7,), (8,)], (8, 32)),
    "translation-pairs": ([(7,), (9,)], (9, 1002)),
    "captions": ([(24, 24, 5), (9,)], (9, 13)),
    "turing": ([(6,), (8,), (16, 8), (16,), (16,)], (172,)),
    "turing-sort": ([(7,), (8,), (16, 8), (16,), (16,)], (172,)),
    "memory": ([(15, 48), (33,)], (6,)),
    "memory-two-facts": ([(15, 48), (33,)], (6,)),
    "glimpse-passive": ((30, 30, 1), (10,)),
    "glimpse": ([(15, 15, 1), (28, 28, 1)], (35,)),
    "control": ((16, 16, 2), (3,)),
    "tiny-ad": ((640,), (640,)),
    "tiny-kws": ((49, 10, 1), (12,)),
    "tiny-ic": ((32, 32, 3), (10,)),
    "tiny-vww": ((96, 96, 3), (2,)),
}


def test_networks_stand_in_order_of_presentation():
    assert [network.name for network in networks()] == list(SHAPES)


@pytest.mark.parametrize("network", networks(), ids=lambda network: network.name)
def test_a_network_is_described(network):
    assert network.title and network.review and network.description
    assert network.dataset in DATASETS
    assert network.score.unit != "%" or 0 < network.expected_score < 1
    assert 2 <= network.bits <= 16
    assert network.fine_tune_epochs >= 0
    assert 0 < network.training_seconds <= 600
    assert RunSettings.of(network).hardware is not None


@pytest.mark.parametrize("network", networks(), ids=lambda network: network.name)
def test_a_network_is_built_uncompiled_and_ends_in_logits(network):
    model = network.build()
    shape, outputs = SHAPES[network.name]
    assert model.name == network.name
    several = isinstance(shape, list)
    assert model.input_shape == ([(None, *one) for one in shape] if several else (None, *shape))
    assert model.output_shape == (None, *outputs)
    assert not model.compiled
    if network.task != "reconstruction":
        last = [layer for layer in model.layers if layer.weights][-1]
        assert last.activation.__name__ == "linear"


def test_equal_seeds_give_equal_weights_and_others_do_not():
    first, second, other = (get_network("digits").build(seed).get_weights()[0] for seed in (3, 3, 4))
    assert (first == second).all()
    assert (first != other).any()


@pytest.mark.parametrize(
    ("name", "parameters"), [("tiny-ad", 269_992), ("tiny-kws", 24_908), ("tiny-ic", 78_666), ("tiny-vww", 221_794)]
)
def test_mlperf_tiny_has_the_published_parameters(name, parameters):
    assert get_network(name).build().count_params() == parameters


def test_jets_has_the_published_shape():
    kernels = [layer.kernel.shape for layer in get_network("jets").build().layers if layer.weights]
    assert kernels == [(16, 64), (64, 32), (32, 32), (32, 5)]


@pytest.mark.parametrize(
    ("name", "hint"),
    [("digit", "did you mean digits"), ("zzz", "choose one of warp, linear-digits, kernel-digits, digits")],
)
def test_an_unknown_network_is_refused_with_a_hint(name, hint):
    with pytest.raises(NetworkNotFoundError, match=f"no network '{name}'") as caught:
        get_network(name)
    assert hint in str(caught.value)


def test_listing_networks_imports_neither_keras_nor_scikit_learn():
    code = (
        "import sys, netloom.models; netloom.models.networks();"
        "print([m for m in ('tensorflow', 'keras', 'sklearn') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_the_public_names_exist():
    assert sorted(netloom.models.__all__) == [
        "Dataset",
        "Network",
        "Target",
        "Training",
        "get_network",
        "load_dataset",
        "networks",
        "train",
    ]
    for name in netloom.models.__all__:
        assert getattr(netloom.models, name).__name__ == name
    with pytest.raises(AttributeError, match="no_such_name"):
        netloom.models.no_such_name  # noqa: B018
