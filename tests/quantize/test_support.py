"""The one table of layers: its page is current, it is as good as its words, and a layer joins it by one entry."""

import json
from pathlib import Path

import pytest

from netloom.errors import LayerNotSupportedError
from netloom.quantize.support import table
from netloom.quantize.support.layer import LayerFacts
from netloom.quantize.support.layers_page import layers_page
from netloom.quantize.support.rules import Rule


def layer(kind, config=(), inputs=((6, 6, 2),), output=(6, 6, 2), tensors=(0,)):
    return LayerFacts("odd one", kind, dict(config), {}, inputs, output, tensors)


def test_the_documentation_is_made_from_the_table():
    docs = Path(__file__).parents[2] / "docs"
    page = (docs / "layers.md").read_text(encoding="utf-8")
    tried = json.loads((docs / "layers.json").read_text(encoding="utf-8"))
    assert page == layers_page(tried), "run: python -m netloom.quantize.support.layers_page > docs/layers.md"


def test_every_refusal_has_a_reason_and_a_way_out():
    rules = [rule for entry in table.LAYERS.values() for rule in entry.rules]
    assert all(one.reason and one.instead for one in [*rules, *table.REFUSED.values()])
    assert not set(table.REFUSED) & set(table.LAYERS)


def test_a_stage_takes_only_its_own():
    table.check_layer(layer("GaussianNoise"), "quantize")
    with pytest.raises(LayerNotSupportedError, match="GaussianNoise is not supported: leave it out"):
        table.check_layer(layer("GaussianNoise"), "convert")
    with pytest.raises(LayerNotSupportedError, match="QActivation is not supported: build the model from Act"):
        table.check_layer(layer("QActivation"), "quantize")


def test_a_layer_is_one_entry(monkeypatch):
    rule = Rule(
        "`size` of 3", lambda layer: "size must not be 3" if layer.config["size"] == 3 else None, "use 4", "odd"
    )
    with pytest.raises(LayerNotSupportedError, match="Toy is not supported"):
        table.check_layer(layer("Toy", {"size": 4}), "quantize")
    monkeypatch.setitem(table.LAYERS, "Toy", table.Entry("size", (rule,)))
    for stage in ("quantize", "convert"):
        table.check_layer(layer("Toy", {"size": 4}), stage)
        with pytest.raises(
            LayerNotSupportedError, match=r"^layer 'odd one' \(Toy\): size must not be 3: use 4 \(odd\)$"
        ):
            table.check_layer(layer("Toy", {"size": 3}), stage)
    assert "| `Toy` | `size` of 3 | odd | use 4 |" in layers_page({})
