"""Synthesis of one module: what is counted, what belongs to whom, and what goes wrong."""

import json
from pathlib import Path

import pytest
from tiny_design import add_design

from netloom.errors import StorageError, ToolFailedError
from netloom.firmware.build.scripts import stub
from netloom.firmware.build.synthesis import Netlist, count_cells, synthesize, unit_of
from netloom.firmware.families import ECP5, ICE40, Family


def run(folder: Path, family: Family, out: Path, **settings: object) -> Netlist:
    description = json.loads((folder / "design.json").read_text())
    return synthesize(folder, description["files"], description["memories"], "network", family, out, **settings)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return add_design(tmp_path_factory.mktemp("synthesis") / "add")


@pytest.fixture(scope="module")
def netlist(folder: Path) -> Netlist:
    return run(folder, ECP5, folder / "netlist")


def test_cells_belong_to_units(netlist: Netlist) -> None:
    units = netlist.used_by_unit(ECP5)
    assert set(units) == {"", "dense1"}
    assert units[""]["ff"] == 3  # the counter for tlast
    assert units["dense1"]["ff"] == 9
    total = netlist.used(ECP5)
    assert total["lut"] == sum(unit["lut"] for unit in units.values())
    assert netlist.seconds > 0 and netlist.version.startswith("Yosys")
    assert "End of script" in (netlist.folder / "synthesis.log").read_text()


def test_netlist_has_the_top_alone_and_cells_of_the_family(netlist: Netlist) -> None:
    modules = json.loads(netlist.json.read_text())["modules"]
    assert list(modules) == ["network"]
    types = {cell["type"] for cell in modules["network"]["cells"].values()}
    assert types <= {"LUT4", "TRELLIS_FF", "PFUMX", "L6MUX21", "CCU2C", "VLO", "VHI"}
    assert netlist.verilog.read_text().count("module network(") == 1


def test_block_ram_of_the_small_family(folder: Path, tmp_path: Path) -> None:
    used = run(folder, ICE40, tmp_path / "netlist").used_by_unit(ICE40)
    assert used["dense1"]["bram"] == 1


def test_the_same_sources_give_the_same_bytes(folder: Path, netlist: Netlist, tmp_path: Path) -> None:
    again = run(folder, ECP5, tmp_path / "elsewhere" / "netlist")
    assert again.json.read_bytes() == netlist.json.read_bytes()
    assert again.cells == netlist.cells


def test_texts_instead_of_a_folder(tmp_path: Path) -> None:
    text = "module m #(parameter W = 2) (input [W-1:0] a, output y); assign y = ^a; endmodule"
    made = synthesize({"m.sv": text}, ["m.sv"], [], "m", ECP5, tmp_path / "m", parameters={"W": 4})
    assert made.used(ECP5) == {"lut": 1}
    ports = json.loads(made.json.read_text())["modules"]["m"]["ports"]
    assert len(ports["a"]["bits"]) == 4


def test_modules_are_not_elaborated_with_their_defaults(tmp_path: Path) -> None:
    inner = 'module inner #(parameter W = 0) (output y); if (W < 1) $error("W"); assign y = W[0]; endmodule'
    top = "module top (output y); inner #(.W(3)) i (.y(y)); endmodule"
    synthesize({"inner.sv": inner, "top.sv": top}, ["inner.sv", "top.sv"], [], "top", ECP5, tmp_path / "top")


def test_failure_names_the_error_and_keeps_the_log(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "netlist"
    out.mkdir()
    (out / "earlier").write_text("intact")
    with pytest.raises(ToolFailedError, match=r"yosys failed .*`\\nothing' .*network-failed.log"):
        synthesize({"a.sv": "module network; nothing i (); endmodule"}, ["a.sv"], [], "network", ECP5, out)
    assert "nothing" in (tmp_path / "network-failed.log").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["netlist", "network-failed.log"]
    assert (out / "earlier").read_text() == "intact"


def test_a_bad_parameter_is_told(tmp_path: Path) -> None:
    text = (
        'module m #(parameter W = 0) (output y); if (W < 1) $error("m: W must be at least 1"); assign y = 0; endmodule'
    )
    with pytest.raises(ToolFailedError, match="m: W must be at least 1"):
        synthesize({"m.sv": text}, ["m.sv"], [], "m", ECP5, tmp_path / "m")


def test_a_missing_source(tmp_path: Path) -> None:
    folder = add_design(tmp_path / "add")
    (folder / "add.mem").unlink()
    with pytest.raises(StorageError, match=r"add\.mem is missing; write the design again"):
        run(folder, ECP5, tmp_path / "netlist")


def test_stub_has_the_ports_and_nothing_else(netlist: Netlist) -> None:
    text = stub(netlist.json.read_text(), "network")
    assert text.startswith("(* blackbox *)\nmodule network (\n")
    assert "input wire [7:0] s_axis_tdata" in text and "output wire [0:0] m_axis_tlast" in text
    assert "assign" not in text


@pytest.mark.parametrize(
    ("cell", "unit"),
    [
        ("dense1.out_data_TRELLIS_FF_Q", "dense1"),
        ("\\dense1.inner.x", "dense1"),
        ("$flatten\\dense1.$auto$ff.cc:266:slice$1", "dense1"),
        ("beat_TRELLIS_FF_Q", ""),
        ("$auto$ff.cc:266:slice$1", ""),
        ("$abc$1.2$x", ""),
    ],
)
def test_owner_of_a_cell(cell: str, unit: str) -> None:
    assert unit_of(cell) == unit


def test_counting() -> None:
    cells = {"a.x": {"type": "LUT4"}, "a.y": {"type": "LUT4"}, "z": {"type": "TRELLIS_FF"}}
    assert count_cells(cells) == {"": {"TRELLIS_FF": 1}, "a": {"LUT4": 2}}
