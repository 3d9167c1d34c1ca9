"""`design.json` as data: what hardware and host need of it, and the whole that the report shows."""

from functools import cached_property
from math import prod
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from netloom.common.ends import InputScale, OutputScale
from netloom.common.reading import FileName, Number, Shape, Whole, read_json
from netloom.errors import PrecisionError
from netloom.firmware.stream import Stream
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

    def _named(self, name: str) -> Stream:
        return Stream(name, FixedPoint.parse(self.element), self.lanes, self.beats)


class PortPart(ShapedPart):
    """An input or output of the network.

    Attributes:
        name: in the network.
        port: prefix of its AXI4-Stream ports: `s_axis`.
        shape: of the tensor, without the batch.
    """

    name: str
    port: FileName

    @cached_property
    def stream(self) -> Stream:
        """What travels."""
        return self._named(self.name)

    @property
    def bytes(self) -> int:
        """Bytes of an inference: each beat takes whole ones."""
        return self.stream.bytes * self.stream.beats


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
    """Where the result of an hls4ml layer passes.

    Attributes:
        layer: its name.
        signal: name of the stream, and of its signals in the top module; `stream` in the file.
        shape: of the result, without the batch.
        interleaved: samples whose steps, the first axis, come in turn.
    """

    layer: str
    signal: Annotated[FileName, Field(alias="stream")]
    interleaved: Annotated[int, Field(ge=1, le=MOST_INTERLEAVED)] = 1

    @cached_property
    def stream(self) -> Stream:
        """What travels."""
        return self._named(self.signal)


class UnitName(_Part):
    """An instance in the top module."""

    name: str


class DesignFile(_Part):
    """What hardware and host need of `design.json`.

    Attributes:
        name: title of the network.
        target: device family whose primitives it names.
        top: its module.
        files: SystemVerilog, names in the folder, in the order to read them.
        memories: files for `$readmemh`.
        inputs: of the network.
        outputs: of the network.
        latency: clock cycles from the first input beat to the last output beat.
        interval: clock cycles between inferences.
        layers: those whose results can be watched.
        units: all instances.
        keeps_state: whether an inference depends on those before it, since the last reset.
        group: inferences that must be there before any of them comes out.
    """

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


def read_whole_design(path: Path) -> WholeDesign:
    """All of a `design.json`.

    Raises:
        StorageError: if it is missing, or no description of a whole design.
    """
    return read_json(path, WholeDesign, design_advice(path))


def design_advice(path: Path) -> str:
    """What to do about a `design.json` that is missing or damaged."""
    return f"there is no design in {path.parent}, or no description of a design that is whole: write it again"


def own_instance(unit: str) -> str:
    """Name of the instance of a unit that has a module of its own, since that is named after the unit."""
    return f"{unit}_i"
