"""The SystemVerilog library and the families' own: every module has a test or a proof of its name, a family's fits in
the place of the one that it replaces, and what a text needs is found."""

import re
from pathlib import Path

import pytest

from netloom.firmware.emit.library import COMMENT, instantiated, modules, needed
from netloom.firmware.families import ECP5, FAMILIES, ICE40
from netloom.testing.unit_bench import RTL_FOLDER

TESTS = Path(__file__).parents[1]
OWN = [path for family in FAMILIES.values() if family.rtl for path in sorted(family.rtl.glob("*.sv"))]
CELLS = [path for family in FAMILIES.values() if family.models for path in sorted(family.models.glob("*.sv"))]
FILES = [*sorted(RTL_FOLDER.rglob("*.sv")), *OWN, *CELLS]
REPLACED = [path for path in OWN if path.stem in modules()]


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
    assert len({path.stem for path in FILES}) + len(REPLACED) == len(FILES)
    for path in FILES:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("module ")]
        assert len(lines) == 1 and lines[0].split()[1] == path.stem


def interface(text):
    """Parameters with their defaults, and ports."""
    header, _, rest = COMMENT.sub("", text).partition("module ")[2].partition(") (")
    return " ".join(f"{header}) ({rest.partition(');')[0]}".split())


@pytest.mark.parametrize("path", REPLACED, ids=lambda path: f"{path.parts[-3]} {path.stem}")
def test_a_familys_module_has_the_interface_of_the_one_it_replaces(path):
    assert interface(path.read_text(encoding="utf-8")) == interface(modules()[path.stem])


def test_a_family_has_its_own_in_the_place_of_others():
    assert len(REPLACED) > 3
    text = "adder #(.WIDTH(3)) a (.clk(clk));"
    assert list(needed([text])) == list(needed([text], ICE40)) == ["adder.sv"]
    assert list(needed([text], ECP5)) == ["adder.sv", "carry_chain.sv"]
    assert needed([text], ECP5)["adder.sv"] != needed([text])["adder.sv"]
    assert "carry_chain" not in modules()


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
