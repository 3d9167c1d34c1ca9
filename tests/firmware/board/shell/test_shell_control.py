"""`shell_control`: what is answered to every kind of request, and how long the network took."""

import pytest

from netloom.testing.clocked_bench import Instance, clocked

CLOCKS, DONE = 300, 40
OUTPUTS = {
    "accept": 1, "clear": 1, "source_byte": 1, "source_next": 1, "run": 1, "sink_ready": 1, "network_rst": 1,
    "start": 1, "status": 8, "length": 32, "reply_valid": 1, "reply_data": 8,
}  # fmt: skip
IDENTITY = 0x0123456789ABCDEF


def serve(kind, payload=0, frame_status=0, finishes=True, took=25):
    """A request with `payload` bytes, of which every second makes an input full; the network is there after `took`."""
    waves = {name: [0] * CLOCKS for name in (
        "started", "payload_valid", "done", "frame_status", "source_full", "source_transfer", "sink_done", "busy",
    )}  # fmt: skip
    waves["started"][2] = 1
    for index in range(payload):
        at = 6 + 4 * index
        waves["payload_valid"][at] = 1
        if index % 2:
            waves["source_full"][at + 1 : at + 3] = [1, 1]
    waves["done"][DONE:] = [1] * (CLOCKS - DONE)
    waves["frame_status"] = [frame_status] * CLOCKS
    # The first beat goes in 5 clocks after the run begins.
    begins = DONE + 7
    waves["source_transfer"][begins] = 1
    if finishes:
        # The last beat comes out after `took` clocks, and the sink says so a clock later.
        waves["sink_done"][begins + took + 1 :] = [1] * (CLOCKS - begins - took - 1)
    waves["busy"] = [1] * 250 + [0] * 50
    widths = {"frame_status": 8}
    inputs = {name: (widths.get(name, 1), wave) for name, wave in waves.items()}
    inputs |= {"kind": (8, [kind] * CLOCKS), "sink_valid": (1, [1] * CLOCKS), "sink_data": (8, [0x77] * CLOCKS)}
    inputs |= {"sink_last": (1, [0] * CLOCKS), "reply_ready": (1, [1] * CLOCKS)}
    (result,) = clocked(
        [
            Instance(
                "shell_control",
                OUTPUTS,
                {"SAMPLES": 2, "OUTPUT_BYTES": 3, "IDENTITY": f"64'h{IDENTITY:016x}", "WATCHDOG": 60},
            )
        ],
        inputs,
    )
    started = result["start"].index(1)
    reply = [
        byte
        for byte, there in zip(
            result["reply_data"][started + 1 : 250], result["reply_valid"][started + 1 : 250], strict=True
        )
        if there
    ]
    return result, result["status"][started], result["length"][started], bytes(reply)


def test_identify():
    result, status, length, reply = serve(1)
    assert (status, length) == (0, 9)
    assert reply[:9] == bytes([1]) + IDENTITY.to_bytes(8, "little")
    assert not any(result["run"]) and result["clear"][2]
    # Busy ends at clock 250; then the next request is awaited.
    assert result["accept"].index(1) == 251


@pytest.mark.parametrize("took", [1, 25])
@pytest.mark.parametrize("samples", [1, 2])
def test_predict(took, samples):
    result, status, length, reply = serve(2, payload=2 * samples, took=took)
    assert (status, length) == (0, 4 + 3 * samples)
    # From the transfer of the first beat to that of the last one.
    assert int.from_bytes(reply[:4], "little") == took
    assert reply[4:7] == b"\x77" * 3
    assert sum(result["source_next"][2:]) == samples and any(result["run"])


@pytest.mark.parametrize(
    ("kind", "payload", "status"),
    [(1, 1, 4), (1, 2, 4), (2, 0, 4), (2, 1, 4), (2, 3, 4), (2, 5, 4), (2, 6, 4), (3, 1, 4), (3, 2, 4), (4, 0, 3)],
)
def test_refused(kind, payload, status):
    result, *answer, _ = serve(kind, payload)
    assert answer == [status, 0] and not any(result["run"])


@pytest.mark.parametrize("status", [1, 2])
def test_a_frame_that_did_not_arrive_is_told_as_it_is(status):
    result, *answer, _ = serve(2, 2, frame_status=status)
    assert answer == [status, 0] and not any(result["run"])


def test_a_network_is_reset_when_that_is_asked_for():
    result, *answer, _ = serve(3)
    assert answer == [0, 0] and not any(result["run"])
    assert sum(result["network_rst"][DONE:250]) == 16


def test_a_network_that_does_not_finish_is_reset():
    result, *answer, _ = serve(2, 2, finishes=False)
    assert answer == [5, 0]
    assert sum(result["network_rst"][DONE:]) == 16
