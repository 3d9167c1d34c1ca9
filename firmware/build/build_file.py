"""`build.json` and `floorplan.json` as data, and what is read back of a synthesis."""

from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, Field, model_validator

from netloom.common.reading import FileName, FixedModel, Number, Whole

_Version = Literal["1.1"]
SCHEMA_VERSION: _Version = get_args(_Version)[0]

Frequency = Annotated[float, Field(ge=1e-6, le=1e6)]


class LinkPart(FixedModel):
    """The serial link that was built in."""

    baud: Annotated[int, Field(ge=1, le=2**30)]
    samples: Annotated[int, Field(ge=1, le=2**20)]


class TimingPart(FixedModel):
    """The clock that was asked for, and what came of it; MHz and ns."""

    asked_mhz: Frequency | None
    clock_mhz: Frequency
    fmax_mhz: Frequency
    met: bool
    slack_ns: Number


class Attempt(FixedModel):
    """One seed of the placement, and the placer."""

    seed: Whole
    placer: Annotated[str, Field(max_length=40)]
    fmax_mhz: Frequency


class UsePart(FixedModel):
    """Of one kind of resource."""

    used: Whole
    available: Whole


class BuildFile(FixedModel):
    """The content of `build.json`."""

    schema_version: _Version
    design: str
    identity: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    board: str
    device: str
    bitstream: FileName
    link: LinkPart
    timing: TimingPart
    seed: Whole
    attempts: list[Attempt]
    resources: dict[str, UsePart]
    network: dict[str, Whole]
    units: dict[str, dict[str, Whole]]
    tools: dict[str, str]
    seconds: dict[str, Number]


Place = Annotated[int, Field(ge=0, lt=2**16)]


class FloorplanFile(FixedModel):
    """The content of `floorplan.json`: by unit and kind of cell, (x, y, cells) of every tile."""

    width: Annotated[int, Field(ge=1, lt=2**10)]
    height: Annotated[int, Field(ge=1, lt=2**10)]
    units: dict[str, dict[str, list[tuple[Place, Place, Whole]]]]

    @model_validator(mode="after")
    def _within(self) -> Self:
        tiles = (tile for kinds in self.units.values() for places in kinds.values() for tile in places)
        if any(x >= self.width or y >= self.height for x, y, _ in tiles):
            raise ValueError(f"a cell lies outside {self.width} x {self.height} tiles")
        return self


class SynthesisFile(BaseModel, frozen=True):
    """How a synthesis went: the content of `synthesis.json`."""

    seconds: Number
    version: str


class CellPart(BaseModel, frozen=True):
    """A cell of a netlist."""

    type: str


class ModulePart(BaseModel, frozen=True):
    """A flat module of a netlist, its cells by name."""

    cells: dict[str, CellPart]


class NetlistFile(BaseModel, frozen=True):
    """A netlist in Yosys's JSON, as far as its cells are counted."""

    modules: dict[str, ModulePart]
