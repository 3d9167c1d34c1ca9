"""`EmittedDesign`: a design read back from its folder, for whoever builds it, simulates it or talks to it."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from netloom.errors import NetloomError, StorageError
from netloom.firmware.stream import Stream
from netloom.quantize.fixed_point import FixedPoint

DESIGN_FILE = "design.json"
_SCHEMA = "1."
_NAME = re.compile(r"[A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class EmittedPort:
    """An input or output of the network.

    Attributes:
        name: in the network.
        port: prefix of its AXI4-Stream ports: `s_axis`.
        shape: of the tensor, without the batch.
        stream: what travels.
    """

    name: str
    port: str
    shape: tuple[int, ...]
    stream: Stream

    @property
    def bytes(self) -> int:
        """Bytes of an inference: each beat takes whole ones."""
        return self.stream.bytes * self.stream.beats


@dataclass(frozen=True)
class EmittedLayer:
    """Where the result of an hls4ml layer passes.

    Attributes:
        layer: its name.
        shape: of the result, without the batch.
        stream: what travels; its name is that of the signals in the top module.
    """

    layer: str
    shape: tuple[int, ...]
    stream: Stream


@dataclass(frozen=True)
class EmittedDesign:
    """What `design.json` says, as far as hardware and host need it.

    Attributes:
        folder: that holds the files.
        name: title of the network.
        target: device family whose primitives it names: "ecp5", "ice40" or "generic".
        top: its module.
        files: SystemVerilog, names in the folder, in the order to read them.
        memories: files for `$readmemh`.
        inputs: of the network.
        outputs: of the network.
        latency: clock cycles from the first input beat to the last output beat.
        interval: clock cycles between inferences.
        layers: those whose results can be watched.
        instances: name of an instance in the top -> name of its unit, where the two differ.
    """

    folder: Path
    name: str
    target: str
    top: str
    files: tuple[str, ...]
    memories: tuple[str, ...]
    inputs: tuple[EmittedPort, ...]
    outputs: tuple[EmittedPort, ...]
    latency: int
    interval: int
    layers: tuple[EmittedLayer, ...] = ()
    instances: Mapping[str, str] = field(default_factory=dict)

    @property
    def input_bytes(self) -> int:
        """Bytes of all inputs of an inference."""
        return sum(port.bytes for port in self.inputs)

    @property
    def output_bytes(self) -> int:
        """Bytes of all outputs of an inference."""
        return sum(port.bytes for port in self.outputs)

    @cached_property
    def identity(self) -> int:
        """64 bits that tell this design from every other: of the hash of all its files.

        Raises:
            StorageError: if a file is missing.
        """
        digest = hashlib.sha256()
        for name in (*self.files, *self.memories):
            try:
                text = (self.folder / name).read_bytes()
            except OSError as error:
                raise StorageError(f"{self.folder / name}: {error.strerror}; write the design again") from None
            digest.update(f"{name} {len(text)}\n".encode() + text)
        ports = [(port.port, port.shape, str(port.stream.element)) for port in (*self.inputs, *self.outputs)]
        digest.update(repr(ports).encode())
        return int.from_bytes(digest.digest()[:8], "little")

    @classmethod
    def read(cls, folder: Path | str) -> "EmittedDesign":
        """Read a design from its folder, or from its `design.json`.

        Raises:
            StorageError: if there is none, or it is not one.
        """
        path = Path(folder)
        path = path / DESIGN_FILE if path.is_dir() else path
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            version = str(content["schema_version"])
            if not version.startswith(_SCHEMA):
                raise StorageError(
                    f"{path} has schema version {version}, and this netloom reads {_SCHEMA}x; write the design again"
                )
            return _parse(path.parent, content)
        except OSError as error:
            raise StorageError(f"no design in {path.parent}: {path.name}: {error.strerror}") from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StorageError(f"{path} is no description of a design ({error!r}); write the design again") from None
        except NetloomError as error:
            raise StorageError(f"{path}: {error}") from None


def _parse(folder: Path, content: dict[str, Any]) -> EmittedDesign:
    return EmittedDesign(
        folder=folder,
        name=str(content["name"]),
        target=str(content["target"]),
        top=_checked(content["top"]),
        files=tuple(_checked(name) for name in content["files"]),
        memories=tuple(_checked(name) for name in content["memories"]),
        inputs=tuple(_port(port) for port in content["inputs"]),
        outputs=tuple(_port(port) for port in content["outputs"]),
        latency=int(content["latency"]),
        interval=int(content["interval"]),
        # An instance of a module of its own, named after the unit, has another name.
        instances={f"{unit['name']}_i": str(unit["name"]) for unit in content.get("units", ())},
        layers=tuple(_layer(layer) for layer in content.get("layers", ())),
    )


def _checked(name: str) -> str:
    """A file or module name; these go into scripts."""
    if not _NAME.fullmatch(name) or name.startswith("-"):
        raise ValueError(f"{name!r} is no name of a file or module")
    return name


def _port(content: dict[str, Any]) -> EmittedPort:
    shape, stream = _tensor(content, str(content["name"]))
    return EmittedPort(str(content["name"]), _checked(content["port"]), shape, stream)


def _layer(content: dict[str, Any]) -> EmittedLayer:
    return EmittedLayer(str(content["layer"]), *_tensor(content, _checked(content["stream"])))


def _tensor(content: dict[str, Any], name: str) -> tuple[tuple[int, ...], Stream]:
    stream = Stream(name, FixedPoint.parse(content["element"]), int(content["lanes"]), int(content["beats"]))
    shape = tuple(int(size) for size in content["shape"])
    elements = 1
    for size in shape:
        elements *= size
    if elements != stream.lanes * stream.beats or elements < 1:
        raise ValueError(f"shape {shape} is not {stream.beats} beats of {stream.lanes}")
    return shape, stream
