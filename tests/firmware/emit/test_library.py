"""The SystemVerilog library: every module has a test or a proof of its name, and what a text needs is found in it."""

import re
from pathlib import Path

import pytest

from netloom.firmware.emit.library import instantiated, modules, needed
from netloom.testing.unit_bench import RTL

TESTS = Path(__file__).parents[1]
FILES = sorted(RTL.rglob("*.sv"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_module_has_a_test_or_a_proof_of_its_name(path):
    tests, proof = list(TESTS.rglob(f"test_{path.stem.lower()}.py")), TESTS / "formal" / path.name
    assert tests or proof.is_file(), f"{path.name}: write test_{path.stem.lower()}.py or formal/{proof.name}"
    # That they are of it, too.
    for test in tests:
        assert path.stem in test.read_text(encoding="utf-8")
    if proof.is_file():
        proofs = (TESTS / "test_formal.py").read_text(encoding="utf-8")
        assert re.search(rf'Proof\(\s*"{path.stem}"', proofs)


def test_every_file_is_one_module_of_its_name():
    assert len({path.stem for path in FILES}) == len(FILES)
    for path in FILES:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("module ")]
        assert len(lines) == 1 and lines[0].split()[1] == path.stem


def test_no_proof_is_left_over():
    assert {path.stem for path in (TESTS / "formal").glob("*.sv")} <= set(modules())


def test_instances_are_found_and_nothing_else():
    assert instantiated("pool #(.ROWS(1)) a (.clk(clk));") == {"pool"}
    assert instantiated("crc32 checksum (\n  .clk(clk)\n);") == {"crc32"}
    assert instantiated("module pool #(parameter int A = 1) ();") == set()
    assert instantiated("multiplier\n  #(.A(1))\n  cast (.clk(clk));") == {"multiplier"}
    assert instantiated("// adder #() a ();\n/* pool #() b (); */ logic clamp; assign cast = clamp(x);") == set()
    assert instantiated("unknown #() a (); CCU2C #() b ();") == set()


def test_what_is_needed_is_all_that_is_needed():
    found = needed(["cast #(.LANES(1)) a ();"])
    assert list(found) == ["cast.sv", "cast_value.sv", "confine_value.sv", "elastic.sv", "round_value.sv"]
    assert found["cast.sv"] == modules()["cast"]
    assert needed(["assign a = b;"]) == {}
    for name, text in modules().items():
        assert instantiated(text) <= {path.removesuffix(".sv") for path in needed([f"{name} #() a ();"])}
