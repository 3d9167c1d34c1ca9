"""What a module of Yosys's JSON connects."""

from collections import Counter
from collections.abc import Mapping
from typing import Any


def uses_of(module: Mapping[str, Any]) -> Counter[int | str]:
    """How often each bit is connected to a cell or a port of the module."""
    connected = [bits for cell in module.get("cells", {}).values() for bits in cell["connections"].values()]
    connected += [port["bits"] for port in module.get("ports", {}).values()]
    return Counter(bit for bits in connected for bit in bits)
