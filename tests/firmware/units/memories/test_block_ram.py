"""How many block RAMs a memory takes, and which memories go there."""

import pytest

from netloom.firmware.families import ECP5, GENERIC, ICE40
from netloom.firmware.units.memories.styles import (
    BLOCK,
    DISTRIBUTED,
    REGISTERS,
    bank_words,
    block_rams,
    ram_style,
    rom_in_block,
    rom_resources,
    words_a_row,
)


@pytest.mark.parametrize(
    ("depth", "width", "ecp5", "ice40"),
    [(512, 36, 1, 5), (513, 36, 2, 9), (16384, 1, 1, 8), (65536, 5, 20, 96), (256, 16, 1, 1), (2048, 2, 1, 1)],
)
def test_the_shape_that_takes_the_fewest(depth, width, ecp5, ice40):
    assert block_rams(depth, width, ECP5) == block_rams(depth, width, GENERIC) == ecp5
    assert block_rams(depth, width, ICE40) == ice40


@pytest.mark.parametrize(
    ("depth", "width", "words"),
    [(600, 36, 512), (1100, 36, 512), (2100, 9, 2048), (2100, 18, 1024), (11127, 24, 2048)],
    ids=["as many, side by side", "three deep", "two deep", "three deep, not five side by side", "six deep"],
)
def test_a_bank_is_as_deep_as_the_fewest_blocks_allow(depth, width, words):
    assert bank_words(depth, width, ECP5) == words
    assert -(-depth // words) * block_rams(words, width, ECP5) == block_rams(depth, width, ECP5)


def test_sequences_are_read_in_rows_where_blocks_are_many():
    assert words_a_row(9600, 160, ECP5) == 2, "90 blocks, asked at once"
    assert words_a_row(17_000, 16, ECP5) > 1, "17 blocks, one behind the other"
    assert words_a_row(7000, 160, ECP5) == words_a_row(4096, 64, ECP5) == 1


def test_a_deep_narrow_table_is_no_logic():
    assert rom_in_block(65536, 5, ECP5)
    assert rom_resources(65536, 5, ECP5).lut == 0
    assert not rom_in_block(32, 600, ECP5)


def test_small_memories_stay_out_of_block_ram():
    assert ram_style(16, 32, ECP5) == DISTRIBUTED
    assert ram_style(65, 32, ECP5) == BLOCK
    assert ram_style(4, 16, ICE40) == REGISTERS
