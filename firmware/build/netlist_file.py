"""What is read back of a finished synthesis."""

from pydantic import BaseModel, ConfigDict

from netloom.common.reading import Number


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class SynthesisFile(_Part):
    """How a synthesis went: the content of `synthesis.json`."""

    seconds: Number
    version: str


class CellPart(_Part):
    """A cell of a netlist."""

    type: str


class ModulePart(_Part):
    """A flat module of a netlist, its cells by name."""

    cells: dict[str, CellPart]


class NetlistFile(_Part):
    """A netlist in Yosys's JSON, as far as its cells are counted."""

    modules: dict[str, ModulePart]
