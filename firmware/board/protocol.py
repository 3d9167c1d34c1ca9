"""The frames of the serial link, as docs/boards.md describes them: to bytes and back."""

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum

SYNC = b"\xa5\x5a"
VERSION = 1
_HEAD = struct.Struct("<BBI")
_CRC = struct.Struct("<I")
OVERHEAD = len(SYNC) + _HEAD.size + _CRC.size
"""Bytes of a frame that are not payload."""
_CYCLES = struct.Struct("<I")
_IDENTITY = struct.Struct("<BQ")
IDENTITY_BYTES = _IDENTITY.size
"""Of the payload that tells a design."""


class Request(IntEnum):
    """What a request asks for."""

    IDENTIFY = 1
    PREDICT = 2
    RESET = 3


class Status(IntEnum):
    """What a reply tells; of all but SOUND there is no payload."""

    SOUND = 0
    DAMAGED = 1
    STOPPED = 2
    UNKNOWN_KIND = 3
    WRONG_LENGTH = 4
    STUCK = 5


@dataclass(frozen=True)
class Frame:
    """A frame. `code` is the kind of a request, the status of a reply."""

    tag: int
    code: int
    payload: bytes


def encode(frame: Frame) -> bytes:
    """A frame as it goes over the line."""
    body = _HEAD.pack(frame.tag, frame.code, len(frame.payload)) + frame.payload
    return SYNC + body + _CRC.pack(zlib.crc32(body))


class Decoder:
    """Finds frames in bytes that come in pieces, among others that belong to none."""

    def __init__(self, longest: int) -> None:
        """Take payloads of up to `longest` bytes; a longer one is a damaged length."""
        self._longest = longest
        self._bytes = bytearray()
        self.damaged = 0

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that these bytes complete. What is no frame is dropped; `damaged` counts wrong checksums."""
        self._bytes += data
        frames = []
        while (frame := self._next()) is not None:
            frames.append(frame)
        return frames

    def _next(self) -> Frame | None:
        while True:
            start = self._bytes.find(SYNC)
            # The last byte may be half of a sync.
            del self._bytes[: start if start >= 0 else max(len(self._bytes) - 1, 0)]
            if len(self._bytes) < len(SYNC) + _HEAD.size:
                return None
            tag, code, length = _HEAD.unpack_from(self._bytes, len(SYNC))
            end = OVERHEAD + length
            if length <= self._longest and len(self._bytes) < end:
                return None
            body = bytes(self._bytes[len(SYNC) : end - _CRC.size])
            if length > self._longest or zlib.crc32(body) != _CRC.unpack_from(self._bytes, end - _CRC.size)[0]:
                self.damaged += 1
                del self._bytes[: len(SYNC)]
                continue
            del self._bytes[:end]
            return Frame(tag, code, body[_HEAD.size :])


def identity_of(payload: bytes) -> tuple[int, int]:
    """Version and design of a reply to IDENTIFY, of `IDENTITY_BYTES`."""
    version, identity = _IDENTITY.unpack(payload)
    return version, identity


def outputs_of(payload: bytes) -> tuple[int, bytes]:
    """Cycle count and output bytes of a reply to PREDICT, of at least `CYCLES_BYTES`."""
    return _CYCLES.unpack_from(payload)[0], payload[_CYCLES.size :]


CYCLES_BYTES = _CYCLES.size
"""Bytes of a reply to PREDICT ahead of the outputs."""
