"""Each task's scores against what a few lines say, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.metrics import (
    jaccard_score,
    mean_absolute_error,
    r2_score,
    roc_auc_score,
    roc_curve,
    root_mean_squared_error,
)

from netloom.errors import InputError, SettingsError
from netloom.models.data.catching import drawn_positions
from netloom.models.data.examples import Examples
from netloom.models.tasks import Classification, Segmentation, Shows, Task, add_task, find_task, guess_task, tasks
from netloom.models.tasks.multilabel import roc
from netloom.report.pictures import drawn

RANDOM = np.random.default_rng(0)


def test_regression_is_scikit_learns() -> None:
    outputs, targets = RANDOM.normal(0, 1, (2, 50, 3))
    scores = find_task("regression").evaluate(lambda x: outputs, Examples(outputs, targets))
    assert scores == {
        "mean_absolute_error": pytest.approx(mean_absolute_error(targets, outputs)),
        "root_mean_square_error": pytest.approx(np.sqrt(((targets - outputs) ** 2).mean())),
        "r2": pytest.approx(r2_score(targets, outputs)),
    }
    assert root_mean_squared_error(targets[:, 0], outputs[:, 0]) > 0


def test_mean_iou_is_over_the_classes_that_are_met() -> None:
    outputs, targets = RANDOM.normal(0, 1, (5, 4, 4, 7)), RANDOM.integers(0, 3, (5, 4, 4))
    outputs[..., 3:] = -9
    scores = Segmentation().measure(outputs, targets)
    chosen = outputs.argmax(axis=-1)
    assert scores["pixel_accuracy"] == (chosen == targets).mean()
    assert scores["mean_iou"] == pytest.approx(jaccard_score(targets.ravel(), chosen.ravel(), average="macro"))


def test_pixels_that_do_not_count_are_neither_learned_nor_counted() -> None:
    keras = pytest.importorskip("keras")
    outputs, targets = RANDOM.normal(0, 1, (5, 4, 4, 3)).astype(np.float32), RANDOM.integers(-1, 3, (5, 4, 4))
    counts = targets >= 0
    task = Segmentation()
    assert task.measure(outputs, targets) == task.measure(outputs[counts][None], targets[counts][None])
    for scores, right in ((outputs, targets), (outputs[..., :1], np.minimum(targets, 1))):
        model = keras.Sequential([keras.Input(scores.shape[1:]), keras.layers.Activation("linear")])
        loss = task.loss(model)
        every = loss(task.fitted(model, right), scores)
        chosen = loss(task.fitted(model, right[counts][None]), scores[counts][None])
        assert float(every) == pytest.approx(float(chosen), rel=1e-5)
    read = task.read("y", targets)
    assert (read == targets).all()
    task.check("y", "m", (4, 4, 3), read)
    shown = task.target(read[0], ())
    assert shown.image is not None and shown.image.min() >= 0


def test_outlines_of_a_segmentation_are_drawn_where_there_is_something_to_outline() -> None:
    truth = np.zeros((6, 8, 8), np.int64)
    truth[1:, 2:5, 3:6] = 1
    truth[2, 5:] = -1
    outputs = np.where(truth == 1, 1.0, -1.0)[..., None]
    x = RANDOM.random((6, 8, 8, 1))
    shows = Shows(x, truth, (), {"fixed": [outputs]}, lambda engine, inputs: {})
    (picture,) = Segmentation().pictures(shows)
    assert drawn(picture, "outlines").count("<image") == 4
    for other in (replace(shows, y=truth * 0), replace(shows, x=RANDOM.random((6, 8, 8, 5))), replace(shows, y=None)):
        assert not Segmentation().pictures(other)


def test_reconstructions_of_the_engines_stand_below_the_images() -> None:
    x = RANDOM.random((12, 28, 28, 1))
    predictions = {"float": [x / 2], "fixed": [x.reshape(12, 784)[:11]]}
    shows = Shows(x, None, (), predictions, lambda engine, inputs: {})
    (picture,) = find_task("reconstruction").pictures(shows)
    figure = Figure()
    picture.draw(figure)
    assert [figure.axes[row].get_ylabel() for row in (0, 10, 20)] == ["image", "float", "fixed"]
    shown = figure.axes[13].images[0].get_array()
    np.testing.assert_allclose(shown, np.clip((x[3, ..., 0] / 2 - x[:10].min()) / np.ptp(x[:10]), 0, 1))
    assert not find_task("reconstruction").pictures(replace(shows, x=x.reshape(12, 784)))


def test_estimates_are_drawn_against_what_was_measured() -> None:
    measured, said = RANDOM.normal(0, 1, (2, 50, 3))
    shows = Shows(said, measured, (), {"fixed": [said[:40]]}, lambda engine, inputs: {})
    (picture,) = find_task("regression").pictures(shows)
    figure = Figure()
    picture.draw(figure)
    points = figure.axes[0].lines[1]
    np.testing.assert_array_equal(points.get_xydata(), np.stack([measured[:40].ravel(), said[:40].ravel()], axis=1))
    assert not find_task("regression").pictures(replace(shows, y=None))


def test_samples_are_drawn_with_their_highest_scores_and_some_that_are_misjudged() -> None:
    x, y = RANDOM.random((20, 8, 8, 1)), np.arange(20) % 7
    scores = np.eye(7)[y] + np.linspace(0, 0.5, 7)
    scores[[15, 18]] = scores[0]  # 15 and 18 are of the classes 1 and 4, and taken for 0
    scores[15, 1] = -1
    shows = Shows(x, y, tuple("abcdefg"), {"fixed": [scores]}, lambda engine, inputs: {})
    (picture,) = Classification().pictures(shows)
    figure = Figure()
    picture.draw(figure)
    seen, bars = figure.axes[:6], figure.axes[6:]
    for axes, number in zip(seen, [0, 1, 2, 3, 15, 18], strict=True):
        wanted = (x[number, ..., 0] - x[number].min()) / np.ptp(x[number])
        np.testing.assert_array_equal(axes.images[0].get_array(), wanted)
    assert [[label.get_text() for label in axes.get_yticklabels()][-1] for axes in bars] == [
        "a",
        "b",
        "c",
        "d",
        "a",
        "a",
    ]
    assert bars[4].get_yticklabels()[0].get_text() == "b"
    widths = [bar.get_width() for bar in bars[0].patches]
    assert widths == sorted(widths) and len(widths) == 5
    assert "orange is what was chosen in its stead" in picture.note
    (line,) = Classification().pictures(replace(shows, x=RANDOM.random((20, 12)), y=None))
    assert drawn(line, "line").count("<image") == 0 and "orange" not in line.note
    assert not Classification().pictures(replace(shows, predictions={"fixed": [scores[:, :1]]}))


@pytest.mark.parametrize(("threshold", "accuracy"), [(0.0, 0.5), (0.5, 1.0)])
def test_one_output_decides_by_the_threshold(threshold: float, accuracy: float) -> None:
    task = Classification().deciding([threshold])
    assert task.measure(np.array([[0.2], [0.9]]), np.array([0, 1])) == {"accuracy": accuracy}


def test_several_outputs_are_decoded_each_by_its_own_task() -> None:
    outputs = [np.array([[0.1, 0.7, 0.2]]), np.array([[2.5]])]
    classes, measured = find_task("kind=classification,size=regression").decode(outputs)  # type: ignore[arg-type]
    assert classes.tolist() == [1]
    assert measured.tolist() == [[2.5]]


def test_reconstruction_is_held_against_the_input() -> None:
    x = RANDOM.random((6, 4, 4, 1))
    assert find_task("reconstruction").evaluate(lambda x: x + 2, Examples(x, None)) == {
        "mean_squared_error": pytest.approx(4)
    }


def test_anomalies_are_what_is_rendered_badly() -> None:
    task, random = find_task("anomaly"), np.random.default_rng(0)
    x, anomalous = random.normal(size=(60, 2, 3)), np.arange(60) % 3 == 0
    noise = random.normal(size=x.shape) * np.where(anomalous, 2, 1)[:, None, None]
    scores = task.evaluate(lambda x: x + noise, Examples(x, anomalous.astype(np.int64)))
    errors = (noise**2).mean(axis=(1, 2))
    assert scores["roc_auc"] == pytest.approx(roc_auc_score(anomalous, errors))
    assert 0.6 < scores["roc_auc"] < 1
    assert scores["mean_squared_error"] == pytest.approx(errors[~anomalous].mean())
    assert task.scores[0].name == "roc_auc"
    assert set(task.evaluate(lambda x: x, Examples(x, np.ones(60, np.int64)))) == set()
    assert task.wanted(Examples(x, anomalous)) is x  # it is trained on the inputs, whatever there are for targets


def test_targets_of_anomalies_are_yes_or_no() -> None:
    task = find_task("anomaly")
    assert task.read("y", np.array([[True], [False]])).tolist() == [1, 0]
    for wrong in (np.array([0, 2]), np.zeros((3, 2))):
        with pytest.raises(InputError, match="y must be 1 for anomalies and else 0"):
            task.read("y", wrong)
    task.check("y", "model", (640,), np.zeros(3))
    assert task.target(np.int64(1), ()).text == "an anomaly" and task.target(np.int64(0), ()).text == "none"


def test_anomalies_are_no_task_of_one_output_among_several() -> None:
    with pytest.raises(SettingsError, match="the task anomaly is of a network with one output"):
        find_task("a=anomaly,b=regression")


def test_errors_of_anomalies_and_of_the_rest_are_drawn() -> None:
    x = np.random.default_rng(0).normal(size=(40, 3))
    shows = Shows(x, np.arange(40) % 2, (), {"fixed": [x[:30] * 0.9]}, lambda engine, inputs: {})
    (picture,) = find_task("anomaly").pictures(shows)
    text = drawn(picture, "errors")
    assert "anomalies" in text and "as in training" in text
    assert "$" not in text  # as mathematics, numbers along the axis would be drawn letter by letter
    assert not find_task("anomaly").pictures(replace(shows, y=None))


def test_multilabel_counts_labels_and_samples() -> None:
    outputs, targets = np.array([[1.0, -1, 1], [-1, -1, -1]]), np.array([[1, 0, 1], [1, 0, 0]])
    scores = find_task("multilabel").measure(outputs, targets)
    assert scores == {"mean_roc_auc": 1.0, "label_accuracy": pytest.approx(5 / 6), "exact_match": 0.5}


def test_roc_auc_is_scikit_learns_over_what_is_known() -> None:
    outputs = RANDOM.integers(0, 9, (80, 5)).astype(float)  # with ties
    targets = RANDOM.integers(0, 2, (80, 5)).astype(np.float32)
    targets[RANDOM.random((80, 5)) < 0.3] = np.nan
    targets[:, 3] = np.where(np.isnan(targets[:, 3]), np.nan, 1)  # nobody is known to lack it
    known = ~np.isnan(targets)
    areas = [roc_auc_score(targets[known[:, i], i], outputs[known[:, i], i]) for i in (0, 1, 2, 4)]
    task = find_task("multilabel")
    scores = task.measure(outputs, targets)
    right = (outputs > 0) == targets
    assert scores["mean_roc_auc"] == pytest.approx(np.mean(areas))
    assert scores["label_accuracy"] == pytest.approx(right[known].mean())
    assert scores["exact_match"] == pytest.approx((right | ~known)[known.any(axis=1)].all(axis=1).mean())
    assert (task.misjudged(outputs, targets) == (~right & known).any(axis=1)).all()
    assert "mean_roc_auc" not in task.measure(outputs[:, 3:4], targets[:, 3:4])


def test_labels_that_are_not_known_are_read_and_kept() -> None:
    task, given = find_task("multilabel"), np.array([[1, np.nan], [0, 1.0]])
    assert guess_task(given).name == "multilabel"
    found = task.read("y", given)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, given)
    assert task.read("y", np.array([[1.0, 0], [0, 1]])).dtype == np.int64
    refused = (given * 2, "of other values"), (given * np.nan, "not NaN alone"), (given + np.inf, "finite")
    for wrong, words in refused:
        with pytest.raises(InputError, match=words):
            task.read("y", wrong)


@pytest.mark.parametrize("activation", ["linear", "sigmoid"])
def test_what_is_not_known_costs_nothing_in_training(activation: str) -> None:
    keras = pytest.importorskip("keras")
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, activation=activation)])
    loss = find_task("multilabel").loss(model)
    outputs, targets = RANDOM.random((4, 3)).astype(np.float32), RANDOM.integers(0, 2, (4, 3)).astype(np.float32)
    whole = keras.losses.BinaryCrossentropy(from_logits=activation == "linear")
    assert np.mean(loss(targets, outputs)) == pytest.approx(float(whole(targets, outputs)), rel=1e-5)
    partly = targets.copy()
    partly[:, 1] = np.nan
    kept = [0, 2]
    expected = float(whole(targets[:, kept], outputs[:, kept])) * 2 / 3
    assert np.mean(loss(partly, outputs)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("task", tasks(), ids=lambda task: task.name)
def test_without_targets_there_are_no_scores_or_none_are_needed(task: Task) -> None:
    x = drawn_positions(3, np.random.default_rng(0)).screens() if task.name == "control" else np.ones((3, 2))
    # Of `turing` the test split alone has targets.
    needed = task.has_targets or task.name == "turing"
    assert (task.evaluate(lambda x: x.reshape(len(x), -1)[:, :3], Examples(x, None)) == {}) == needed


@pytest.mark.parametrize(
    ("task", "array", "words"),
    [
        ("regression", np.array(["a"]), "must be finite numbers"),
        ("regression", np.array([1, np.nan]), "sample 1 has nan"),
        ("segmentation", np.full((2, 4, 4), 0.5), "sample 0 has 0.5"),
        ("segmentation", np.full((2, 4, 4), -2), "or -1 for those that do not count; sample 0 has -2"),
        ("segmentation", np.full((2, 4, 4), -1), "none counts"),
        ("multilabel", np.full((2, 4), 2), "rows of 0 and 1"),
        ("classification", np.ones((2, 4)), "not one-hot"),
    ],
)
def test_targets_of_another_kind_are_refused(task: str, array: np.ndarray, words: str) -> None:
    with pytest.raises(InputError, match=words):
        find_task(task).read("y_test", array)


def test_a_name_is_taken_once() -> None:
    with pytest.raises(SettingsError, match="'classification' is taken"):
        add_task(Classification())


def test_each_target_by_name_is_guessed() -> None:
    task = guess_task(None, {"a": np.array([0, 1]), "b": np.array([0.5, 1])})
    assert task.name == "a=classification,b=regression"
    assert find_task(task.name).name == task.name


def test_a_roc_curve_is_scikit_learns_and_is_drawn_for_each_property() -> None:
    scores, labels = RANDOM.integers(0, 9, (2, 80)).astype(float), RANDOM.integers(0, 2, (80, 3)).astype(np.float32)
    for one in scores:
        false, true, _ = roc_curve(labels[:, 0], one, drop_intermediate=False)
        np.testing.assert_allclose(roc(one, labels[:, 0]), (false, true))
    labels[:, 1] = 1
    labels[:5, 2] = np.nan
    shows = Shows(np.zeros((80, 1)), labels, ("a", "b", "c"), {"fixed": [RANDOM.normal(0, 1, (80, 3))]}, lambda *_: {})
    (picture,) = find_task("multilabel").pictures(shows)
    figure = Figure(figsize=picture.size)
    picture.draw(figure)
    assert [text.get_text().split()[0] for text in figure.legends[0].get_texts()] == ["a", "c"]
    assert find_task("multilabel").pictures(replace(shows, y=None)) == ()
