"""Ends of ECP5's carry chains: left open where nobody looks at the last carry.

nextpnr spends two look-up tables on bringing a chain's last carry out into the fabric, and Yosys leaves a net there
even when nothing is connected to it.
"""

from typing import Any

_OPEN = ["x"]


def open_carry_ends(module: dict[str, Any]) -> int:
    """Disconnect every carry output whose net goes nowhere.

    Args:
        module: of Yosys's JSON, flat, of ECP5's cells; changed in place. Not for writing Verilog from afterwards.

    Returns:
        How many ends were opened.
    """
    used = {bit for port in module["ports"].values() for bit in port["bits"]}
    for cell in module["cells"].values():
        for port, bits in cell["connections"].items():
            if cell["port_directions"].get(port) == "input":
                used.update(bits)
    opened = 0
    for cell in module["cells"].values():
        end = cell["connections"].get("COUT")
        if cell["type"] == "CCU2C" and end and end != _OPEN and end[0] not in used:
            cell["connections"]["COUT"] = list(_OPEN)
            opened += 1
    return opened
