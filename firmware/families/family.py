"""`Family`: everything that is particular to a family of FPGAs, in one record."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from netloom.firmware.families.pll import Loop

RamShapes = tuple[tuple[int, int], ...]
"""Words and bits that a block RAM can have."""
Pass = Callable[[dict[str, Any]], int]
"""Changes a module of Yosys's JSON in place; how many changes it made."""


@dataclass(frozen=True, eq=False)
class Family:
    """What units, estimates, shell and tools have to know of a family. Equal only to itself.

    Attributes:
        name: as in `design.json`.
        ram_shapes: that a block RAM can have.
        buffer_shapes: those that the shell's buffers may count on.
        lut_ram: LUTs that a memory of 16 words of 4 bits takes, its write port included (LUT_RAM of modules: whether
            there is one); 0 where LUTs cannot be memories, and the smallest are flip-flops.
        block_luts: LUTs that are worth a block RAM.
        second_port: bits of the widest word that a block RAM reads at two ports at once; 0 if it reads at one.
        ram_register: whether a block RAM holds the register behind it.
        dsp_width: widest operand of a DSP block, signed or not.
        packs: whether two narrow weights may share a DSP block, which takes one that is named and not inferred.
        adder: (width, whether a carry counts) -> LUTs of a sum (`adder.sv`, `adder_load.sv`).
        multiplier: (wider operand, narrower operand) -> LUTs and flip-flops of a product in LUTs.
        rtl: folder of its own modules, a file each: they take the place of those of their name in `firmware/rtl/`,
            with the same parameters and ports, and what else they need stands beside them; None if it has none.
        models: folder of models of its cells, a file each, to simulate designs and what Yosys has no model of.
        synth: Yosys's command; DSP blocks are never inferred.
        library: files in Yosys's own folder that describe the cells.
        simulation: files there that say what the cells do.
        macros: Verilog before those files.
        inlined: puts plain Verilog in the place of the commonest cells of a netlist, for simulation.
        network_passes: over the netlist of the network.
        top_passes: over the netlist with the shell around it, which only the place-and-route tool reads.
        cells: names of cells after synthesis -> (kind, how many of it).
        place: name of the place-and-route tool; "" where no open tool serves the family.
        placers: its placers, some with a router of their own (`PLACER+ROUTER`); the next takes over where one fails, or
            leaves wires that are too long to route.
        wires: tiles of wires a connection that the usual router brings to an end; beyond, the next placer's turn comes.
        constraints: suffix of the file of pins and clocks, and without its dot that tool's option for it.
        config_option: its option for what the packer reads.
        pins: attributes of a plain pin, for that tool.
        kinds: what it counts -> "lut", "ff", "dsp", "bram", "spram".
        pack: name of the tool that writes the bitstream.
        pack_arguments: (what was placed and routed, the bitstream) -> that tool's arguments.
        suffix: of the bitstream's file.
        wheel: module that brings both tools.
        clock_mhz: what most networks reach after routing on the slowest parts; None for the board's own clock.
        fastest: MHz beyond which no clock network of the family goes.
        loop: its phase-locked loop; None if it has none.
        reset_cycles: clocks for which the reset lasts once the clock is steady.
        spram_kbit: kbit of one of its single-port RAMs; 0 if it has none.
    """

    name: str
    ram_shapes: RamShapes
    buffer_shapes: RamShapes
    lut_ram: int
    block_luts: int
    second_port: int
    ram_register: bool
    dsp_width: int
    packs: bool
    adder: Callable[[int, bool], int]
    multiplier: Callable[[int, int], tuple[int, int]]
    rtl: Path | None = None
    models: Path | None = None
    synth: str = "synth"
    library: tuple[str, ...] = ()
    simulation: tuple[str, ...] = ()
    macros: str = ""
    inlined: Callable[[str], str] = lambda netlist: netlist
    network_passes: tuple[Pass, ...] = ()
    top_passes: tuple[Pass, ...] = ()
    cells: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    place: str = ""
    placers: tuple[str, ...] = ("heap",)
    wires: float = float("inf")
    constraints: str = ""
    config_option: str = ""
    pins: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    pack: str = ""
    pack_arguments: Callable[[str, str], list[str]] = lambda *names: [*names]
    suffix: str = ""
    wheel: str = ""
    clock_mhz: float | None = None
    fastest: float = float("inf")
    loop: Loop | None = None
    reset_cycles: int = 4096
    spram_kbit: int = 0

    def __str__(self) -> str:
        return self.name

    __repr__ = __str__
