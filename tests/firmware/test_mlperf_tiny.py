"""Mid-size networks: an answer or a refusal, in time."""

import time

import pytest
from mlperf_tiny import MLPERF_TINY, converted

from netloom.errors import FoldingError
from netloom.firmware.board.boards import find_board
from netloom.firmware.generate import generate_design
from netloom.firmware.map.folding.folding import intervals

pytest.importorskip("keras")
SECONDS = 60


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    return {name: converted(name, folder / name).dataflow for name in MLPERF_TINY}


def answered(dataflow, board, interval):
    """The interval that is counted, None for a refusal; in time."""
    began = time.monotonic()
    try:
        found = generate_design(dataflow, device=find_board(board).device, interval=interval).cycles.interval
    except FoldingError as refusal:
        assert "\n" not in str(refusal)
        found = None
    assert time.monotonic() - began < SECONDS
    return found


def test_keyword_spotting_is_designed_in_time(networks):
    dataflow = networks["tiny-kws"]
    fast = answered(dataflow, "ULX3S-85F", None)
    assert fast is not None
    assert answered(dataflow, "ULX3S-85F", 512_000) == 512_000
    assert answered(dataflow, "ULX3S-25F", 20_000) is None


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", MLPERF_TINY)
@pytest.mark.parametrize("board", ["ULX3S-85F", "iCEBreaker", "Genesys-2"])
def test_all_are_designed_in_time(networks, name, board):
    paces = intervals(networks[name])
    for interval in (None, paces[0], paces[len(paces) // 4], paces[len(paces) // 2], paces[-1]):
        answered(networks[name], board, interval)
