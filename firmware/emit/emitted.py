"""`EmittedDesign`: a design read back from its folder, for whoever builds it, simulates it or talks to it."""

import errno
import hashlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from netloom.common.ends import Ends
from netloom.common.reading import read_bytes, read_json
from netloom.errors import StorageError
from netloom.firmware.emit.design_file import DESIGN_FILE, DesignFile, design_advice, own_instance
from netloom.firmware.emit.inert import objection


class EmittedDesign(DesignFile):
    """What `design.json` says, as far as hardware and host need it, and the folder that holds the files."""

    folder: Path = Path()

    @cached_property
    def instances(self) -> Mapping[str, str]:
        """Name of an instance in the top -> name of its unit, where the two differ."""
        return {own_instance(unit.name): unit.name for unit in self.units}

    @cached_property
    def ends(self) -> Ends:
        """What the host does before the inputs and after the outputs."""
        return Ends(inputs=tuple(port.host for port in self.inputs), outputs=tuple(port.host for port in self.outputs))

    @property
    def output_bytes(self) -> int:
        """Bytes of all outputs of an inference."""
        return sum(port.bytes for port in self.outputs)

    def whole_groups(self, inferences: int) -> int:
        """The least number of inferences, at least so many, that come out without any more."""
        return -(-inferences // self.group) * self.group

    @cached_property
    def identity(self) -> int:
        """64 bits that tell this design from every other: of the hash of all its files.

        Raises:
            StorageError: if a file is missing.
        """
        digest = hashlib.sha256()
        for name in (*self.files, *self.memories):
            text = self.content(name)
            digest.update(f"{name} {len(text)}\n".encode() + text)
        ports = [(port.port, port.shape, str(port.stream.element)) for port in (*self.inputs, *self.outputs)]
        digest.update(repr(ports).encode())
        if self.ends:
            digest.update(self.ends.model_dump_json().encode())
        return int.from_bytes(digest.digest()[:8], "little")

    @classmethod
    def read(cls, folder: Path | str) -> "EmittedDesign":
        """Read a design from its folder, or from its `design.json`.

        Raises:
            StorageError: if there is none, or it is not one.
        """
        path = Path(folder)
        path = path / DESIGN_FILE if path.is_dir() else path
        return read_json(path, cls, design_advice(path)).model_copy(update={"folder": path.parent})

    def content(self, name: str) -> bytes:
        """What is in one of its files.

        Raises:
            StorageError: if it is missing, or no regular file of the folder.
        """
        path = self.folder / name
        try:
            if path.is_symlink():
                raise OSError(errno.ELOOP, "is a link")
            return read_bytes(path)
        except OSError as error:
            raise StorageError(f"{path}: {error.strerror}; write the design again") from None

    def text(self, name: str) -> str:
        """The text that is in one of its files.

        Raises:
            StorageError: if it is missing, no regular file of the folder, no text, or SystemVerilog that could do
                more than compute.
        """
        try:
            text = self.content(name).decode("utf-8")
        except UnicodeDecodeError:
            raise StorageError(f"{self.folder / name}: is no text; write the design again") from None
        if name in self.files and (found := objection(text)) is not None:
            raise StorageError(f"{self.folder / name}: {found} is in no design of netloom's; write the design again")
        return text
