"""Verilog that could do more than compute is told from netloom's own."""

import json
from importlib.resources import files
from pathlib import Path

import pytest
from tiny_design import add_design

from netloom.errors import StorageError
from netloom.firmware.emit.emitted import EmittedDesign
from netloom.firmware.emit.inert import objection


def test_netloom_s_own_passes() -> None:
    library = files("netloom.firmware") / "rtl"
    texts = [p.read_text(encoding="utf-8") for p in Path(str(library)).rglob("*.sv")]
    assert len(texts) >= 50
    assert [objection(text) for text in texts] == [None] * len(texts)


def test_names_that_yosys_writes_pass() -> None:
    assert objection('module network; wire \\$auto$alumacc.cc:485$12 ; (* src = "a/b.sv:3" *) endmodule') is None
    assert objection("// $system, `include and import stand in a comment\n/* $c */ module m; endmodule") is None


@pytest.mark.parametrize(
    "text",
    [
        'initial $system("touch /tmp/x");',
        'initial $fopen("x", "w");',
        "initial $c(1);",
        "`include \"x.vh\"",
        "`define a b",
        "`systemc_header",
        "`systemc_implementation",
        'import "DPI-C" function int f();',
        "import package_::*;",
        "/* verilator sc_hdr */",
        "// verilator  tracing_on",
        "initial $sys``tem;",
        '/* " */ initial $system("x");',
        '"unfinished\ninitial $system("x");',
        "initial $writememh(a, b);",
    ],
)  # fmt: skip
def test_what_does_more_is_named(text: str) -> None:
    assert objection(f"module m;\n{text}\nendmodule") is not None


def test_a_design_from_elsewhere_is_not_simulated(tmp_path: Path) -> None:
    folder = add_design(tmp_path / "design")
    design = EmittedDesign.read(folder)
    assert "module" in design.text("network.sv")
    path = folder / "network.sv"
    path.write_text(path.read_text().replace("logic [2:0] beat;", 'logic [2:0] beat; initial $system("touch x");'))
    with pytest.raises(StorageError, match=r"network\.sv: \$system is in no design"):
        design.text("network.sv")
    content = json.loads((folder / "design.json").read_text())
    (folder / "design.json").write_text(json.dumps(content | {"files": ["../network.sv"]}))
    with pytest.raises(StorageError, match=r"design\.json is damaged \(files\.0"):
        EmittedDesign.read(folder)
