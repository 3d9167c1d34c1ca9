"""Three ways to make the C++ of engine `fixed` ready."""

import ctypes
import subprocess

import pytest

from netloom.common.process import which
from netloom.sim.native import program
from netloom.sim.native.native_library import SOURCE, native_library


@pytest.fixture(scope="session")
def plain_library(tmp_path_factory):
    """As on a machine without vector instructions beyond the architecture's least."""
    made = tmp_path_factory.mktemp("native") / "plain.so"
    flags = ("-O2", "-std=c++17", "-shared", "-fPIC", "-fno-math-errno", "-fno-trapping-math", "-Wno-psabi")
    subprocess.run([which("g++"), *flags, str(SOURCE), "-o", str(made)], check=True)
    return ctypes.CDLL(str(made))


@pytest.fixture(params=["bytes", "floats", "plain"])
def made(request, monkeypatch):
    """What makes a program of a graph ready, three ways."""
    if request.param == "plain":
        library = request.getfixturevalue("plain_library")
        monkeypatch.setattr(program, "native_library", lambda: library)
    if request.param == "bytes" and not native_library().has_bytes():
        pytest.skip("this machine does not multiply bytes")
    return lambda flow: program.native_program(flow, request.param == "bytes")
