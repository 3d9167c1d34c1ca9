"""Frames to bytes and back; what the driver refuses. The rest is in `test_emulate.py` of `sim`."""

import os
import pty
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tiny_design import add_design

from netloom.errors import InputError, LinkError, StorageError
from netloom.firmware.board.driver import Driver
from netloom.firmware.board.protocol import Decoder, Frame, Request, Status, encode
from netloom.firmware.emit.emitted import EmittedDesign

FRAMES = [Frame(1, 2, b""), Frame(255, 0, b"\xa5\x5a\xa5"), Frame(7, 1, bytes(range(200)))]


def test_a_frame_byte_by_byte() -> None:
    """As docs/boards.md has it."""
    body = bytes([7, 2, 3, 0, 0, 0, 10, 20, 30])
    assert encode(Frame(7, Request.PREDICT, bytes([10, 20, 30]))) == b"\xa5\x5a" + body + zlib.crc32(body).to_bytes(
        4, "little"
    )


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_decoder_takes_pieces(size: int) -> None:
    data = b"noise\xa5" + b"\x5a\xa5".join(map(encode, FRAMES)) + b"\xa5"
    decoder = Decoder(200)
    found = [frame for start in range(0, len(data), size) for frame in decoder.feed(data[start : start + size])]
    assert found == FRAMES


def test_decoder_drops_what_is_damaged() -> None:
    good, data = encode(FRAMES[1]), bytearray(encode(FRAMES[2]))
    for position in range(2, len(data)):
        data[position] ^= 64
        decoder = Decoder(200)
        # Where the length is damaged, the rest of a long frame is awaited before the next one is found.
        found = decoder.feed(bytes(data) + good + bytes(300))
        assert found == [FRAMES[1]]
        assert decoder.damaged >= 1
        data[position] ^= 64


class Deaf:
    """A link to a board that plays back replies, whatever it is asked."""

    def __init__(self, *replies: Frame) -> None:
        self.replies = list(replies)
        self.closed = False
        self._waiting = b""

    def write(self, data: bytes) -> None:
        if self.replies:
            reply = self.replies.pop(0)
            self._waiting += encode(Frame(data[2], reply.code, reply.payload))

    def read(self, size: int) -> bytes:
        data, self._waiting = self._waiting[:size], self._waiting[size:]
        return data

    def reset_input_buffer(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True


def test_a_lost_answer_of_a_network_that_keeps_a_state_is_not_asked_for_again(folder: Path) -> None:
    """It may have gone on already; anything else is asked again."""
    design = EmittedDesign.read(folder).model_copy(update={"keeps_state": True})
    link = Deaf(identified(folder), Frame(0, Status.SOUND, b""))
    driver = Driver(link, design, timeout=0.1)
    with pytest.raises(LinkError, match=r"no answer, and whether .* is not known: call reset_state\(\)"):
        driver.predict(np.zeros((1, *design.inputs[0].shape)))
    assert driver.retries == 0
    link.replies = [Frame(0, Status.DAMAGED, b""), Frame(0, Status.SOUND, b"")]
    driver.reset_state()
    assert driver.retries == 1


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return add_design(tmp_path / "add")


def identified(folder: Path, version: int = 1) -> Frame:
    identity = EmittedDesign.read(folder).identity
    return Frame(0, Status.SOUND, bytes([version]) + identity.to_bytes(8, "little"))


def test_nobody_answers(folder: Path) -> None:
    link = Deaf()
    with pytest.raises(LinkError, match=r"there is no answer, 4 times; is the bitstream .* baud rate"):
        Driver(link, folder, timeout=0.01)
    assert link.closed


def test_nobody_at_the_other_end_of_a_real_port(folder: Path) -> None:
    master, slave = pty.openpty()
    try:
        with pytest.raises(LinkError, match="there is no answer"):
            Driver(os.ttyname(slave), folder, timeout=0.01)
    finally:
        os.close(master)
        os.close(slave)


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (Frame(0, Status.SOUND, b"too short"), "an answer has 9 bytes instead of 12"),
        (Frame(0, Status.UNKNOWN_KIND, b""), "built by another netloom"),
        (Frame(0, Status.WRONG_LENGTH, b""), "built for another number of samples"),
        (Frame(0, Status.STUCK, b""), "did not finish"),
        (Frame(0, 77, b""), "unknown status 77"),
    ],
)
def test_refusals(folder: Path, reply: Frame, told: str) -> None:
    with Driver(Deaf(identified(folder), reply), folder, timeout=0.01) as board, pytest.raises(LinkError, match=told):
        board.predict_raws([np.zeros((1, 8), dtype=np.int64)])


def test_another_version_of_the_shell(folder: Path) -> None:
    with pytest.raises(LinkError, match="shell has version 9, this netloom talks 1"):
        Driver(Deaf(identified(folder, version=9)), folder, timeout=0.01)


@pytest.fixture
def board(folder: Path) -> Iterator[Driver]:
    with Driver(Deaf(identified(folder)), folder, timeout=0.01) as board:
        yield board


@pytest.mark.parametrize(
    ("x", "told"),
    [
        (np.zeros((2, 7)), r"must have shape \(samples, 8\), not \(2, 7\)"),
        (np.zeros(8), r"must have shape \(samples, 8\), not \(8,\)"),
        (np.full((1, 8), np.nan), "finite"),
        (np.full((1, 8), "a"), "must be numeric"),
        ([np.zeros((1, 8)), np.zeros((1, 8))], "has 1 inputs, not 2"),
    ],
)
def test_inputs_refused(board: Driver, x: np.ndarray, told: str) -> None:
    with pytest.raises(InputError, match=told):
        board.predict(x)


def test_no_port(folder: Path) -> None:
    with pytest.raises(LinkError, match=r"cannot open /dev/no-such-port: .*No such file.*; there "):
        Driver("/dev/no-such-port", folder)


def test_no_design(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no design in"):
        Driver("/dev/no-such-port", tmp_path)
    (tmp_path / "design.json").write_text('{"schema_version": "9.0"}')
    with pytest.raises(StorageError, match=r"schema version 9\.0"):
        Driver("/dev/no-such-port", tmp_path)
    (tmp_path / "design.json").write_text('{"schema_version": "1.0", "name": "x"}')
    with pytest.raises(StorageError, match="no description of a design"):
        Driver("/dev/no-such-port", tmp_path)
