"""Casts and conversions against ap_fixed, compiled."""

import importlib.util
import subprocess
from pathlib import Path

import pytest
from fixed_point_cases import CARRIERS, MODES, SHAPES, VALUES, all_raws, cpp_name, fixed

from netloom.fixed_point import FixedPoint
from netloom.rounding import Rounding


def drops_too_much(source: FixedPoint, target: FixedPoint) -> bool:
    """`ap_fixed` aborts when rounding drops more bits than the source has."""
    return target.rounding is not Rounding.TRN and source.fraction - target.fraction > source.width


# Every conversion is a template for the compiler to instantiate: these shapes are the ones that tell most.
CPP_SHAPES = [*SHAPES[:3], SHAPES[4], SHAPES[7], SHAPES[9]]


CONVERSIONS = [
    (source, target)
    for shapes in CPP_SHAPES
    for mode in MODES
    for source, target in [(fixed(shapes[0]), fixed(shapes[1], *mode))]
    if not drops_too_much(source, target)
]


FROM_DOUBLE = [fixed(shape, *mode) for shape in [(5, 3, True), (4, 6, False)] for mode in MODES]


PROGRAM = r"""
#include <cstdio>
#include "ap_fixed.h"
template <class S, class T> void raws(long low, long high) {
    for (long raw = low; raw <= high; ++raw) {
        S source;
        source.V = raw;
        T target = source;
        std::printf("%ld ", (long)target.V);
    }
    std::printf("\n");
}
template <class T> void doubles() {
    static const double values[] = {VALUES};
    for (double value : values) {
        T target = value;
        std::printf("%ld ", (long)target.V);
    }
    std::printf("\n");
}
int main() {
CALLS
}
"""


@pytest.fixture(scope="module")
def cpp(tmp_path_factory):
    """The raws that the C++ computes, one row a conversion."""
    folder = tmp_path_factory.mktemp("ap_fixed")
    calls = [
        f"raws<{cpp_name(source)}, {cpp_name(target)}>({source.raw_min}, {source.raw_max});"
        for source, target in CONVERSIONS
    ] + [f"doubles<{cpp_name(target)}>();" for target in FROM_DOUBLE]
    values = ", ".join(value.hex() for value in VALUES.tolist())
    (folder / "table.cpp").write_text(PROGRAM.replace("VALUES", values, 1).replace("CALLS", "\n".join(calls)))
    headers = Path(importlib.util.find_spec("hls4ml").origin).parent / "templates" / "vivado" / "ap_types"
    subprocess.run(
        ["g++", "-std=c++17", "-w", "-O0", f"-I{headers}", "table.cpp", "-o", "table"], cwd=folder, check=True
    )
    output = subprocess.run([folder / "table"], capture_output=True, text=True, check=True).stdout
    rows = [[int(word) for word in line.split()] for line in output.splitlines()]
    assert len(rows) == len(CONVERSIONS) + len(FROM_DOUBLE)
    return rows


def test_cast_equals_ap_fixed_for_every_raw(cpp):
    for (source, target), row in zip(CONVERSIONS, cpp, strict=False):
        raws = all_raws(source)
        for carrier in CARRIERS:
            cast = target.cast(raws.astype(carrier), source.fraction)
            assert cast.tolist() == row, f"{source} -> {target} in {carrier.__name__}"


def test_from_float_equals_assignment_of_a_double(cpp):
    for target, row in zip(FROM_DOUBLE, cpp[len(CONVERSIONS) :], strict=True):
        assert target.from_float(VALUES).tolist() == row, target
