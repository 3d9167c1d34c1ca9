"""Each task's scores against what a few lines say, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import jaccard_score, mean_absolute_error, r2_score, root_mean_squared_error

from netloom.errors import InputError, SettingsError
from netloom.models.data.examples import Examples
from netloom.models.tasks import Classification, Segmentation, Task, add_task, find_task, guess_task, tasks
from netloom.models.tasks.picture import Shows
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
    for other in (replace(shows, y=truth * 0), replace(shows, x=RANDOM.random((6, 8, 8, 2))), replace(shows, y=None)):
        assert not Segmentation().pictures(other)


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


def test_multilabel_counts_labels_and_samples() -> None:
    outputs, targets = np.array([[1.0, -1, 1], [-1, -1, -1]]), np.array([[1, 0, 1], [1, 0, 0]])
    scores = find_task("multilabel").measure(outputs, targets)
    assert scores == {"label_accuracy": pytest.approx(5 / 6), "exact_match": 0.5}


@pytest.mark.parametrize("task", tasks(), ids=lambda task: task.name)
def test_without_targets_there_are_no_scores_or_none_are_needed(task: Task) -> None:
    assert (task.evaluate(lambda x: x, Examples(np.ones((3, 2)), None)) == {}) == task.has_targets


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
