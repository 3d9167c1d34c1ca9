"""`identifiers`: any names in, distinct and harmless identifiers out."""

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from netloom.hls.identifiers import _RESERVED, identifiers


@settings(deadline=None, max_examples=100)
@given(st.lists(st.text(max_size=60), unique=True, max_size=12))
@example(["conv", "Conv", "CONV", "conv_2", "conv 2", "conv-2"])
@example(["", " ", "..", "../..", "/etc/passwd", "\x00", "\n", "'", '"', "`"])
@example(["input", "int", "class", "module", "data", "always", "i", "n", "p", "t", "u"])
@example(["é", "ü", "名前", "🦆", "x" * 200, "x" * 201, "1st", "_", "__init__"])
@example(["layer", "layer_1", "1", "layer_a", "a", "A"])
def test_distinct_and_harmless(names):
    found = identifiers(names)
    assert list(found) == names
    assert len({identifier.lower() for identifier in found.values()}) == len(names)
    for identifier in found.values():
        assert re.fullmatch(r"[a-z][a-z0-9_]+", identifier)
        assert identifier not in _RESERVED
        assert len(identifier) <= 64
        assert not identifier.endswith("_") and "__" not in identifier


def test_ordinary_names_stay_as_they_are():
    names = ["conv1", "fc_out", "q_dense_3", "batch_normalization", "x" * 48, "a1"]
    assert identifiers(names) == {name: name for name in names}


def test_same_names_give_same_identifiers():
    names = ["b", "B", "é", "conv", "Conv"]
    assert identifiers(names) == identifiers(list(names))
