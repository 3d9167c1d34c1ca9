"""Engine `csim`: compiled once, in a process of its own, every failure one line."""

import os
import shutil

import numpy as np
import pytest

from netloom.errors import InputError, SettingsError, StorageError, ToolFailedError, ToolMissingError
from netloom.hls import Conversion
from netloom.hls.conversion import PROJECT
from netloom.sim import open_engine
from netloom.sim.csim import csim_build


@pytest.fixture
def specimen(zoo):
    return zoo("merges")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache of one's own."""
    monkeypatch.setenv("NETLOOM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def copy(specimen, tmp_path, cache):
    """A conversion of one's own to damage, its library not compiled."""
    shutil.copytree(specimen.conversion.directory, tmp_path / "conversion")
    return Conversion.load(tmp_path / "conversion")


@pytest.fixture
def compiled(specimen, tmp_path):
    """The same with its library, in the cache."""
    directory = tmp_path / "conversion"
    shutil.copytree(specimen.conversion.directory, directory)
    return Conversion.load(directory)


def no_compiler(monkeypatch):
    monkeypatch.setattr(csim_build, "run_logged", lambda *arguments: pytest.fail("compiled again"))


def test_the_library_is_compiled_once_for_the_same_sources(specimen, compiled, monkeypatch):
    no_compiler(monkeypatch)
    with open_engine("csim", conversion=compiled) as csim:
        for ours, theirs in zip(csim.predict(specimen.inputs), specimen.outputs, strict=True):
            assert (ours == theirs).all()


def test_changed_sources_are_compiled_again_all_by_one_compiler(compiled, monkeypatch):
    """Their headers and templates are most of the work, and read once."""

    class CompilingError(Exception):
        pass

    def compiling(commands, *_):
        raise CompilingError(len(commands))

    monkeypatch.setattr(csim_build, "run_logged", compiling)
    with (compiled.project / "firmware" / "defines.h").open("a") as file:
        file.write("// changed\n")
    with pytest.raises(CompilingError, match=r"^1$"):
        open_engine("csim", conversion=compiled)


@pytest.mark.parametrize("count", [0, 1, 300])
def test_any_number_of_samples(specimen, compiled, count):
    inputs = [np.resize(x, (count, *x.shape[1:])) for x in specimen.inputs]
    with open_engine("csim", conversion=compiled) as csim, open_engine("fixed", conversion=compiled) as fixed:
        for ours, theirs in zip(csim.predict(inputs), fixed.predict(inputs), strict=True):
            assert ours.shape == theirs.shape and (ours == theirs).all()
        ours, theirs = csim.trace(inputs), fixed.trace(inputs)
        for layer, values in ours.items():
            assert (values == theirs[layer]).all()


def test_inputs_are_checked_before_the_process_starts(compiled):
    with open_engine("csim", conversion=compiled) as csim:
        with pytest.raises(InputError, match="finite"):
            csim.predict([np.full((2, 5), np.nan)] * 2)
        assert csim._process is None


def test_without_a_compiler(copy, monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    csim_build.compiler.cache_clear()
    try:
        with pytest.raises(ToolMissingError, match=r"no-such-compiler is not installed.*apt install g\+\+") as caught:
            open_engine("csim", conversion=copy)
        assert "\n" not in str(caught.value)
    finally:
        csim_build.compiler.cache_clear()


def test_a_compile_error_names_the_log(copy, cache):
    source = copy.project / "firmware" / f"{PROJECT}.cpp"
    source.write_text("#error broken on purpose\n")
    with pytest.raises(ToolFailedError) as caught:
        open_engine("csim", conversion=copy)
    log = cache / "csim" / "compile.log"
    assert str(log) in str(caught.value) and "\n" not in str(caught.value)
    assert "broken on purpose" in log.read_text()
    assert not list(cache.rglob("*.so"))


def test_the_level_of_optimization(monkeypatch):
    monkeypatch.delenv("NETLOOM_CSIM_LEVEL")
    assert csim_build.level() == "-O3"
    monkeypatch.setenv("NETLOOM_CSIM_LEVEL", "-O1")
    assert csim_build.level() == "-O1"
    monkeypatch.setenv("NETLOOM_CSIM_LEVEL", "-march=native")
    with pytest.raises(SettingsError, match=r"one of -O0, .*, not '-march=native'"):
        csim_build.level()


@pytest.mark.parametrize("missing", [f"firmware/{PROJECT}.cpp", f"{PROJECT}_bridge.cpp"])
def test_missing_sources(copy, missing):
    (copy.project / missing).unlink()
    with pytest.raises(StorageError, match="convert the model again"):
        open_engine("csim", conversion=copy)


def made_library(path, body):
    """A library of one function, quick to compile."""
    import subprocess

    path.parent.mkdir(parents=True, exist_ok=True)
    arguments = "double *a, double *b, double *y, double *z"
    code = f'#include <cstdio>\n#include <cstdlib>\nextern "C" void {PROJECT}_double({arguments}) {{ {body} }}'
    subprocess.run(["g++", "-shared", "-fPIC", "-xc++", "-", "-o", path], input=code.encode(), check=True)
    return path


def replaced_library(conversion, cache, body):
    """Such a library in place of the network's, in the cache."""
    return made_library(cache / "csim" / f"{csim_build._digest(conversion.project, False)}.so", body)


@pytest.mark.parametrize("body", ["abort();", "exit(3);", "*(volatile int*)0 = 1;"], ids=["abort", "exit", "segfault"])
def test_cpp_that_dies_is_one_line_and_python_lives(specimen, compiled, cache, body):
    library = replaced_library(compiled, cache, f'fprintf(stderr, "last words"); {body}')
    with open_engine("csim", conversion=compiled) as csim:
        for _ in range(2):
            with pytest.raises(ToolFailedError, match="died with exit code") as caught:
                csim.predict(specimen.inputs)
            log = library.with_suffix(".log")
            assert str(log) in str(caught.value) and "\n" not in str(caught.value)
            assert "last words" in log.read_text()


def test_what_the_cpp_prints_does_no_harm(specimen, compiled, cache):
    replaced_library(
        compiled,
        cache,
        'printf("%s", "noise that must not be taken for numbers"); fflush(stdout); y[0]=y[1]=y[2]=a[0]; z[4]=b[1];',
    )
    with open_engine("csim", conversion=compiled) as csim:
        first, second = csim.predict(specimen.inputs)
    assert (first == specimen.inputs[0][:, :1]).all()
    assert (second[:, 4] == specimen.inputs[1][:, 1]).all()


def test_a_library_that_is_none(specimen, compiled, cache):
    library = replaced_library(compiled, cache, "")
    library.write_bytes(b"not a library")
    with open_engine("csim", conversion=compiled) as csim, pytest.raises(ToolFailedError):
        csim.predict(specimen.inputs)


def test_the_process_ends_with_the_engine(specimen, compiled):
    with open_engine("csim", conversion=compiled) as csim:
        csim.predict(specimen.inputs)
        pid = csim._process.pid
        os.kill(pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_compiled_conversion_is_only_read(specimen, compiled):
    """It may lie where nothing can be written."""

    def seen():
        return {path: path.stat().st_mtime_ns for path in sorted(compiled.directory.rglob("*"))}

    before = seen()
    with open_engine("csim", conversion=compiled) as csim:
        csim.predict(specimen.inputs)
    assert seen() == before


def test_last_words_that_can_be_kept_nowhere(specimen, compiled, cache):
    library = replaced_library(compiled, cache, 'fprintf(stderr, "last words\\n"); abort();')
    library.with_suffix(".log").mkdir()
    with open_engine("csim", conversion=compiled) as csim, pytest.raises(ToolFailedError, match="its last words: last"):
        csim.predict(specimen.inputs)


def test_a_library_that_came_with_the_conversion_is_not_run(specimen, copy, tmp_path):
    """It may be anything, whatever the C++ beside it says: what runs is compiled from that."""
    canary = tmp_path / "canary"
    name = f"{csim_build._digest(copy.project, False)}.so"
    for folder in (copy.directory / "csim", copy.directory, copy.project):
        made_library(folder / name, f'fclose(fopen("{canary}", "w"));')
    with open_engine("csim", conversion=copy) as csim:
        for ours, theirs in zip(csim.predict(specimen.inputs), specimen.outputs, strict=True):
            assert (ours == theirs).all()
    assert not canary.exists()


@pytest.mark.parametrize("name", ["firmware/ap_types/ap_int.h", "cmath", "bits/stl_vector.h", "firmware/weights/w.inc"])
def test_a_library_answers_for_every_file_that_the_compiler_may_read(compiled, name):
    before = csim_build._digest(compiled.project, False)
    path = compiled.project / name
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as file:
        file.write("// changed\n")
    assert csim_build._digest(compiled.project, False) != before


@pytest.mark.parametrize("name", ["firmware/ap_types", "firmware/defines.h", "bits"])
def test_sources_that_are_links_are_refused(compiled, tmp_path, name):
    path = compiled.project / name
    if path.exists():
        path.rename(tmp_path / "elsewhere")
    else:
        (tmp_path / "elsewhere").mkdir()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError, match=r"is a link.*convert the model again"):
        open_engine("csim", conversion=compiled)
