"""The public API: exactly these names, each documented, none of them slow to import."""

import subprocess
import sys
from pathlib import Path

import pytest

import netloom

NAMES = """
    Board Conversion Dataset Engine Fidelity FixedPoint HardwareSettings HlsSettings NetloomError Policy Report Run
    RunSettings build_bitstream convert crosscheck export_onnx load_dataset load_model load_network networks open_engine
    quantize run save_model simulate train write_report
""".split()


def test_the_names_are_pinned() -> None:
    assert sorted(netloom.__all__) == sorted(NAMES)
    assert set(NAMES) <= set(dir(netloom))


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_there_and_documented(name: str) -> None:
    assert getattr(netloom, name).__doc__
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    assert f"`{name}" in page


def test_functions_are_not_hidden_by_packages_of_the_same_name() -> None:
    import netloom.quantize.policy
    import netloom.report.schema

    assert callable(netloom.quantize)
    assert netloom.quantize.__name__ == "quantize"


def test_unknown_names_are_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'quantise'"):
        _ = netloom.quantise  # type: ignore[attr-defined]


def test_importing_and_naming_everything_imports_no_tensorflow() -> None:
    program = (
        "import sys, netloom\nfor name in netloom.__all__: getattr(netloom, name)\n"
        "print(sorted(set(sys.modules) & {'tensorflow', 'keras', 'qkeras', 'hls4ml', 'onnx', 'qonnx', 'onnxruntime'}))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
