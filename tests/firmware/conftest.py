"""Sweeps of the hardware modules: a few cases of each in `make test`, all of them in `make test-all`."""

import sys
from collections import defaultdict
from pathlib import Path

import pytest

QUICK_CASES = 4
"""Of every parametrized test that compiles modules with Verilator."""


def pytest_collection_modifyitems(items):
    sweeps = defaultdict(list)
    for item in items:
        module = sys.modules.get(item.module.__name__) or item.module
        compiles = any(name.startswith(("check_", "build")) for name in vars(module))
        if compiles and Path(__file__).parent in item.path.parents and item.get_closest_marker("slow") is None:
            sweeps[item.path, item.originalname].append(item)
    for cases in sweeps.values():
        kept = {round(i * (len(cases) - 1) / (QUICK_CASES - 1)) for i in range(QUICK_CASES)}
        for index, item in enumerate(cases):
            if index not in kept:
                item.add_marker(pytest.mark.slow)
