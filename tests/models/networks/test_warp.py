"""`warp`: the hidden units part what no straight line parts, and the picture shows it."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from netloom.models import get_network, load_dataset
from netloom.models.data.curves import GAP, curve
from netloom.models.tasks import Shows

WARP = get_network("warp")


def test_the_curves_are_drawn_the_same_each_time_and_lie_where_they_should():
    first, second = load_dataset("curves"), load_dataset("curves")
    assert first.digest == second.digest
    assert np.abs(first.x_test).max() <= 1
    lower = first.x_test[first.y_test == 0]
    assert np.abs(lower - curve(lower[:, 0], 0)).max() < GAP / 2
    assert np.bincount(first.y_train).tolist() == [1000, 1000]


def test_no_straight_line_parts_them():
    from sklearn.linear_model import LogisticRegression

    data = load_dataset("curves")
    assert LogisticRegression().fit(data.x_train, data.y_train).score(data.x_test, data.y_test) < 0.8


@pytest.mark.slow
def test_two_hidden_units_do():
    data = load_dataset("curves")
    model = WARP.build()
    WARP.train(model, data)
    scores = WARP.score.name, ((model.predict(data.x_test, verbose=0)[:, 0] > 0) == data.y_test).mean()
    assert scores[0] == "accuracy" and WARP.reaches(scores[1])


def made_up(engine, x):
    """Layers of a warp by hand; the quantized one is coarser."""
    x = np.asarray(x, dtype=np.float64)
    hidden = np.tanh(3 * x @ np.array([[1.0, -1.0], [1.0, 1.0]]))
    hidden = np.round(8 * hidden) / 8 if engine == "fixed" else hidden
    return {"tanh": hidden, "logit": (hidden @ [2.0, 1.0] + 0.5)[:, None]}


def test_the_picture_has_the_grid_and_the_line_of_both_engines():
    data = load_dataset("curves")
    asked = []

    def layers(engine, x):
        asked.append(engine)
        return made_up(engine, x)

    (picture,) = WARP.pictures(Shows(data.x_test, data.y_test, data.class_names, {}, layers))
    figure = Figure(figsize=picture.size)
    picture.draw(figure)
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "float: input units",
        "float: hidden units",
        "quantized (fixed): input units",
        "quantized (fixed): hidden units",
    ]
    assert set(asked) == {"float", "fixed"}
    inputs, hidden = figure.axes[:2]
    # 34 lines of the grid and two classes; among the hidden units the straight line besides.
    assert len(inputs.lines) == 36 and len(hidden.lines) == 37
    bent = hidden.lines[0].get_xydata()
    np.testing.assert_allclose(bent, made_up("float", inputs.lines[0].get_xydata())["tanh"])
    # 2 a + b + 0.5 = 0: the slope of the line that parts them.
    np.testing.assert_allclose(hidden.lines[-1].get_slope(), -2)
    assert inputs.collections[0].get_paths()
