"""A family of FPGAs has one home, and one from outside joins in one file."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from dataflows import DATAFLOWS

from netloom.errors import SettingsError
from netloom.firmware.board.devices import Device
from netloom.firmware.board.shell import request_samples
from netloom.firmware.emit.emitted import EmittedDesign
from netloom.firmware.emit.library import modules
from netloom.firmware.families import FAMILIES, GENERIC, find_family
from netloom.firmware.generate import generate_design

ROOT = Path(__file__).parents[3]
HOME = ROOT / "firmware" / "families"
NAMES = re.compile(
    r"ecp5|ice40|lattice|trellis|icestorm|ecppack|icepack|CCU2C|DP16KD|MULT18X18D|EHXPLLL|SB_[A-Z]", re.I
)


def _named(ending: str) -> dict[str, str]:
    """Files outside the families' rooms that name a family, be it in a comment: {file: what it says}."""
    folders = [ROOT / name for name in ("firmware", "sim", "netloom", "hls", "quantize", "models")]
    files = [path for folder in folders for path in sorted(folder.rglob(f"*.{ending}"))]
    assert files
    rooms = [HOME / family.name for family in FAMILIES.values()]
    return {
        str(path.relative_to(ROOT)): found[0]
        for path in files
        if not any(path.is_relative_to(room) for room in rooms)
        and (found := NAMES.search(f"{path.stem} {path.read_text(encoding='utf-8')}"))
    }


def test_no_family_is_named_outside_its_home():
    named = _named("py")
    assert set(named) == {"firmware/families/__init__.py"}, named


@pytest.mark.parametrize("ending", ["sv", "cpp", "h", "j2"])
def test_nothing_else_outside_a_familys_home_knows_of_it(ending):
    assert not _named(ending)


def test_a_family_from_outside(tmp_path, monkeypatch):
    rtl = tmp_path / "rtl"
    rtl.mkdir()
    adder = modules()["adder"].replace("assign sum = a + b +", "assign sum = b + a +")
    (rtl / "adder.sv").write_text(adder)
    toy = replace(
        GENERIC,
        name="toy",
        ram_shapes=((64, 8),),
        buffer_shapes=((64, 8),),
        dsp_width=7,
        rtl=rtl,
        adder=lambda width, _: 3 * width,
    )
    monkeypatch.setitem(FAMILIES, toy.name, toy)
    part = Device("TOY-1", toy, 20_000, 20_000, 8, 100, 1)
    dataflow = DATAFLOWS["conv2d"]()
    ours, plain = (
        generate_design(dataflow, device=replace(part, family=family), interval=400) for family in (toy, None)
    )
    assert ours.cycles == plain.cycles
    assert ours.area.lut > plain.area.lut
    assert ours.files["adder.sv"] == adder != plain.files["adder.sv"]
    ours.write(tmp_path / "design")
    design = EmittedDesign.read(tmp_path / "design")
    assert design.target == "toy"
    assert find_family(design.target) is toy
    assert request_samples(design, None) >= 1


def test_an_unknown_family_is_refused_by_name():
    with pytest.raises(SettingsError, match="there is no device family 'toy'; there are generic"):
        find_family("toy")
