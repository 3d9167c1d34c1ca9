"""The modules that move beats, proven for all data and all stalls.

`formal/X.sv` holds the properties of module X: they are put at the end of its body, so that they see what is inside.
Where the mode is `prove` they hold in every reachable state, by induction; where it is `bmc`, for as many clock cycles
after reset as the depth says. Each is then seen to fail on a module with a fault.
"""

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from proof import Proof

pytestmark = pytest.mark.slow


def replay(style, slack, groups, row_words, step, words, word_stride, repeats, repeat_stride) -> dict[str, int | str]:
    span = (repeats - 1) * repeat_stride + (words - 1) * word_stride
    return {
        "WIDTH": 2,
        "DEPTH": max(2, span + 1 + slack),
        "STYLE": style,
        "GROUPS": groups,
        "ROW_WORDS": row_words,
        "STEP": step,
        "WORDS": words,
        "WORD_STRIDE": word_stride,
        "REPEATS": repeats,
        "REPEAT_STRIDE": repeat_stride,
    }


REPLAY_BLOCK = replay("block", 1, 2, 4, 1, 2, 1, 2, 0)
REPLAY_FABRIC = replay("distributed", 0, 2, 4, 1, 2, 1, 2, 0)
REPLAY_SHORT = replay("distributed", 1, 1, 4, 0, 2, 1, 1, 0)
REPLAY_AGAIN = replay("distributed", 2, 1, 2, 0, 2, 1, 2, 0)
PIPELINE = {"BEATS": 2, "STAGES": 3, "WIDTH": 2, "DEPTH": 2}
FIFO_BLOCK = {"WIDTH": 2, "DEPTH": 5, "STYLE": "block"}
SCAN = {"WIDTH": 2, "BEATS": 2, "STEPS": 3}
STATE = SCAN | {"DEPTH": 3}
GATHER = {"IN_WIDTH": 3, "ROWS": 3, "WORDS": 3, "WIDTH": 2}
FIFO_FABRIC = {"WIDTH": 2, "DEPTH": 3, "STYLE": "distributed"}

PROOFS = {
    "memory": Proof("stream_ram", {"WIDTH": 2, "DEPTH": 5, "STYLE": "block"}),
    **{f"elastic, {stages} stages": Proof("elastic", {"STAGES": stages}) for stages in (1, 2, 3, 4, 6)},
    **{
        f"gather, {words} beats a row, {'block RAM' if block else 'logic'}": Proof(
            "gather", GATHER | {"WORDS": words, "BLOCK": block}
        )
        for words, block in [(1, 1), (2, 0), (3, 1), (5, 0)]
    },
    "gather on its parts": Proof("gather", GATHER, "bmc", 12),
    **{
        f"two streams multiplied, {words} words": Proof(
            "matmul", {"PE": 1, "SIMD": 1, "SF": words, "A_WIDTH": 2, "B_WIDTH": 2}
        )
        for words in (1, 3)
    },
    "fork of two": Proof("stream_fork", {"WIDTH": 2, "COUNT": 2}),
    "fork of four": Proof("stream_fork", {"WIDTH": 2, "COUNT": 4}),
    "width, one to two": Proof("stream_width", {"IN_WIDTH": 1, "OUT_WIDTH": 2}),
    "width, two to one": Proof("stream_width", {"IN_WIDTH": 2, "OUT_WIDTH": 1}),
    "width, two to ten": Proof("stream_width", {"IN_WIDTH": 2, "OUT_WIDTH": 10}),
    "width, ten to two": Proof("stream_width", {"IN_WIDTH": 10, "OUT_WIDTH": 2}),
    "FIFO of two places": Proof("stream_fifo", FIFO_FABRIC | {"DEPTH": 2}),
    "FIFO of two places in registers": Proof("stream_fifo", FIFO_FABRIC | {"DEPTH": 2, "STYLE": "registers"}),
    "FIFO of five places": Proof("stream_fifo", FIFO_FABRIC | {"DEPTH": 5}),
    "FIFO of nine places": Proof("stream_fifo", FIFO_FABRIC | {"DEPTH": 9, "STYLE": "registers"}),
    "FIFO of five places in block RAM": Proof("stream_fifo", FIFO_BLOCK),
    "FIFO of ten places in block RAM": Proof("stream_fifo", FIFO_BLOCK | {"DEPTH": 10}),
    "FIFO of ten places in two block RAMs": Proof("stream_fifo", FIFO_BLOCK | {"DEPTH": 10, "BANK": 4}),
    "FIFO of seven places in three block RAMs": Proof("stream_fifo", FIFO_BLOCK | {"DEPTH": 7, "BANK": 2}),
    "FIFO on its memory": Proof("stream_fifo", FIFO_BLOCK, "bmc", 12),
    "FIFO on its two memories": Proof("stream_fifo", FIFO_BLOCK | {"BANK": 2}, "bmc", 12),
    **{
        f"credits, {depth} places": Proof("credit_fifo", {"WIDTH": 2, "DEPTH": depth}, depth=6)
        for depth in (1, 2, 3, 4, 6)
    },
    **{f"position in {beats}": Proof("group_position", {"BEATS": beats}) for beats in (1, 2, 3, 8)},
    **{
        f"step of {steps} steps of {beats}": Proof("step_position", {"BEATS": beats, "STEPS": steps})
        for beats, steps in [(1, 1), (3, 1), (1, 2), (2, 3), (3, 4)]
    },
    **{
        f"state, {beats} beats, {steps} steps, {depth} places": Proof(
            "scan_state", {"WIDTH": 2, "BEATS": beats, "STEPS": steps, "DEPTH": depth}
        )
        for beats, steps, depth in [(1, 2, 2), (1, 5, 2), (2, 3, 2), (2, 3, 3), (3, 2, 4), (3, 3, 6)]
    },
    **{
        f"start, {beats} beats, {steps} steps, {depth} places": Proof(
            "scan_start", {"WIDTH": 2, "BEATS": beats, "STEPS": steps, "DEPTH": depth}
        )
        for beats, steps, depth in [(1, 1, 2), (1, 3, 2), (2, 3, 3), (3, 2, 4)]
    },
    "start on its parts": Proof("scan_start", STATE, "bmc", 12),
    "state on its parts": Proof("scan_state", STATE, "bmc", 12),
    "state in block RAM on its parts": Proof("scan_state", STATE | {"DEPTH": 5, "STYLE": "block"}, "bmc", 12),
    **{
        f"last of {steps} steps of {beats}": Proof("scan_last", {"WIDTH": 2, "BEATS": beats, "STEPS": steps})
        for beats, steps in [(1, 1), (1, 3), (2, 1), (3, 4)]
    },
    "last step on its part": Proof("scan_last", SCAN, "bmc", 12),
    **{
        f"pipeline, {beats} beats, {stages} stages, {depth} places": Proof(
            "credit_pipeline", {"BEATS": beats, "STAGES": stages, "WIDTH": 2, "DEPTH": depth}
        )
        for beats, stages, depth in [(1, 1, 1), (1, 4, 6), (2, 3, 2), (3, 2, 1), (4, 6, 17)]
    },
    "pipeline on its parts": Proof("credit_pipeline", PIPELINE, "bmc", 12),
    "pipeline of single beats on its parts": Proof("credit_pipeline", PIPELINE | {"BEATS": 1, "DEPTH": 4}, "bmc", 10),
    "replay, dense": Proof("replay_buffer", replay("block", 3, 1, 3, 0, 3, 1, 2, 0)),
    "replay, dense, fewest places": Proof("replay_buffer", replay("distributed", 0, 1, 3, 0, 3, 1, 2, 0)),
    "replay, convolution": Proof("replay_buffer", replay("distributed", 1, 3, 6, 1, 3, 1, 2, 0)),
    "replay, convolution, fewest places": Proof("replay_buffer", replay("block", 0, 3, 6, 1, 3, 1, 2, 0)),
    "replay, slices": Proof("replay_buffer", replay("block", 1, 2, 6, 2, 2, 2, 2, 1)),
    "replay, long step": Proof("replay_buffer", replay("block", 0, 2, 7, 4, 2, 1, 2, 0)),
    "replay, much left over": Proof("replay_buffer", replay("distributed", 0, 2, 9, 1, 2, 1, 1, 0)),
    "replay, broadcast": Proof("replay_buffer", replay("distributed", 1, 2, 2, 1, 1, 1, 3, 0)),
    "replay on its memory": Proof("replay_buffer", REPLAY_BLOCK, "bmc", 10),
}

FAULTS = {
    "memory forgets": (PROOFS["memory"], "if (read) read_data", "read_data"),
    "a stage in mid-row is overwritten": (PROOFS["elastic, 3 stages"], "!(&full[STAGES-1:i])", "!full[STAGES-1]"),
    "a full row loses its first beat": (PROOFS["elastic, 2 stages"], "out_ready || !", "!rst || !"),
    "a beat twice": (PROOFS["elastic, 2 stages"], "if (enable[i]) full[i] <=", "if (enable[i] || i == 1) full[i] <="),
    "a hole is not closed": (PROOFS["elastic, 3 stages"], "out_ready || !(&full[STAGES-1:i])", "out_ready || !full[i]"),
    "a row a beat too long": (
        PROOFS["gather, 3 beats a row, block RAM"],
        "next == StepBits'(WORDS - 1)",
        "next == StepBits'(WORDS)",
    ),
    "a row goes on without an index": (
        PROOFS["gather, 3 beats a row, block RAM"],
        "if (in_valid && in_ready) next",
        "if (in_ready) next",
    ),
    "a place without its index": (PROOFS["gather, 2 beats a row, logic"], "if (enable[1]) step[1]", "step[1]"),
    "a stream goes on alone": (
        PROOFS["two streams multiplied, 3 words"],
        "in0_ready = room && in1_valid",
        "in0_ready = room",
    ),
    "one stream alone makes a result": (
        PROOFS["two streams multiplied, 3 words"],
        ".in_valid(in0_valid && in1_valid)",
        ".in_valid(in0_valid)",
    ),
    "fork loses a copy": (PROOFS["fork of two"], "assign in_ready = waiting == '0", "assign in_ready = !waiting[0]"),
    "fork repeats a copy": (PROOFS["fork of two"], "else out_valid <= waiting", "else out_valid <= out_valid"),
    "parts shift under a stalled beat": (
        PROOFS["width, one to two"],
        "assign in_ready = move;",
        "assign in_ready = 1'b1;",
    ),
    "parts the wrong way round": (
        PROOFS["width, one to two"],
        "{in_data, data[WIDE-1:NARROW]}",
        "{data[WIDE-NARROW-1:0], in_data}",
    ),
    "a wide beat covers the one before": (PROOFS["width, two to one"], "= move && last;", "= move;"),
    "the last part comes twice": (PROOFS["width, two to one"], "out_valid <= in_valid || !last", "out_valid <= 1'b1"),
    "FIFO overflows": (Proof("stream_fifo", FIFO_FABRIC), "<= COUNT_BITS'(DEPTH - 1)", "<= COUNT_BITS'(DEPTH)"),
    "FIFO overtakes": (
        Proof("stream_fifo", FIFO_FABRIC),
        "out_data <= empty ? in_data :",
        "out_data <= !move || in_valid ? in_data :",
    ),
    "FIFO repeats": (Proof("stream_fifo", FIFO_FABRIC), "take && !(move && empty)", "take"),
    "block RAM FIFO reads on under a stalled beat": (
        Proof("stream_fifo", FIFO_BLOCK),
        "fetch = !fetched || move",
        "fetch = 1'b1",
    ),
    "block RAM FIFO changes a stalled beat": (
        Proof("stream_fifo", FIFO_BLOCK),
        "if (move) offered_data",
        "offered_data",
    ),
    "block RAM FIFO gives another memory's word": (
        Proof("stream_fifo", FIFO_BLOCK | {"BANK": 2}),
        "offered_data[offered_bank]",
        "offered_data[fetched_bank]",
    ),
    "credit too many": (
        PROOFS["credits, 2 places"],
        "free <= give || credits != CountWidth'(1)",
        "free <= 1'b1",
    ),
    "credit never given back": (PROOFS["credits, 1 places"], "if (rst || give) free", "if (rst) free"),
    "a result pushes the one before aside": (
        PROOFS["credits, 3 places"],
        "if (moves[i]) data <= push_data",
        "data <= push_data",
    ),
    "credited memory reads on under a stalled beat": (
        PROOFS["credits, 4 places"],
        "read = stored && (!out_valid || out_ready)",
        "read = stored",
    ),
    "a group too long": (PROOFS["position in 3"], "last <= left == LeftWidth'(2)", "last <= left == LeftWidth'(1)"),
    "a group without end": (PROOFS["position in 2"], "first <= last;", "first <= 1'b1;"),
    "a first step too long": (PROOFS["step of 3 steps of 2"], "left == LeftWidth'(All - BEATS + 1)", "ends"),
    "a last step too early": (
        PROOFS["step of 3 steps of 2"],
        "left == LeftWidth'(BEATS + 1)",
        "left == LeftWidth'(BEATS + 2)",
    ),
    "the last step's state gets into the next sequence": (
        Proof("scan_state", STATE),
        ".in_valid (in_valid && !in_last)",
        ".in_valid (in_valid)",
    ),
    "the last step waits for a place": (Proof("scan_state", STATE), "in_last || fifo_takes", "fifo_takes"),
    "the initial state waits": (Proof("scan_state", STATE), "out_first || fifo_gives", "fifo_gives"),
    "the initial state takes another's place": (
        Proof("scan_state", STATE),
        ".out_ready(out_ready && !out_first)",
        ".out_ready(out_ready)",
    ),
    "what begins takes another's place": (
        Proof("scan_start", STATE),
        "start_ready = begins && fifo_takes",
        "start_ready = fifo_takes",
    ),
    "another beginning": (Proof("scan_start", STATE), "begins ? start_data : in_data", "in_data"),
    "the last step begins the next sequence": (
        Proof("scan_start", {"WIDTH": 2, "BEATS": 1, "STEPS": 2, "DEPTH": 2}),
        "begins ? start_valid : in_valid && !in_last",
        "begins ? start_valid : in_valid",
    ),
    "another state to begin with": (Proof("scan_state", STATE), "= out_first ? initial_data :", "= "),
    "other steps pass": (Proof("scan_last", SCAN), "out_valid <= take && last", "out_valid <= take"),
    "other steps push the last one aside": (Proof("scan_last", SCAN), "if (move) out_data", "if (take) out_data"),
    "other steps wait": (Proof("scan_last", SCAN), "in_ready = !last || move", "in_ready = move"),
    "pipeline takes without a place": (
        Proof("credit_pipeline", PIPELINE),
        "in_ready = !last || free",
        "in_ready = 1'b1",
    ),
    "pipeline holds up every beat": (Proof("credit_pipeline", PIPELINE), "in_ready = !last || free", "in_ready = free"),
    "pipeline pushes too early": (
        Proof("credit_pipeline", PIPELINE),
        ".push(complete[STAGES])",
        ".push(complete[STAGES-1])",
    ),
    "pipeline pushes every beat": (Proof("credit_pipeline", PIPELINE), "valid[0] && last", "valid[0]"),
    "pipeline forgets a beat's place": (
        Proof("credit_pipeline", PIPELINE),
        "first[STAGES:1] <= first[STAGES-1:0]",
        "first[STAGES:1] <= {first[STAGES-2:0], last}",
    ),
    "replay takes into full memory": (
        Proof("replay_buffer", REPLAY_FABRIC),
        "in_ready = !room[COUNT_BITS-1]",
        "in_ready = 1'b1",
    ),
    "replay frees a beat too early": (
        Proof("replay_buffer", REPLAY_FABRIC),
        "freed = '0",
        "freed = COUNT_BITS'(last_word)",
    ),
    "replay does not drop a row's rest": (
        Proof("replay_buffer", REPLAY_SHORT),
        "COUNT_BITS'(TAIL)",
        "COUNT_BITS'(STEP)",
    ),
    "replay reads before it is written": (Proof("replay_buffer", REPLAY_FABRIC), "= !ahead[COUNT_BITS-1]", "= 1'b1"),
    "replay forgets to repeat": (Proof("replay_buffer", REPLAY_AGAIN), "circle(TO_REPEAT)", "circle(WORD_STRIDE)"),
    "replay reads on under a stalled beat": (
        Proof("replay_buffer", REPLAY_BLOCK),
        "enable = !fetched || move",
        "enable = 1'b1",
    ),
}


@pytest.fixture(scope="session")
def environment(tmp_path_factory):
    """An environment whose PATH has the tools under the names by which SymbiYosys calls them."""
    folder, installed = tmp_path_factory.mktemp("tools"), Path(sys.executable).parent
    for name in ("yosys", "yosys-smtbmc", "yosys-witness"):
        (folder / name).symlink_to(installed / f"yowasp-{name}")
    return os.environ | {"PATH": os.pathsep.join([str(folder), str(installed), os.environ["PATH"]])}


@pytest.mark.parametrize("proof", PROOFS.values(), ids=PROOFS)
def test_proven(proof, environment, tmp_path):
    assert proof.run(tmp_path, environment) == "PASS"


@pytest.mark.parametrize(("proof", "sound", "broken"), FAULTS.values(), ids=FAULTS)
def test_fault_is_found(proof, sound, broken, environment, tmp_path):
    faulty = replace(proof, mode="bmc", depth=10)
    assert faulty.run(tmp_path, environment, (sound, broken)) == "FAIL"
