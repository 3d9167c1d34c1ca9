"""A netlist as a simulator likes it: a short name for every bit, in the place of vectors whose names are paths."""

import re

_VECTOR = re.compile(r"^  wire \[(\d+):(\d+)\] (\\\S+) ;\n", re.MULTILINE)
_NAME = re.compile(r"(\\\S+) (?:\[(\d+)(?::(\d+))?\])?")


def scalar(netlist: str) -> str:
    """A netlist with a wire for every bit of its vectors, and with short names.

    Cells drive and read single bits. In a vector each of them costs the simulator a mask and a shift, and bits that
    depend on others of the same vector are a loop to it. The names that synthesis made of paths are two thirds of the
    text, which the simulator reads, looks up and writes again and again.

    Args:
        netlist: flat, as Yosys writes it. Ports, whose names are plain, keep what they are.
    """
    vectors = {name: (int(first), int(last)) for first, last, name in _VECTOR.findall(netlist)}
    names: dict[tuple[str, int | None], str] = {}

    def short(name: str, bit: int | None) -> str:
        return names.setdefault((name, bit), f"netloom_name_{len(names)} ")

    def bits(name: str, first: int, last: int) -> list[str]:
        step = 1 if last > first else -1
        return [short(name, bit) for bit in range(first, last + step, step)]

    def declared(found: re.Match[str]) -> str:
        return "".join(f"  wire {bit};\n" for bit in bits(found[3], *vectors[found[3]]))

    def used(found: re.Match[str]) -> str:
        name, first, last = found.groups()
        if name not in vectors:
            return short(name, None) + found[0].removeprefix(f"{name} ")
        if last is None and first is not None:
            return short(name, int(first))
        chosen = vectors[name] if first is None else (int(first), int(last))
        return f"{{ {', '.join(bits(name, *chosen))}}}"

    return _NAME.sub(used, _VECTOR.sub(declared, netlist))
