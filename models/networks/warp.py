"""`warp`: two hidden units that distort the plane until a straight line parts two curves; the review's Figure 1a."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from netloom.common.palette import INK, LINE, MUTED, PROVEN, SEEN
from netloom.models.networks.network import Network, Target, Training
from netloom.models.networks.optimizers import adam
from netloom.models.tasks.pictures.picture import Picture, Shows

if TYPE_CHECKING:
    import keras

_LINES, _POINTS = 17, 81
"""Lines of the drawn grid in each direction, and points along each."""
_CURVES = (PROVEN, SEEN)
"""Colours of the lower and the upper curve."""


def build() -> "keras.Model":
    """2 coordinates -> 2 with tanh -> 1 logit.

    The two units begin with a look to either side; two that begin alike end more often with both on one side.
    """
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input((2,), name="point"),
            layers.Dense(2, name="hidden"),
            layers.Activation("tanh", name="tanh"),
            layers.Dense(1, name="logit"),
        ],
        name="warp",
    )
    model.get_layer("hidden").set_weights([np.array([[1, -1], [1, 1]], np.float32), np.zeros(2, np.float32)])
    return model


def pictures(shows: Shows) -> Sequence[Picture]:
    """The plane as the input units see it and as the hidden units do, of the float and of the quantized network."""
    lines = _grid()
    flat = np.concatenate(lines)
    spaces = {}
    for engine in ("float", "fixed"):
        layers = shows.layers(engine, flat)
        hidden, logit = layers["tanh"], layers["logit"][:, 0]
        points = shows.layers(engine, shows.x)["tanh"]
        spaces[engine] = (hidden, logit, points)

    def draw(figure: Any) -> None:
        for row, (engine, (hidden, logit, points)) in enumerate(spaces.items()):
            left, right = figure.add_subplot(2, 2, 2 * row + 1), figure.add_subplot(2, 2, 2 * row + 2)
            name = "quantized (fixed)" if engine == "fixed" else engine
            _draw_plane(left, f"{name}: input units", lines, shows.x, shows.y)
            _draw_boundary(left, logit)
            _draw_plane(right, f"{name}: hidden units", np.split(hidden, len(lines)), points, shows.y)
            _draw_line(right, hidden, logit)

    title = "What the hidden units make of the plane"
    note = (
        "A regular grid and the two classes, as the two inputs give them and as the two hidden units do. There a"
        " straight line parts them; on the left the same line, where it comes from."
    )
    return [Picture(title, note, (7.6, 7.2), draw)]


def _grid() -> list[np.ndarray]:
    """Lines of a regular grid over -1 to 1, each (points, 2): the horizontal ones, then the vertical."""
    along, places = np.linspace(-1, 1, _POINTS), np.linspace(-1, 1, _LINES)
    across = [np.stack([along, np.full(_POINTS, place)], axis=1) for place in places]
    return across + [line[:, ::-1] for line in across]


def _draw_plane(axes: Any, title: str, lines: Sequence[np.ndarray], points: Any, labels: Any) -> None:
    for line in lines:
        axes.plot(*line.T, color=LINE, linewidth=0.8, zorder=1)
    for which, colour in enumerate(_CURVES):
        axes.plot(*points[labels == which][:150].T, ".", color=colour, markersize=3, zorder=3)
    axes.set_title(title, fontsize=9, loc="left", color=INK)
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def _draw_boundary(axes: Any, logit: np.ndarray) -> None:
    """Where the network changes its mind, in the input plane."""
    rows = logit[: _LINES * _POINTS].reshape(_LINES, _POINTS)
    along, places = np.linspace(-1, 1, _POINTS), np.linspace(-1, 1, _LINES)
    axes.contour(along, places, rows, levels=[0], colors=[MUTED], linewidths=1.4, zorder=2)


def _draw_line(axes: Any, hidden: np.ndarray, logit: np.ndarray) -> None:
    """The same among the hidden units, where the logit is a weighted sum: a straight line."""
    (first, second, bias), *_ = np.linalg.lstsq(np.column_stack([hidden, np.ones(len(hidden))]), logit, rcond=None)
    limits = axes.get_xlim(), axes.get_ylim()
    if second:
        axes.axline((0, -bias / second), slope=-first / second, color=MUTED, linewidth=1.4, zorder=2)
    axes.set_xlim(limits[0])
    axes.set_ylim(limits[1])


NETWORK = Network(
    name="warp",
    title="Warped plane",
    review="Figure 1a: hidden units distort the input space until the classes are linearly separable",
    description="Two curves that no straight line parts, and the smallest network that does: two hidden units.",
    dataset="curves",
    builder=build,
    training=Training(epochs=40, batch_size=64, optimizer=adam(0.05)),
    expected_score=0.99,
    bits=8,
    fine_tune_epochs=5,
    target=Target("ULX3S-25F", target_ii=1),
    training_seconds=20,
    pictures=pictures,
)
