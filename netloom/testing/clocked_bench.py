"""`clocked`: modules side by side in Verilator, every input given and every output seen in every clock."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from netloom.firmware.emit.library import modules
from netloom.firmware.families import GENERIC, Family
from netloom.sim.hardware.cell_models import cell_models
from netloom.sim.hardware.verilator import StreamPort, build
from netloom.testing.unit_bench import library


@dataclass(frozen=True)
class Instance:
    """A module of the library, or a model of a cell.

    Attributes:
        module: its name.
        outputs: {output: bits}.
        parameters: of it; text goes in quotes.
        ports: {input: expression of `clocked`'s inputs}, for those not connected to the one of their name.
    """

    module: str
    outputs: Mapping[str, int]
    parameters: Mapping[str, int | str] = field(default_factory=dict)
    ports: Mapping[str, str] = field(default_factory=dict)

    def sources(self, family: Family) -> dict[str, str]:
        """The files that it needs."""
        if self.module in modules(family):
            return library(self.module, family=family)
        return cell_models({"": self.module})

    def text(self, index: int, inputs: Iterable[str], family: Family) -> str:
        """The instance, its outputs in `OUTPUT_INDEX`."""
        header = re.sub(r"//[^\n]*", "", self.sources(family)[f"{self.module}.sv"]).partition(");")[0]
        own = {name: name for name in ("clk", "rst", *inputs) if re.search(rf"\binput\b[^,]*\b{name}\b", header)}
        ports = own | dict(self.ports) | {name: f"{name}_{index}" for name in self.outputs}
        values = {k: f'"{v}"' if isinstance(v, str) and "'" not in v else v for k, v in self.parameters.items()}
        wires = "".join(f"  logic [{bits - 1}:0] {name}_{index};\n" for name, bits in self.outputs.items())
        chosen = ", ".join(f".{name}({value})" for name, value in values.items())
        joined = ", ".join(f".{name}({value})" for name, value in ports.items())
        return f"{wires}  {self.module} #({chosen}) instance_{index} ({joined});\n"


def clocked(
    instances: Sequence[Instance],
    inputs: Mapping[str, tuple[int, Sequence[int]]],
    memories: Mapping[str, str] | None = None,
    family: Family = GENERIC,
) -> list[dict[str, list[int]]]:
    """What the instances' outputs are before each clock edge, from the first after reset on.

    Args:
        instances: all are given the same inputs.
        inputs: {name: (bits, its value in every clock)}.
        memories: {path: text}, files they read.
        family: whose modules they are.

    Returns:
        Of every instance {output: its value in every clock}.
    """
    names = [(name, bits) for name, (bits, _) in inputs.items()]
    outs = [(f"{name}_{i}", bits) for i, one in enumerate(instances) for name, bits in one.outputs.items()]
    in_bits, out_bits = sum(bits for _, bits in names), sum(bits for _, bits in outs)
    text = (
        "module bench (input logic clk, input logic rst,\n"
        f"  input logic given_valid, output logic given_ready, input logic [{in_bits - 1}:0] given_data,\n"
        f"  output logic seen_valid, input logic seen_ready, output logic [{out_bits - 1}:0] seen_data);\n"
        + "".join(f"  logic [{bits - 1}:0] {name};\n" for name, bits in names)
        + f"  assign {{{', '.join(name for name, _ in names)}}} = given_data;\n"
        + "".join(one.text(i, inputs, family) for i, one in enumerate(instances))
        + "  assign given_ready = seen_ready;\n  assign seen_valid = given_valid;\n"
        + f"  assign seen_data = {{{', '.join(name for name, _ in outs)}}};\nendmodule\n"
    )
    files = {path: source for one in instances for path, source in one.sources(family).items()}
    files |= cell_models(files) | {"bench.sv": text} | dict(memories or {})
    simulation = build(files, "bench", [StreamPort("given_", in_bits)], [StreamPort("seen_", out_bits)], lint=False)
    words = _pack(names, [values for _, values in inputs.values()])
    result = simulation.run([words], [len(words)])
    assert result.taken[0].tolist() == list(range(len(words)))
    seen = dict(zip([name for name, _ in outs], _unpack(outs, result.outputs[0]), strict=True))
    return [{name: seen[f"{name}_{i}"] for name in one.outputs} for i, one in enumerate(instances)]


def _pack(names: Sequence[tuple[str, int]], columns: Sequence[Sequence[int]]) -> np.ndarray:
    """Beats: uint8 (clocks, bytes); the first name in the most significant bits."""
    size = (sum(bits for _, bits in names) + 7) // 8
    words = bytearray()
    for values in zip(*columns, strict=True):
        word = 0
        for (_, bits), value in zip(names, values, strict=True):
            word = word << bits | (int(value) & ((1 << bits) - 1))
        words += word.to_bytes(size, "little")
    return np.frombuffer(bytes(words), np.uint8).reshape(-1, size)


def _unpack(names: Sequence[tuple[str, int]], beats: np.ndarray) -> list[list[int]]:
    words = [int.from_bytes(beat.tobytes(), "little") for beat in beats]
    columns, above = [], sum(bits for _, bits in names)
    for _, bits in names:
        above -= bits
        columns.append([word >> above & ((1 << bits) - 1) for word in words])
    return columns


def signed(value: int, bits: int, is_signed: bool = True) -> int:
    """The value of a word."""
    return value - (1 << bits) if is_signed and value >> (bits - 1) else value
