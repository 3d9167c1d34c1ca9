"""The shell in Verilator, talked to by the driver and by hand: what arrives, what is refused, and how it recovers."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import serial
from tiny_design import add_design, join_design, stuck_design

from netloom.errors import LinkError, ToolFailedError
from netloom.firmware.board.driver import Driver
from netloom.firmware.board.protocol import Decoder, Frame, Request, Status, encode, identity_of, outputs_of
from netloom.firmware.board.shell import IDLE_SECONDS
from netloom.firmware.emit.emitted import EmittedDesign
from netloom.sim.hardware.emulate import Emulator, emulate
from netloom.sim.hardware.verilator import default_cache

SAMPLES = 4
RAWS = np.arange(8 * SAMPLES).reshape(SAMPLES, 8) * 7 - 100


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return add_design(tmp_path_factory.mktemp("emulate") / "adder")


@pytest.fixture(scope="module")
def emulator(folder: Path) -> Iterator[Emulator]:
    with emulate(folder, samples=SAMPLES) as running:
        yield running


class Line:
    """The port without a driver."""

    def __init__(self, port: str) -> None:
        self.serial = serial.Serial(port, timeout=0.01)
        self.decoder = Decoder(4096)

    def answer(self, seconds: float = 10) -> Frame:
        """The next frame."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            frames = self.decoder.feed(self.serial.read(4096))
            if frames:
                (frame,) = frames
                return frame
        raise TimeoutError

    def ask(self, data: bytes) -> Frame:
        self.serial.write(data)
        return self.answer()

    def is_silent(self, seconds: float) -> bool:
        try:
            self.answer(seconds)
        except TimeoutError:
            return True
        return False


@pytest.fixture
def line(emulator: Emulator) -> Iterator[Line]:
    line = Line(emulator.port)
    yield line
    line.serial.close()


def predict_frame(raws: np.ndarray, tag: int = 7) -> bytes:
    return encode(Frame(tag, Request.PREDICT, raws.astype(np.int8).tobytes()))


def is_sound(line: Line, raws: np.ndarray = RAWS[:1]) -> bool:
    frame = line.ask(predict_frame(raws, tag=99))
    _, outputs = outputs_of(frame.payload)
    expected = (raws + 3).astype(np.int8).tobytes()
    return (frame.tag, frame.code, outputs) == (99, Status.SOUND, expected)


def test_driver_predicts_as_the_network_would(emulator: Emulator, folder: Path) -> None:
    x = np.random.default_rng(1).uniform(-8, 7.8, (10 * SAMPLES + 1, 8))
    seen: list[tuple[int, int]] = []
    with Driver(emulator.port, folder, samples=SAMPLES) as board:
        y = board.predict(x, lambda done, total: seen.append((done, total)))
        element = board.design.inputs[0].stream.element
        raws = element.from_float(x)
        assert np.array_equal(y, element.to_float((raws + 3 + 128) % 256 - 128))
        assert seen[-1] == (len(x), len(x)) and len(seen) == 11
        assert board.retries == 0
        assert board.predict(x[:0]).shape == (0, 8)


def test_cycles_are_those_of_the_network(emulator: Emulator, folder: Path) -> None:
    with Driver(emulator.port, folder, samples=SAMPLES) as board:
        board.predict_raws([RAWS[:1]])
        assert board.cycles == board.design.latency
        board.predict_raws([RAWS])
        assert board.cycles == board.design.latency + (SAMPLES - 1) * board.design.interval


def test_identify(line: Line, folder: Path) -> None:
    frame = line.ask(encode(Frame(5, Request.IDENTIFY, b"")))
    assert (frame.tag, frame.code) == (5, Status.SOUND)
    assert identity_of(frame.payload) == (1, EmittedDesign.read(folder).identity)


@pytest.mark.parametrize("position", [2, 3, 9, 12, -1])
def test_damaged_frame_is_told_and_forgotten(line: Line, position: int) -> None:
    request = bytearray(predict_frame(RAWS[:1]))
    request[position] ^= 0x10
    frame = line.ask(bytes(request))
    assert (frame.code, frame.payload) == (Status.DAMAGED, b"")
    assert is_sound(line)


@pytest.mark.parametrize("change", [1, -1, 1 << 24])
def test_damaged_length(line: Line, change: int) -> None:
    request = bytearray(predict_frame(RAWS[:1]))
    length = int.from_bytes(request[4:8], "little") + change
    request[4:8] = length.to_bytes(4, "little")
    assert line.ask(bytes(request)).code in (Status.DAMAGED, Status.STOPPED)
    assert is_sound(line)


@pytest.mark.parametrize("kept", [2, 3, 5, 8, 11, 19])
def test_host_gone_in_mid_frame(line: Line, kept: int) -> None:
    frame = line.ask(predict_frame(RAWS[:1])[:kept])
    assert (frame.code, frame.payload) == (Status.STOPPED, b"")
    assert is_sound(line)


def test_driver_comes_after_a_host_that_left_in_mid_frame(emulator: Emulator, folder: Path) -> None:
    with serial.Serial(emulator.port) as gone:
        gone.write(predict_frame(RAWS)[:20])
    with Driver(emulator.port, folder, samples=SAMPLES) as board:
        assert np.array_equal(board.predict_raws([RAWS])[0], RAWS + 3)
        assert board.retries <= 1  # where the machine is too busy to keep the emulated clock going


@pytest.mark.parametrize(
    ("length", "status"),
    [
        (8 * SAMPLES, Status.SOUND),
        *((length, Status.WRONG_LENGTH) for length in (0, 7, 9, 8 * SAMPLES + 1, 8 * SAMPLES + 8, 3000)),
    ],
)
def test_length_of_the_input(line: Line, length: int, status: Status) -> None:
    frame = line.ask(encode(Frame(1, Request.PREDICT, bytes(length))))
    assert frame.code == status
    assert (len(frame.payload) == 4 + length) == (status == Status.SOUND)
    assert is_sound(line, RAWS)


def test_identify_has_no_payload(line: Line) -> None:
    assert line.ask(encode(Frame(1, Request.IDENTIFY, b"\0"))).code == Status.WRONG_LENGTH


@pytest.mark.parametrize("kind", [0, 4, 255])
def test_unknown_kind(line: Line, kind: int) -> None:
    frame = line.ask(encode(Frame(1, kind, b"")))  # type: ignore[arg-type]
    assert (frame.code, frame.payload) == (Status.UNKNOWN_KIND, b"")


@pytest.mark.parametrize("noise", [b"\0" * 40, b"\xa5", b"\xa5" * 7, b"\xa5\x00\x5a", bytes(range(90))])
def test_noise_before_a_frame(line: Line, noise: bytes) -> None:
    line.serial.write(noise)
    assert is_sound(line)


def test_what_looks_like_a_frame_inside_a_payload(line: Line) -> None:
    inner = np.frombuffer(encode(Frame(1, Request.IDENTIFY, b"")), dtype=np.int8)
    raws = np.resize(inner, 16).astype(np.int64).reshape(2, 8)
    wrapped = ((raws + 3 + 128) % 256 - 128).astype(np.int8)
    frame = line.ask(predict_frame(raws))
    assert outputs_of(frame.payload)[1] == wrapped.tobytes()
    # Nor does the rest of a damaged frame pass for one.
    request = bytearray(predict_frame(raws))
    request[9] ^= 1
    assert line.ask(bytes(request)).code == Status.DAMAGED
    assert line.is_silent(2 * IDLE_SECONDS)


def test_frames_right_after_each_other(line: Line) -> None:
    for _ in range(20):
        assert is_sound(line)


class Noisy:
    """A link that turns over a bit: `spoils` says of every request whether in it, in its answer, or nowhere."""

    def __init__(self, port: str, spoils: Callable[[int], str]) -> None:
        self._serial = serial.Serial(port, timeout=0.01)
        self._spoils, self._count, self._spoil_answer = spoils, 0, False

    def write(self, data: bytes) -> None:
        where = self._spoils(self._count)
        self._count += 1
        self._spoil_answer = where == "answer"
        self._serial.write(bytes([*data[:-1], data[-1] ^ 4]) if where == "request" else data)

    def read(self, size: int) -> bytes:
        data = self._serial.read(size)
        if not self._spoil_answer or not data:
            return data
        self._spoil_answer = False
        return bytes([*data[:-1], data[-1] ^ 4])

    def reset_input_buffer(self) -> None:
        self._serial.reset_input_buffer()

    def close(self) -> None:
        self._serial.close()


def test_driver_asks_again_when_bits_are_lost(emulator: Emulator, folder: Path) -> None:
    x = np.tile(RAWS, (5, 1))
    link = Noisy(emulator.port, lambda count: ["", "request", "answer", "answer"][count % 4])
    with Driver(link, folder, samples=SAMPLES, timeout=0.3) as board:
        assert np.array_equal(board.predict_raws([x])[0], x + 3)
        assert board.retries >= 10


@pytest.mark.parametrize("where", ["request", "answer"])
def test_driver_gives_up_at_last(emulator: Emulator, folder: Path, where: str) -> None:
    with pytest.raises(LinkError, match=r"damaged|no answer"):
        Driver(Noisy(emulator.port, lambda count: where), folder, samples=SAMPLES, timeout=0.2)


def test_another_design(emulator: Emulator, tmp_path: Path) -> None:
    other = add_design(tmp_path / "other", add=4)
    with pytest.raises(LinkError, match=r"holds design [0-9a-f]{16}, not [0-9a-f]{16} .*flash its bitstream"):
        Driver(emulator.port, other, samples=SAMPLES)


def test_port_in_use(emulator: Emulator, folder: Path) -> None:
    with (
        Driver(emulator.port, folder, samples=SAMPLES),
        pytest.raises(LinkError, match=r"cannot open .*another program uses it"),
    ):
        Driver(emulator.port, folder, samples=SAMPLES)


def test_several_inputs_and_outputs(tmp_path: Path) -> None:
    folder = join_design(tmp_path / "join")
    rng = np.random.default_rng(5)
    a, b = rng.integers(-2048, 2048, (100, 6)), rng.integers(-2048, 2048, (100, 2))
    with emulate(folder) as running, Driver(running.port, folder) as board:
        c, d = board.predict_raws([a, b])
        assert np.array_equal(c, a)
        assert np.array_equal(d[:, 0], (b.sum(axis=1) + 2048) % 4096 - 2048)
        values = board.predict([a[:2].reshape(2, 2, 3) / 64, b[:2] / 64])
        assert [value.shape for value in values] == [(2, 2, 3), (2, 1)]


def test_network_that_gets_stuck_is_reset(tmp_path: Path) -> None:
    folder = stuck_design(tmp_path / "stuck")
    with emulate(folder, samples=1) as running, Driver(running.port, folder, samples=1) as board:
        assert board.predict_raws([np.array([[1, 2]])])[0].tolist() == [[2]]
        for _ in range(2):
            with pytest.raises(LinkError, match="did not finish"):
                board.predict_raws([np.array([[0, 2]])])
            assert board.predict_raws([np.array([[1, 3]])])[0].tolist() == [[3]]


def test_emulation_that_ends_takes_the_port_with_it(folder: Path) -> None:
    running = emulate(folder, samples=SAMPLES)
    board = Driver(running.port, folder, samples=SAMPLES, timeout=0.2)
    running.close()
    with pytest.raises(LinkError):
        board.predict_raws([RAWS])
    board.close()


def test_memory_file_missing(tmp_path: Path) -> None:
    folder = add_design(tmp_path / "adder")
    (folder / "network.sv").write_text("module network; endmodule")
    with pytest.raises(ToolFailedError, match="Verilator on the shell"):
        emulate(folder)


AT_ONCE = """
import sys

from netloom.sim.hardware.emulate import emulate
with emulate(sys.argv[1], cache="models"):
    print("runs")
"""


def test_two_at_once_on_a_cold_relative_cache(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    for runtime in default_cache().glob("runtime-*"):
        (tmp_path / "models" / runtime.name).symlink_to(runtime)
    command = [sys.executable, "-c", AT_ONCE, str(folder)]
    both = [subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate(timeout=300)[0] for process in both] == ["runs\n"] * 2
    (made,) = (path for path in (tmp_path / "models").iterdir() if not path.name.startswith("runtime-"))
    assert made.is_dir()
