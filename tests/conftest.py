import os
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Python started by a test must find the installed package, not the source folder of that name.
os.environ.setdefault("PYTHONSAFEPATH", "1")
# What tests compile they run on few samples.
os.environ.setdefault("NETLOOM_CSIM_LEVEL", "-Og")
# A test makes what it tests; those of the store switch it on for themselves.
os.environ["NETLOOM_STORE"] = "0"


@pytest.fixture(scope="session")
def shared(tmp_path_factory, worker_id) -> Path:
    """A folder that all workers of one run share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def zoo(shared):
    """`zoo(name)`: a network of `support/models/zoo.py`, converted and run in C++ once a test run."""
    from functools import cache

    from zoo import specimen

    return cache(lambda name: specimen(name, shared))
