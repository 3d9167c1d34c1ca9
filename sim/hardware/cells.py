"""Simulation models of the vendors' cells that a design names."""

import re
from collections.abc import Mapping
from importlib.resources import files


def cell_models(sources: Mapping[str, str]) -> dict[str, str]:
    """Models for the cells named in a design: {file name: text}. For simulation alone; synthesis knows the cells."""
    words = {word for text in sources.values() for word in re.findall(r"\w+", text)}
    folder = files("netloom.firmware") / "rtl" / "cells"
    return {
        path.name: path.read_text(encoding="utf-8")
        for path in sorted(folder.iterdir(), key=lambda path: path.name)
        if path.name.removesuffix(".sv") in words and path.name.endswith(".sv")
    }
