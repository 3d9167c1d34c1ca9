"""`control`: the game it plays, how it is judged by playing, and how it learns."""

from dataclasses import fields, replace

import numpy as np
import pytest

from netloom.errors import InputError
from netloom.models import get_network, load_dataset
from netloom.models.data.catching import ACTIONS, AROUND, REACH, SIDE, Positions, drawn_positions
from netloom.models.data.examples import Examples
from netloom.models.networks import control
from netloom.models.reinforcement import QLearning, learn_by_playing
from netloom.models.tasks import Shows, find_task
from netloom.models.tasks.control import BALLS
from netloom.pipeline.evaluation.fitted import fitted
from netloom.report.pictures import drawn

RANDOM = np.random.default_rng(0)
STAY = ACTIONS.index("stay")


def landed(now: Positions, target: np.ndarray | None = None) -> Positions:
    """Every ball down, with the bat on its way to a column, or where it is."""
    while not now.landed.all():
        then = now.moved(STAY + (0 * now.bat if target is None else np.sign(target - now.bat)))
        pairs = zip(now.values, then.values, strict=True)
        now = Positions(*(np.where(now.landed, before, after) for before, after in pairs))
    return now


def perfect(screens: np.ndarray) -> np.ndarray:
    """What moves are worth to one who knows the rules."""
    positions = Positions.seen(screens)
    return np.eye(len(ACTIONS))[np.sign(landed(positions).column - positions.bat) + STAY]


def idle(screens: np.ndarray) -> np.ndarray:
    return np.eye(len(ACTIONS))[np.full(len(screens), STAY)]


def test_a_ball_falls_a_row_a_step_and_bounces_off_the_walls() -> None:
    phase = np.arange(AROUND)
    for speed in (0, 1):
        ball = Positions(phase * 0 + 1, phase, phase * 0 + speed, phase * 0 + 5, phase * 0 + 5)
        columns = [ball.column]
        for row in range(2, SIDE):
            ball = ball.moved(np.full(AROUND, STAY))
            assert (ball.row == row).all()
            columns.append(ball.column)
        path = np.stack(columns)
        assert (path >= 0).all() and (path < SIDE).all()
        assert (np.abs(np.diff(path, axis=0)) == speed).all()
        assert ball.landed.all()
    assert {(int(path[0, one]), int(path[1, one])) for one in phase} >= {(0, 1), (SIDE - 1, SIDE - 2), (3, 2), (3, 4)}


def test_the_bat_moves_as_it_is_told_and_stays_on_the_screen() -> None:
    positions = drawn_positions(500, RANDOM)
    for action, step in enumerate((-1, 0, 1)):
        bat = positions.moved(np.full(500, action)).bat
        assert (bat == np.clip(positions.bat + step, REACH, SIDE - 1 - REACH)).all()


def test_a_ball_can_be_caught_exactly_if_the_bat_is_not_too_late() -> None:
    many = 2000
    phase, row = RANDOM.integers(AROUND, size=many), RANDOM.integers(1, SIDE - 1, size=many)
    bat = RANDOM.integers(REACH, SIDE - REACH, size=many)
    start = Positions(row, phase, RANDOM.integers(2, size=many), bat, bat)
    caught = landed(start, landed(start).column).caught
    assert 0 < caught.sum() < many
    assert (caught == (start.missing == 0)).all()


def test_what_is_on_the_screen_is_the_whole_position() -> None:
    positions = drawn_positions(3000, RANDOM)
    for _ in range(3):
        seen = Positions.seen(positions.screens())
        still = positions.speed == 0
        for field in fields(Positions):
            given, found = getattr(positions, field.name), getattr(seen, field.name)
            # A ball that does not drift has no direction.
            equal = (given == found) | (still & (field.name == "phase"))
            assert equal.all(), field.name
        assert (seen.column == positions.column).all()
        positions = positions.moved(RANDOM.integers(3, size=len(positions)))
        positions = positions.thrown(positions.landed, RANDOM)


@pytest.mark.parametrize("change", ["shape", "empty", "noise"])
def test_what_is_no_screen_is_refused(change: str) -> None:
    screens = drawn_positions(3, RANDOM).screens()
    if change == "shape":
        screens = screens[:, 1:]
    elif change == "empty":
        screens[1] = 0
    else:
        screens[1, 7, 7, 0] = 0.5
    with pytest.raises(InputError, match="shape" if change == "shape" else "sample 1 is no screen of the game"):
        find_task("control").evaluate(idle, Examples(screens, None))


def test_targets_and_other_outputs_are_refused() -> None:
    task = find_task("control")
    with pytest.raises(InputError, match="y_test: the task control has no targets"):
        task.read("y_test", np.zeros(3))
    with pytest.raises(InputError, match=r"outputs must be \(samples, 3\), one an action, not \(5, 4\)"):
        task.evaluate(lambda x: np.zeros((len(x), 4)), Examples(drawn_positions(5, RANDOM).screens(), None))


def test_playing_is_what_scores() -> None:
    task, data = find_task("control"), load_dataset("catching")
    samples, asked = Examples(data.x_test, None), []

    def watched(screens: np.ndarray) -> np.ndarray:
        asked.append(screens)
        return perfect(screens)

    assert task.evaluate(watched, samples) == {"return_of_best": 1.0, "balls_caught": 1.0}
    assert asked[0] is samples.x  # the outputs that are there already are taken
    assert (SIDE - 2) * (BALLS - 1) < len(asked) <= (SIDE - 2) * BALLS
    assert len(asked[-1]) < len(samples)
    lazy = task.evaluate(idle, samples)
    assert 0.1 < lazy["balls_caught"] < 0.5
    assert lazy["return_of_best"] == pytest.approx(2 * lazy["balls_caught"] - 1)
    assert task.evaluate(idle, samples) == lazy


def test_every_drawn_position_can_still_be_won_and_is_another() -> None:
    data = load_dataset("catching")
    assert data.y_train is None and data.y_test is None
    for screens in (data.x_train, data.x_test):
        assert (Positions.seen(screens).missing == 0).all()
        assert set(np.unique(screens)) == {0, 1}
    assert data.digest == load_dataset("catching").digest


def test_learning_by_playing_is_reproducible_and_learns() -> None:
    import keras

    found = []
    for _ in range(2):
        model = get_network("control").build()
        optimizer = keras.optimizers.Adam(2e-3)
        losses = learn_by_playing(model, QLearning(games=8, memory=20), 150, 32, optimizer, 3)
        found.append((losses, model.get_weights()))
    assert found[0][0] == found[1][0]
    for one, other in zip(found[0][1], found[1][1], strict=True):
        assert (one == other).all()
    assert np.mean(losses[-30:]) < np.mean(losses[:30])


@pytest.mark.slow
def test_it_plays_better_after_some_training() -> None:
    network, data = get_network("control"), load_dataset("catching")
    model = network.build()
    history = network.train(model, data, replace(network.training, epochs=3))
    assert len(history["loss"]) == 3
    few = Examples(data.x_test[:50], None)
    scores = find_task("control").evaluate(lambda x: model.predict(x, verbose=0), few)
    assert scores["balls_caught"] > 0.5


def test_its_picture_has_balls_as_they_are_played() -> None:
    shows = Shows(np.zeros(0), None, ACTIONS, {}, lambda engine, x: {"worth": perfect(x)})
    (picture,) = control.pictures(shows)
    text = drawn(picture, "game")
    assert text.count("caught") == control.DRAWN and "missed" not in text
    (picture,) = control.pictures(replace(shows, layers=lambda engine, x: {"worth": idle(x)}))
    assert drawn(picture, "game").count("missed") == control.DRAWN


def test_without_targets_its_outputs_are_not_taken_for_the_inputs_again() -> None:
    network, data = get_network("control"), load_dataset("catching")
    assert fitted(network.build(), "control.keras", data).task == "control"
    with pytest.raises(InputError, match="to reconstruct them"):
        fitted(network.build(), "control.keras", replace(data, task="reconstruction"))
