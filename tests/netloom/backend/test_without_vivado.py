"""netloom needs nothing of the older backend for Xilinx, on which Vitis stands up to hls4ml 1.3 and no longer after."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
OLD = re.compile(r"hls4ml\.\w+\.vivado|import Vivado|\bVivado(Backend|Writer)|[\"']vivado|get_backend\([\"']Viv")


def test_no_file_names_it():
    files = [
        path
        for top in ("models", "quantize", "hls", "firmware", "sim", "netloom")
        for path in (ROOT / top).rglob("*.py")
    ]
    assert len(files) > 400
    found = [
        (path.name, line)
        for path in files
        for line in path.read_text(encoding="utf-8").splitlines()
        if OLD.search(line)
    ]
    assert not found


def test_whose_templates_vitis_takes_is_asked_of_hls4ml():
    import hls4ml  # noqa: F401  (registers the backends)

    from netloom.hls.vitis import vitis_backends, vitis_flows

    assert "vitis" in vitis_backends()
    for name in ("optimize", "specific_types", "apply_templates"):
        assert vitis_flows(name), name
    assert set(vitis_flows("apply_templates")) < set(vitis_flows())
