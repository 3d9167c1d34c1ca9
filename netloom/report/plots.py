"""The report's plots, each from records and arrays to inline SVG."""

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from netloom.common.palette import INK, LINE, MAX, MEAN, MUTED, PROVEN, SEEN, TYPE
from netloom.report.evidence import FloorPlan
from netloom.report.figure import drawing, new_figure, to_svg
from netloom.report.schema import LayerRecord

_WIDTH = 8.4
_ROW = 0.34


def ranges(layers: Sequence[LayerRecord]) -> str:
    """For each layer, the magnitudes its type can hold, what is proven to occur, and what was seen (log2)."""
    with drawing():
        figure, axes = _rows(layers)
        tooltips = {}
        for row, layer in enumerate(layers):
            low, high = np.log2([layer.step, max(-layer.type_min, layer.type_max)])
            bar = axes.barh(row, max(high - low, 0.1), left=low, height=0.62, color=TYPE)[0]
            bar.set_gid(f"row{row}")
            proven = max(abs(layer.proven_min), abs(layer.proven_max))
            lines = [
                f"{layer.origin}: {layer.type}",
                f"type    {layer.type_min:g} to {layer.type_max:g}, step {layer.step:g}",
                f"proven  {layer.proven_min:g} to {layer.proven_max:g}",
            ]
            if proven > 0:
                axes.plot([np.log2(proven)] * 2, [row - 0.4, row + 0.4], color=PROVEN, linewidth=2.2)
            if layer.seen_min is not None and layer.seen_max is not None:
                lines.append(f"seen    {layer.seen_min:g} to {layer.seen_max:g}")
                if (seen := max(abs(layer.seen_min), abs(layer.seen_max))) > 0:
                    axes.plot(np.log2(seen), row, "o", color=SEEN, markersize=5)
            tooltips[f"row{row}"] = "\n".join(lines)
        axes.set_xlabel("magnitude")
        axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(12, integer=True))
        axes.xaxis.set_major_formatter(lambda power, _: _power_of_two(power))
        return to_svg(figure, "ranges", "Range of each layer's type, and the ranges proven and seen", tooltips)


def errors(layers: Sequence[LayerRecord]) -> str:
    """For each layer, how far `fixed` is from `quantized`: mean and largest, in steps of the layer's type."""
    measured = [layer for layer in layers if layer.error_max_steps is not None]
    with drawing():
        figure, axes = _rows(measured)
        tooltips = {}
        for row, layer in enumerate(measured):
            mean, largest = layer.error_mean_steps or 0.0, layer.error_max_steps or 0.0
            axes.barh(row, largest, height=0.62, color=MAX)[0].set_gid(f"row{row}")
            axes.barh(row, mean, height=0.62, color=MEAN)
            text = f"{largest:,.0f}" if largest >= 100 else f"{largest:.3g}"
            axes.annotate(text, (largest, row), (4, 0), textcoords="offset points", va="center", color=MUTED)
            tooltips[f"row{row}"] = f"{layer.origin}: mean {mean:.3g}, largest {largest:.3g} steps of {layer.step:g}"
        axes.set_xlim(left=0)
        axes.set_xlabel("steps of the layer's type")
        return to_svg(figure, "errors", "Distance of fixed from quantized, for each layer", tooltips)


def weights(histograms: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> str:
    """For each layer, its distinct weights in ascending order, and how often each value of their grid is used."""
    columns = min(3, len(histograms))
    rows = -(-len(histograms) // columns)
    with drawing():
        figure = new_figure(_WIDTH * columns / 3, 1.75 * rows)
        grid = figure.subplots(rows, columns, squeeze=False)
        for axes in grid.flat[len(histograms) :]:
            axes.remove()
        for axes, (name, (values, counts)) in zip(grid.flat, histograms.items(), strict=False):
            # One outline whatever the number of values: each has its bar, with a gap to the next.
            half = 0.42 * (np.diff(values).min() if len(values) > 1 else 1.0)
            edges = np.column_stack([values - half, values + half]).reshape(-1)
            heights = np.column_stack([counts, np.zeros_like(counts)]).reshape(-1)[:-1]
            axes.stairs(heights, edges, fill=True, color=MEAN)
            axes.set_title(_short(name), fontsize=9, loc="left", color=INK)
            axes.set_yticks([])
            axes.spines["left"].set_visible(False)
            axes.margins(x=0.02)
            axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(5))
        return to_svg(figure, "weights", "How often each quantized weight occurs, for each layer")


def confusion(matrix: np.ndarray, names: Sequence[str]) -> str:
    """A confusion matrix: counts, (classes, classes); rows are the labels, columns the predictions."""
    classes = len(matrix)
    size = min(max(3.4, 0.46 * classes + 0.9), 7.0)
    labels = [_short(name, 16) for name in names]
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    pixels = np.zeros((classes, classes, 4))
    pixels[..., :3] = np.where(np.eye(classes, dtype=bool)[..., None], (0.0, 0.45, 0.70), (0.84, 0.37, 0.0))
    pixels[..., 3] = 0.78 * np.sqrt(shares)
    with drawing():
        figure = new_figure(size, size)
        axes = figure.subplots()
        axes.imshow(pixels, interpolation="none")
        if classes <= 20:
            for row, column in np.argwhere(matrix):
                axes.text(column, row, str(matrix[row, column]), ha="center", va="center", fontsize=8)
            axes.set_xticks(range(classes), labels, rotation=0 if max(map(len, labels)) <= 3 else 60)
            axes.set_yticks(range(classes), labels)
        axes.tick_params(length=0, labelcolor=INK)
        axes.set(xlabel="predicted", ylabel="label")
        axes.spines[:].set_visible(False)
        return to_svg(figure, "confusion", "Confusion matrix: labels in rows, predictions in columns")


_HUES = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#ee7733", "#009988", "#bbbbbb", "#997700")
_MARKS = ("s", "D")


def draw_floor_plan(plan: FloorPlan) -> str:
    """Where each cell of a routed design sits: colours are groups, marks are DSP blocks and block RAMs."""
    colours = np.array([matplotlib.colors.to_rgb(_HUES[number % len(_HUES)]) for number in range(len(plan.groups))])
    x, y, group, kind, count = plan.cells.T
    logic = kind == 0
    counts = np.zeros((plan.height, plan.width, len(plan.groups)), dtype=np.int64)
    np.add.at(counts, (y[logic], x[logic], group[logic]), count[logic])
    # A tile that several groups share has the colour of the one with the most cells in it.
    filled = counts.sum(axis=2)
    pixels = np.concatenate([colours[counts.argmax(axis=2)], np.sqrt(filled / max(1, filled.max()))[..., None]], axis=2)
    with drawing():
        figure = new_figure(7.0, 5.2 * plan.height / plan.width + 0.2)
        axes = figure.subplots()
        axes.imshow(pixels, interpolation="none", origin="lower")
        for number, mark in enumerate(_MARKS, start=1):
            cells = kind == number
            if cells.any():
                axes.scatter(x[cells], y[cells], s=20, marker=mark, c=colours[group[cells]], linewidths=0)
        for name, colour in zip(plan.groups, colours, strict=True):
            axes.scatter([], [], s=24, marker="s", color=colour, label=_short(name))
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(True)
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=8)
        return to_svg(figure, "floorplan", "Cells of the routed design by layer, where they sit on the FPGA")


def profile(values: np.ndarray, name: str) -> str:
    """One sample that is no image: its features as bars, or as a line if there are many."""
    flat = np.ravel(values)
    with drawing():
        figure = new_figure(1.5, 0.9)
        axes = figure.subplots()
        if len(flat) <= 40:
            axes.bar(range(len(flat)), flat, color=MEAN)
        else:
            axes.plot(flat, color=MEAN, linewidth=0.8)
        axes.axhline(0, color=LINE, linewidth=0.6)
        axes.set_axis_off()
        return to_svg(figure, name, "The sample's values")


def _rows(layers: Sequence[LayerRecord]) -> tuple[Figure, matplotlib.axes.Axes]:
    """An empty plot with a row for each layer."""
    figure = new_figure(_WIDTH, 0.75 + _ROW * len(layers))
    axes = figure.subplots()
    axes.set_yticks(range(len(layers)), [_short(layer.origin) for layer in layers])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_ylim(len(layers) - 0.4, -0.6)
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    return figure, axes


def _short(name: str, length: int = 24) -> str:
    # What tells a layer's quantizer from the layer stands at the end.
    return name if len(name) <= length else f"{name[: length // 2]}…{name[length // 2 + 1 - length :]}"


def _power_of_two(power: float) -> str:
    digits = str(round(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"2{digits}" if abs(power) > 3 else f"{2.0**power:g}"
