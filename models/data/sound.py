"""`Hearing`: sound as bands of frequencies, frame by frame, which is what networks are given of it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Hearing:
    """Overlapping frames, and in each of them bands that are equally wide to the ear (the mel scale).

    Attributes:
        rate: samples a second.
        window: samples that a frame spans.
        hop: samples from one frame to the next.
        bands: how many.
        lowest: end of the bands, Hz.
        highest: the other end, Hz; at most half of `rate`.
    """

    rate: int
    window: int
    hop: int
    bands: int
    lowest: float
    highest: float

    def samples(self, frames: int) -> int:
        """How many samples so many frames span."""
        return self.window + self.hop * (frames - 1)

    def powers(self, audio: np.ndarray) -> np.ndarray:
        """The power of each band in each frame.

        Args:
            audio: (..., samples); what does not fill a frame is left out.

        Returns:
            float64, (..., frames, bands).
        """
        frames = np.lib.stride_tricks.sliding_window_view(audio, self.window, axis=-1)[..., :: self.hop, :]
        spectrum = np.fft.rfft(frames * np.hanning(self.window + 1)[:-1], axis=-1)
        powers: np.ndarray = np.abs(spectrum) ** 2 @ self._bank.T
        return powers

    @cached_property
    def _bank(self) -> np.ndarray:
        """How much each frequency counts in each band, (bands, window / 2 + 1): triangles that overlap."""
        lowest, highest = (2595 * np.log10(1 + end / 700) for end in (self.lowest, self.highest))
        edges = 700 * (10 ** (np.linspace(lowest, highest, self.bands + 2) / 2595) - 1)
        frequencies = np.fft.rfftfreq(self.window, 1 / self.rate)
        rising = (frequencies - edges[:-2, None]) / np.diff(edges)[:-1, None]
        falling = (edges[2:, None] - frequencies) / np.diff(edges)[1:, None]
        return np.maximum(0, np.minimum(rising, falling))
