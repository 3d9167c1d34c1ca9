"""`Driver`: the network on a board, asked over its serial port."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from netloom.common.arrays import checked_samples
from netloom.common.closable import Closable
from netloom.errors import InputError, LinkError
from netloom.firmware.board.link import Link, open_link, reason
from netloom.firmware.board.protocol import (
    CYCLES_BYTES,
    IDENTITY_BYTES,
    OVERHEAD,
    VERSION,
    Decoder,
    Frame,
    Request,
    Status,
    encode,
    identity_of,
    outputs_of,
)
from netloom.firmware.board.shell import BAUD, IDLE_SECONDS, MOST_SAMPLES, request_samples
from netloom.firmware.emit.emitted import EmittedDesign

_BITS_PER_BYTE = 10
_MARGIN = 2.0
_RETRIES = 3
_MOST_TAG = 255
_TRANSIENT = {
    Status.DAMAGED: "a request arrived damaged",
    Status.STOPPED: "a request stopped in the middle",
}


class Driver(Closable):
    """Asks a board with a design in it. A context manager; also usable without, then `close` it.

    Attributes:
        design: that the board holds.
        cycles: clock cycles of the last request, from its first input beat to its last output beat, by the board's own
            count; for a single inference its latency.
        retries: requests that had to be sent again so far.
    """

    def __init__(
        self,
        port: str | Link,
        design: EmittedDesign | Path | str,
        *,
        baud: int = BAUD,
        samples: int | None = None,
        timeout: float = _MARGIN,
    ) -> None:
        """Open the port and ask the board which design it holds.

        Args:
            port: name of the serial port (`/dev/ttyUSB0`, `COM3`), or an open one.
            design: emitted, or its folder.
            baud: bits a second, as the bitstream was built for.
            samples: inferences that a request may hold, as the bitstream was built for; None if it was not told.
            timeout: seconds to wait for an answer, beyond what the bytes take on the line.

        Raises:
            LinkError: if the port cannot be opened, nothing answers, or the board holds another design.
            StorageError: if there is no design in the folder.
            ToolMissingError: if pyserial is not installed.
        """
        self.design = design if isinstance(design, EmittedDesign) else EmittedDesign.read(design)
        self.cycles = 0
        self.retries = 0
        self._baud = baud
        self._timeout = timeout
        self._tag = 0
        self._samples = request_samples(self.design, samples)
        self._name = port if isinstance(port, str) else type(port).__name__
        self._link = open_link(port, baud) if isinstance(port, str) else port
        self._decoder = Decoder(CYCLES_BYTES + MOST_SAMPLES * self.design.output_bytes)
        try:
            self._clear_line()
            self._identify()
        except BaseException:
            self._link.close()
            raise

    def predict(
        self, x: np.ndarray | Sequence[np.ndarray], progress: Callable[[int, int], None] | None = None
    ) -> np.ndarray | list[np.ndarray]:
        """The network's output, computed by the board; a network that keeps a state (`stateful`) begins anew.

        Args:
            x: inputs, (samples, *input shape), numeric; a list of them for several inputs. Quantized as the design's
                input type says, or its scale for the host.
            progress: called with the number of samples done and of all.

        Returns:
            float64 (samples, *output shape), exact multiples of the output type's step (the nearest float64 where it is
            wider than 53 bits), unless the host scales them; a list for several outputs.

        Raises:
            InputError: for a wrong number of inputs, shape, dtype, or values that are not finite.
            LinkError: if the board does not answer, or answers wrongly again and again. Of a network that keeps a state
                also if a single answer is lost: nobody knows then whether the state went on.
        """
        if self.design.keeps_state:
            self.reset_state()
        return self.predict_next(x, progress)

    def predict_next(
        self, x: np.ndarray | Sequence[np.ndarray], progress: Callable[[int, int], None] | None = None
    ) -> np.ndarray | list[np.ndarray]:
        """As `predict`, from the state that the network is in: a sequence goes on, a step at a time if one likes."""
        ports = self.design.inputs
        arrays = list(x) if isinstance(x, list | tuple) else [np.asarray(x)]
        if len(arrays) != len(ports):
            raise InputError(f"the network has {len(ports)} inputs, not {len(arrays)}")
        arrays = [
            checked_samples(one, port.shape, f"input {port.name!r}") for one, port in zip(arrays, ports, strict=True)
        ]
        sent = zip(self.design.ends.sent(arrays), ports, strict=True)
        raws = [port.stream.element.from_float(array) for array, port in sent]
        results = self.predict_raws(raws, progress)
        values = [
            port.stream.element.to_float(raw).reshape(-1, *port.shape)
            for raw, port in zip(results, self.design.outputs, strict=True)
        ]
        outputs = self.design.ends.received(values)
        return outputs[0] if len(outputs) == 1 else outputs

    def reset_state(self) -> None:
        """Let the network begin anew: layers that keep their state from sample to sample forget it.

        Raises:
            LinkError: if the board does not answer, or does not know this request.
        """
        self._request(Request.RESET, b"", 0)

    def predict_raws(
        self, raws: Sequence[np.ndarray], progress: Callable[[int, int], None] | None = None
    ) -> list[np.ndarray]:
        """`predict_next` on integers of the types: (samples, ...) for inputs, (samples, elements) for outputs.

        int64, or Python integers (dtype object) for types wider than 62 bits.
        """
        samples = {len(array) for array in raws}
        if len(samples) != 1:
            raise InputError(f"inputs must have one number of samples, not {sorted(samples)}")
        count = samples.pop()
        packed = [
            port.stream.pack(array).reshape(count, port.bytes)
            for array, port in zip(raws, self.design.inputs, strict=True)
        ]
        # A group that is not full is filled with its last sample again.
        filled = np.minimum(np.arange(self.design.whole_groups(count)), count - 1)
        payload = np.concatenate(packed, axis=1)[filled]
        replies = []
        for start in range(0, len(payload), self._samples):
            part = payload[start : start + self._samples]
            length = CYCLES_BYTES + len(part) * self.design.output_bytes
            self.cycles, outputs = outputs_of(self._request(Request.PREDICT, part.tobytes(), length))
            replies.append(np.frombuffer(outputs, dtype=np.uint8).reshape(len(part), -1))
            if progress is not None:
                progress(min(start + len(part), count), count)
        rows = np.concatenate(replies)[:count] if replies else np.zeros((0, self.design.output_bytes), dtype=np.uint8)
        ends = np.cumsum([port.bytes for port in self.design.outputs])[:-1]
        return [
            port.stream.unpack(part.reshape(-1, port.stream.bytes))
            for part, port in zip(np.split(rows, ends, axis=1), self.design.outputs, strict=True)
        ]

    def close(self) -> None:
        """Close the port."""
        self._link.close()

    def _identify(self) -> None:
        version, identity = identity_of(self._request(Request.IDENTIFY, b"", IDENTITY_BYTES))
        if version != VERSION:
            raise LinkError(f"{self._name}: the board's shell has version {version}, this netloom talks {VERSION}")
        if identity != self.design.identity:
            raise LinkError(
                f"{self._name}: the board holds design {identity:016x}, not {self.design.identity:016x}"
                f" ({self.design.name}, {self.design.folder}): flash its bitstream first"
            )

    def _clear_line(self) -> None:
        """Let a frame that an earlier program left unfinished come to its end, and forget the answer to it."""
        end = time.monotonic() + 1.5 * IDLE_SECONDS
        while time.monotonic() < end:
            self._receive()
        self._link.reset_input_buffer()

    def _request(self, kind: Request, payload: bytes, answer_length: int) -> bytes:
        """Ask until there is a sound answer; its payload.

        Raises:
            LinkError: after several attempts, or if the board refuses.
        """
        trouble = ""
        for attempt in range(1 + _RETRIES):
            self.retries += attempt > 0
            self._tag = self._tag % _MOST_TAG + 1
            request = encode(Frame(self._tag, kind, payload))
            self._send(request)
            damaged = self._decoder.damaged
            reply = self._reply(len(request) + OVERHEAD + answer_length)
            if reply is None:
                trouble = "an answer arrived damaged" if self._decoder.damaged > damaged else "there is no answer"
                if kind is Request.PREDICT and self.design.keeps_state:
                    raise LinkError(
                        f"{self._name}: {trouble}, and whether the network's state went on is not known: call"
                        " reset_state() and send the sequence from its beginning"
                    )
            elif reply.code in _TRANSIENT:
                trouble = _TRANSIENT[Status(reply.code)]
            elif reply.code == Status.SOUND and len(reply.payload) == answer_length:
                return reply.payload
            else:
                raise LinkError(f"{self._name}: {_refusal(reply, answer_length)}")
        hint = "; is the bitstream in the board, the right port, and the baud rate the one it was built for?"
        raise LinkError(
            f"{self._name}: {trouble}, {1 + _RETRIES} times{hint if trouble == 'there is no answer' else ''}"
        )

    def _reply(self, line_bytes: int) -> Frame | None:
        """The reply to the last request, or one that says a request was damaged; None if none comes in time."""
        end = time.monotonic() + self._timeout + line_bytes * _BITS_PER_BYTE / self._baud
        while True:
            for frame in self._decoder.feed(self._receive()):
                if frame.tag == self._tag or frame.code in _TRANSIENT:
                    return frame
            if time.monotonic() > end:
                return None

    def _send(self, data: bytes) -> None:
        try:
            self._link.write(data)
        except OSError as error:
            raise LinkError(f"{self._name}: cannot write: {reason(error)}; is the board still attached?") from error

    def _receive(self) -> bytes:
        try:
            return self._link.read(max(1, int(getattr(self._link, "in_waiting", 1))))
        except (OSError, TypeError) as error:
            raise LinkError(f"{self._name}: cannot read: {reason(error)}; is the board still attached?") from error


def _refusal(reply: Frame, answer_length: int) -> str:
    reasons = {
        Status.SOUND: f"an answer has {len(reply.payload)} bytes instead of {answer_length}",
        Status.UNKNOWN_KIND: "the board does not know this kind of request: it was built by another netloom",
        Status.WRONG_LENGTH: "the board expects another number of bytes: it was built for another number of samples",
        Status.STUCK: "the network in the board did not finish; it has been reset",
    }
    return next((reason for status, reason in reasons.items() if status == reply.code), f"unknown status {reply.code}")
