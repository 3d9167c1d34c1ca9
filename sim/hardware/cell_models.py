"""Simulation models of the vendors' cells that a design names."""

import re
from collections.abc import Mapping

from netloom.firmware.families import FAMILIES


def cell_models(sources: Mapping[str, str]) -> dict[str, str]:
    """Models for the cells named in a design: {file name: text}. For simulation alone; synthesis knows the cells."""
    words = {word for text in sources.values() for word in re.findall(r"\w+", text)}
    folders = [family.models for family in FAMILIES.values() if family.models is not None]
    paths = [path for folder in folders for path in sorted(folder.glob("*.sv")) if path.stem in words]
    return {path.name: path.read_text(encoding="utf-8") for path in paths}
