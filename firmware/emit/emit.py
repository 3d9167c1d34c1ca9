"""`emit`: a design as files. A pure function: the same design gives the same bytes."""

import json
from typing import Any

from netloom.common.ends import Ends
from netloom.firmware.design import Design, Port
from netloom.firmware.emit.design_file import DESIGN_FILE
from netloom.firmware.emit.library import needed
from netloom.firmware.emit.verilog import TOP, input_ports, output_ports, top_level
from netloom.firmware.filled import filled
from netloom.firmware.map.cycles.cycles import Cycles
from netloom.firmware.map.folding.area import area_of, design_area
from netloom.firmware.map.folding.fold import Fold, Folding
from netloom.firmware.stream import Stream
from netloom.firmware.units.unit import Unit

SCHEMA_VERSION = "1.0"


def emit(design: Design, cycles: Cycles, folding: Folding, title: str = "network") -> dict[str, str]:
    """The files of a design that stands alone: SystemVerilog, memories, `design.json` and a README.

    Args:
        design: to emit.
        cycles: what it was counted to take.
        folding: of its products, for the record.
        title: of the network, for comments; any text.

    Returns:
        File name -> text; all files lie side by side, as `$readmemh` looks for them where the tool runs.
    """
    title = "".join(c if c.isalnum() or c in " _.-" else " " for c in title).strip() or TOP
    made = {name: text for unit in design.units for name, text in unit.sources().items()}
    memories = {name: text for unit in design.units for name, text in unit.memories().items()}
    top = top_level(design, title)
    sources = needed([*made.values(), top], design.target) | made | {f"{TOP}.sv": top}
    description = describe_design(design, cycles, folding, title, list(sources), list(memories))
    return (
        sources
        | memories
        | {
            DESIGN_FILE: json.dumps(description, indent=1) + "\n",
            "README.md": _readme(description, design),
        }
    )


def describe_design(
    design: Design, cycles: Cycles, folding: Folding, title: str, sources: list[str], memories: list[str]
) -> dict[str, Any]:
    """The contract for test bench, shell and host: `design.json`."""
    folds = {
        unit.name: folding[node] for unit in design.units for node in design.operations[unit.name] if node in folding
    }
    return {
        "schema_version": SCHEMA_VERSION,
        "name": title,
        "target": str(design.target),
        "top": TOP,
        "files": sources,
        "memories": memories,
        "inputs": [_port(port, name) for port, name in zip(design.inputs, input_ports(design), strict=True)],
        "outputs": [_port(port, name) for port, name in zip(design.outputs, output_ports(design), strict=True)],
        "keeps_state": any(unit.keeps_state for unit in design.units),
        "group": design.group,
        "latency": cycles.latency,
        "interval": cycles.interval,
        "interval_bound": design.interval_bound,
        "multipliers": sum(unit.multipliers for unit in design.units),
        "area": design_area(design)._asdict(),
        "layers": [
            {"layer": tap.layer, "shape": list(tap.shape), "interleaved": tap.interleaved, **_stream(tap.stream)}
            for tap in design.taps
        ],
        "products": [_product(design, unit, folds[unit.name], cycles) for unit in design.units if unit.name in folds],
        "streams": [_stream(stream) for stream in design.streams.values()],
        "units": [_unit(design, unit) for unit in design.units],
    }


def _port(port: Port, name: str) -> dict[str, Any]:
    return {
        "name": port.name,
        "port": name,
        "shape": list(port.shape),
        "tdata_width": port.stream.bytes * 8,
        **_stream(port.stream),
        **({"host": port.host.model_dump(mode="json")} if port.host is not None else {}),
    }


def _stream(stream: Stream) -> dict[str, Any]:
    return {
        "stream": stream.name,
        "element": str(stream.element),
        "lanes": stream.lanes,
        "beats": stream.beats,
        "width": stream.width,
    }


def _product(design: Design, unit: Unit, fold: Fold, cycles: Cycles) -> dict[str, Any]:
    """Folding of a product, and how busy its multipliers are: useful products over multipliers times cycles."""
    work = int(fold.multipliers * unit.inputs[0].beats * design.steps.get(unit.name, 1))
    return {
        "unit": unit.name,
        "layer": design.layers[unit.name],
        "pe": fold.pe,
        "simd": fold.simd,
        "unrolled": fold.unrolled,
        "multipliers": fold.multipliers,
        "dsp": unit.resources().dsp,
        "interval": design.intervals[unit.name],
        "multiply_accumulates": work,
        "utilization": work / (fold.multipliers * cycles.interval),
    }


def _unit(design: Design, unit: Unit) -> dict[str, Any]:
    return {
        "name": unit.name,
        "module": unit.module,
        "layer": design.layers[unit.name],
        "operations": list(design.operations[unit.name]),
        "inputs": [stream.name for stream in unit.inputs],
        "outputs": [stream.name for stream in unit.outputs],
        "interval": design.intervals[unit.name],
        "depth": unit.beats_held,
        "area": area_of(design.resources[unit.name], design.target)._asdict(),
    }


def _readme(description: dict[str, Any], design: Design) -> str:
    ends = Ends.model_validate(
        {kind: [port.get("host") for port in description[kind]] for kind in ("inputs", "outputs")}
    )
    host = ends.told(input_ports(design), output_ports(design))
    return filled("emit/design_readme.md.j2", **description, synth=design.target.synth, host=host)
