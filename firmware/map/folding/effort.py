"""How long it takes to find a design, and the tools for it: an estimate, before any of them runs."""

SEARCH_SECONDS = 60.0
"""After which a search gives the best it has found, unless another time is given."""

_MINUTES = 0.88
_LUTS = 2700
_GROWTH = 1.2
_CROWDING = 0.65
"""Fitted to synthesis, placement and routing with the WebAssembly tools on two cores, one placement each: 2,700 LUTs in
56 s, 8,900 in 222 s (37 % of the part), 25,000 in 877 s (30 %), and, beside other work, 17,700 in 741 s (73 %)."""


def bitstream_minutes(lut: int, available: int) -> float:
    """Minutes from the design to the bitstream with one placement; a missed clock costs up to three more of them.

    Args:
        lut: LUTs of the network, as estimated.
        available: LUTs of the part.
    """
    return _MINUTES * (lut / _LUTS) ** _GROWTH * (1 + _CROWDING * min(lut / available, 1) ** 2)


def minutes(number: float) -> str:
    """In words, and no more exactly than it is known."""
    if number < 1:
        return "about 1 min"
    return f"about {number:.0f} min" if number < 120 else f"about {number / 60:.0f} h"
