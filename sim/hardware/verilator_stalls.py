"""`Stalls`: when the sources and sinks around a simulated design pause."""

from dataclasses import dataclass

import numpy as np

from netloom.errors import SettingsError

_OUTPUT_PORTS = 1 << 16
_MASK = (1 << 64) - 1


@dataclass(frozen=True)
class Stalls:
    """A random but repeatable pattern of pauses, a function of seed, port and cycle alone.

    In a cycle in which an input pauses, its source does not begin to offer a beat (one already offered stays); in a
    cycle in which an output pauses, its sink is not ready.

    Attributes:
        seed: of the pattern.
        inputs: probability that an input pauses in a cycle.
        outputs: probability that an output pauses in a cycle.
        burst: cycles that share one decision: pauses last multiples of it.

    Raises:
        SettingsError: if a probability is not in [0, 1), or `burst` less than 1.
    """

    seed: int
    inputs: float = 0.25
    outputs: float = 0.25
    burst: int = 1

    def __post_init__(self) -> None:
        for name, value in (("inputs", self.inputs), ("outputs", self.outputs)):
            if not 0 <= value < 1:
                raise SettingsError(f"stalls: {name} must be a probability below 1, not {value!r}")
        if self.burst < 1:
            raise SettingsError(f"stalls: burst must be at least 1, not {self.burst!r}")

    @property
    def arguments(self) -> tuple[int, int, int, int]:
        """Seed, both probabilities in units of 2**-32, and burst, for the simulation's command line."""
        return self.seed & _MASK, _threshold(self.inputs), _threshold(self.outputs), self.burst

    def input_pauses(self, port: int, cycles: int) -> np.ndarray:
        """Whether input number `port` pauses: bool (cycles,), from cycle 0, the first after reset."""
        return self._pauses(port, cycles, _threshold(self.inputs))

    def output_pauses(self, port: int, cycles: int) -> np.ndarray:
        """Whether output number `port` pauses: bool (cycles,)."""
        return self._pauses(_OUTPUT_PORTS + port, cycles, _threshold(self.outputs))

    def _pauses(self, port: int, cycles: int, threshold: int) -> np.ndarray:
        """The function `pauses` of verilator_main.cpp: splitmix64's mixing of seed, port and cycle."""
        offset = ((self.seed & _MASK) * 0x9E3779B97F4A7C15 + port * 0xD1B54A32D192ED03) & _MASK
        z = (np.arange(cycles, dtype=np.uint64) // np.uint64(self.burst) + np.uint64(1)) * np.uint64(0x8CB92BA72F3D8DD7)
        z += np.uint64(offset)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
        return (z >> np.uint64(32)) < np.uint64(threshold)


def _threshold(probability: float) -> int:
    return round(probability * 2**32)


FLOWING = Stalls(0, 0.0, 0.0)
"""No pauses at all."""
