"""`fitted_lines`: scales and shifts of few bits that, rounded to the nearest, rise at given whole numbers exactly."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from netloom.quantize.quantizer_types import FLOAT32_BITS
from netloom.quantize.smallest_grid import is_fixed

FINEST = 30
"""Fraction bits that are tried."""

_NONE = 2**60


@dataclass(frozen=True)
class Line:
    """scale * a + shift, rounded to the nearest even and held between 0 and `levels`.

    Attributes:
        scale: float64 (channels,), exact in float32.
        shift: likewise.
        levels: thresholds that it meets.
    """

    scale: np.ndarray
    shift: np.ndarray
    levels: int


def fitted_lines(
    thresholds: np.ndarray, slopes: np.ndarray, low: np.ndarray, high: np.ndarray, most: int
) -> Sequence[Line] | None:
    """Lines whose sum is the number of thresholds reached: as few as a greedy search finds; None if more than `most`.

    Args:
        thresholds: int64 (channels, thresholds), rising along the last axis.
        slopes: float64 (channels,), levels a step, if they are even.
        low: int64 (channels,): the least whole number that can come.
        high: int64 (channels,): the greatest.
        most: lines.
    """
    found: list[Line] = []
    start, count = 0, thresholds.shape[1]
    while start < count:
        if len(found) == most:
            return None
        fits, length, unfit = None, 0, count - start + 1
        step = count - start
        while length + 1 < unfit:
            tried = _fitted(thresholds[:, start : start + step], slopes, low, high)
            fits, length, unfit = (tried, step, unfit) if tried else (fits, length, step)
            step = (length + unfit) // 2
        if fits is None:
            return None
        found.append(fits)
        start += fits.levels
    return found


def _fitted(thresholds: np.ndarray, slopes: np.ndarray, low: np.ndarray, high: np.ndarray) -> Line | None:
    levels = thresholds.shape[1]
    spread = np.maximum(thresholds[:, -1] - thresholds[:, 0], 1)
    for slope in (slopes, (levels - 1) / spread if levels > 1 else np.ones(len(thresholds))):
        line = fitted_line(thresholds, slope, low, high)
        if line is not None and all(is_fixed(one) for one in line):
            return Line(*line, levels)
    return None


def fitted_line(
    thresholds: np.ndarray, slopes: np.ndarray, low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """A line for each channel: scale * a + shift, rounded to the nearest even, is at least k from threshold k on.

    Args:
        thresholds: int64 (channels, thresholds), rising along the last axis; threshold k is at place k - 1.
        slopes: float64 (channels,), levels a step, about.
        low: int64 (channels,): the least a that can come.
        high: int64 (channels,): the greatest.

    Returns:
        Scales and shifts, float64 (channels,), each exact in float32; None if there is no line of so few bits.
    """
    levels = np.arange(1, thresholds.shape[1] + 1)
    reached, missed = np.maximum(thresholds, low[:, None]), np.minimum(thresholds - 1, high[:, None])
    # What is never reached must be missed by all that come, and what always is reached by all.
    must_reach, must_miss = thresholds <= high[:, None], thresholds > low[:, None]
    scales, shifts, open_ = (np.zeros(len(slopes)) for _ in range(3))
    open_[:] = True
    for fraction in range(1, FINEST + 1):
        halves = (2 * levels - 1) << (fraction - 1)
        nearest = np.ldexp(slopes, fraction)
        for round_ in (np.rint, np.floor, np.ceil):
            scale = round_(np.minimum(nearest, 2.0**FLOAT32_BITS)).astype(np.int64)
            least = np.where(must_reach, halves + levels % 2 - scale[:, None] * reached, -_NONE).max(1)
            most = np.where(must_miss, halves - (levels + 1) % 2 - scale[:, None] * missed, _NONE).min(1)
            # Where nothing has to be missed, or reached, a level more or less will do.
            most = np.where(most == _NONE, np.where(least == -_NONE, 0, least + (2 << fraction)), most)
            least = np.where(least == -_NONE, most - (2 << fraction), least)
            for channel in np.flatnonzero((least <= most) & (open_ > 0)):
                shift = _roundest(int(least[channel]), int(most[channel]))
                if max(abs(shift).bit_length() - _zeros(shift), int(scale[channel]).bit_length()) <= FLOAT32_BITS:
                    scales[channel] = np.ldexp(float(scale[channel]), -fraction)
                    shifts[channel] = np.ldexp(float(shift), -fraction)
                    open_[channel] = False
        if not open_.any():
            return scales, shifts
    return None


def _roundest(least: int, most: int) -> int:
    """The whole number between two that has the most zeros at its end."""
    if least <= 0 <= most:
        return 0
    for bits in range(max(abs(least), abs(most)).bit_length(), -1, -1):
        candidate = -((-least) >> bits) << bits
        if candidate <= most:
            return candidate
    return least


def _zeros(value: int) -> int:
    return (value & -value).bit_length() - 1 if value else 0
