"""`design.json` as data: what hardware and host need of it, and the whole that the report shows."""

from math import prod
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from netloom.common.ends import InputScale, OutputScale
from netloom.common.reading import FileName, Number, Shape, Whole, read_json
from netloom.errors import PrecisionError
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import MOST_INTERLEAVED

DESIGN_FILE = "design.json"

Count = Annotated[int, Field(ge=1, lt=2**40)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class StreamPart(_Part):
    """What travels on a stream."""

    element: str
    lanes: Annotated[int, Field(ge=1, le=2**20)]
    beats: Annotated[int, Field(ge=1, le=2**24)]

    @field_validator("element")
    @classmethod
    def _parses(cls, element: str) -> str:
        try:
            FixedPoint.parse(element)
        except PrecisionError as error:
            raise ValueError(str(error)) from None
        return element


class ShapedPart(StreamPart):
    """A stream with the shape of the tensor on it."""

    shape: Shape

    @model_validator(mode="after")
    def _fits(self) -> "ShapedPart":
        if prod(self.shape) != self.lanes * self.beats:
            raise ValueError(f"shape {self.shape} is not {self.beats} beats of {self.lanes}")
        return self


class PortPart(ShapedPart):
    """An input or output of the network."""

    name: str
    port: FileName


class InputPart(PortPart):
    """An input, and how the host makes its whole numbers; None: the numbers themselves are sent."""

    host: InputScale | None = None


class OutputPart(PortPart):
    """An output, and what the host makes of it; None: nothing else."""

    host: OutputScale | None = None

    @model_validator(mode="after")
    def _is_of_the_shape(self) -> "OutputPart":
        if self.host is not None:
            self.host.check(self.shape)
        return self


class TapPart(ShapedPart):
    """Where the result of a layer passes."""

    layer: str
    stream: FileName
    interleaved: Annotated[int, Field(ge=1, le=MOST_INTERLEAVED)] = 1


class UnitName(_Part):
    """An instance in the top module."""

    name: str


class DesignFile(_Part):
    """What hardware and host need of `design.json`."""

    schema_version: str
    name: str
    target: str
    top: FileName
    files: tuple[FileName, ...]
    memories: tuple[FileName, ...]
    inputs: Annotated[tuple[InputPart, ...], Field(min_length=1)]
    outputs: Annotated[tuple[OutputPart, ...], Field(min_length=1)]
    latency: Count
    interval: Count
    layers: tuple[TapPart, ...] = ()
    units: tuple[UnitName, ...] = ()
    keeps_state: bool = False
    group: Annotated[int, Field(ge=1, le=MOST_INTERLEAVED)] = 1

    @field_validator("schema_version")
    @classmethod
    def _is_known(cls, version: str) -> str:
        if not version.startswith("1."):
            raise ValueError(f"schema version {version[:20]}, and this netloom reads 1.x")
        return version


class AreaPart(_Part):
    """What is expected to be taken of a part."""

    lut: Whole
    ff: Whole
    dsp: Whole
    bram: Whole


class ProductPart(_Part):
    """Folding of a matrix product."""

    unit: str
    layer: str
    pe: Count
    simd: Count
    unrolled: bool
    multipliers: Whole
    dsp: Whole
    interval: Count
    multiply_accumulates: Whole
    utilization: Number


class UnitPart(UnitName):
    """A hardware unit."""

    module: str
    layer: str
    operations: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    interval: Whole
    depth: Whole | None
    area: AreaPart


class NamedStream(StreamPart):
    """A stream of the top module."""

    stream: str
    width: Count


class WholeDesign(DesignFile):
    """All that the report shows of it."""

    multipliers: Whole
    area: AreaPart
    products: tuple[ProductPart, ...]
    streams: tuple[NamedStream, ...]
    units: Annotated[tuple[UnitPart, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _is_connected(self) -> "WholeDesign":
        known = {stream.stream for stream in self.streams}
        for unit in self.units:
            for name in (*unit.inputs, *unit.outputs):
                if name not in known:
                    raise ValueError(f"unit {unit.name!r} has a stream {name!r} that there is not")
        return self


def read_design_file(path: Path) -> DesignFile:
    """What hardware and host need of a `design.json`.

    Raises:
        StorageError: if it is missing, or no description of a design.
    """
    return read_json(path, DesignFile, _advice(path))


def read_whole_design(path: Path) -> WholeDesign:
    """All of a `design.json`.

    Raises:
        StorageError: if it is missing, or no description of a whole design.
    """
    return read_json(path, WholeDesign, _advice(path))


def _advice(path: Path) -> str:
    return f"there is no design in {path.parent}, or no description of a design that is whole: write it again"
