"""The data sets that stand in for those of MLPerf Tiny: what is drawn, and that it can be told apart."""

import numpy as np
import pytest

from netloom.models.data import figures, keywords
from netloom.models.data.figures import SIDE, draw_figures
from netloom.models.data.keywords import KEYWORDS, cepstrum
from netloom.models.data.machines import draw_machines
from netloom.models.data.sets import DATASETS
from netloom.models.data.words import RATE, SPEAKERS

RANDOM = np.random.default_rng(0)


def recordings(takes=10):
    """As the source has them: tones that rise with the digit, so that they are others backwards."""
    seconds = np.arange(int(0.4 * RATE)) / RATE
    audio, digits, speakers = [], [], []
    for digit in range(10):
        for speaker in range(len(SPEAKERS)):
            for _ in range(takes):
                tone = np.sin(2 * np.pi * (200 + 100 * digit + 300 * seconds) * seconds) * RANDOM.uniform(0.3, 0.6)
                audio.append(np.round(tone * 32767).astype(np.int16))
                digits.append(digit)
                speakers.append(speaker)
    offsets = np.cumsum([0, *map(len, audio)], dtype=np.int64)
    return {
        "audio": np.concatenate(audio),
        "offsets": offsets,
        "digit": np.array(digits, np.uint8),
        "speaker": np.array(speakers, np.uint8),
    }


def test_keywords_are_ten_digits_silence_and_what_is_neither():
    data = KEYWORDS.prepare(recordings(), "drawn")
    assert data.class_names == (*"0123456789", "silence", "unknown")
    assert data.x_train.shape == (540 * 2 + 2 * 54 * 2, 49, 10, 1)
    assert data.x_test.shape == (60 + 2 * 6, 49, 10, 1)
    assert np.bincount(data.y_train).tolist() == [108] * 12
    assert np.bincount(data.y_test).tolist() == [6] * 12
    assert "stand-in for Speech Commands" in data.source
    for x in (data.x_train, data.x_test):
        assert x.dtype == np.float32
        assert (x * 128 == np.round(x * 128)).all()
        assert x.min() >= -1 and x.max() <= 127 / 128
    assert DATASETS["keywords"] == KEYWORDS.load


def test_a_cepstrum_says_how_loud_it_is_first_and_then_what_it_sounds_like():
    seconds = np.arange(RATE) / RATE
    low, high = (np.sin(2 * np.pi * pitch * seconds) for pitch in (300, 2500))
    assert cepstrum(low).shape == (49, 10)
    assert (cepstrum(low)[:, 0] > cepstrum(low / 8)[:, 0]).all()
    assert (cepstrum(low)[:, 1] > cepstrum(high)[:, 1]).all()
    assert (cepstrum(low)[:, 1:] - cepstrum(low / 2)[:, 1:]).std() < cepstrum(low)[:, 1:].std() / 10
    assert len(cepstrum(low[:100])) == len(cepstrum(np.tile(low, 2))) == keywords.FRAMES


def test_a_faulty_motor_is_told_by_whoever_knows_its_fault():
    x, faulty = draw_machines(120, seed=3, faulty=0.5)
    assert x.shape == (120, 640) and x.dtype == np.float32
    assert (x * 256 == np.round(x * 256)).all() and x.min() >= 0 and x.max() < 1
    assert faulty.sum() == 60
    again, _ = draw_machines(120, seed=3, faulty=0.5)
    assert (again == x).all()
    sound, none = draw_machines(120, seed=4, faulty=0.0)
    assert not none.any()
    # What knocks or rubs is heard high up, where a sound motor is not.
    high = x.reshape(120, 5, 128)[:, :, 100:].max(axis=(1, 2))
    usual = sound.reshape(120, 5, 128)[:, :, 100:].max(axis=(1, 2)).max()
    assert (high[faulty == 1] > usual).mean() > 0.4
    assert (high[faulty == 0] > usual).mean() < 0.1


def test_somebody_is_in_every_other_picture_and_hangs_together(monkeypatch):
    x, y = draw_figures(40, seed=1)
    assert x.shape == (40, SIDE, SIDE, 3) and x.dtype == np.float32
    assert (x * 256 == np.round(x * 256)).all() and x.min() >= 0 and x.max() < 1
    assert y.sum() == 20
    assert (draw_figures(40, seed=1)[0] == x).all()
    # Without noise, bars and discs:
    monkeypatch.setattr(figures, "NOISE", 0.0)
    monkeypatch.setattr(figures, "CLUTTER", 0)
    pieces = {0: [], 1: []}
    for picture, label in zip(*draw_figures(40, seed=2), strict=True):
        pieces[int(label)].append(_pieces(picture))
    assert set(pieces[0]) == {0}
    assert min(pieces[1]) >= 1 and np.mean(pieces[1]) < 2


def _pieces(picture):
    """How many parts the foreground is in; the ground has the colours of its left edge, row by row."""
    from scipy.ndimage import label

    return label((np.abs(picture - picture[:, :1]) > 0.01).any(axis=2))[1]


@pytest.mark.parametrize("name", ["figures", "machines"])
def test_a_stand_in_says_that_it_is_one(name, monkeypatch):
    monkeypatch.setattr(f"netloom.models.data.{name}.TRAIN", 10)
    monkeypatch.setattr(f"netloom.models.data.{name}.TEST", 6)
    data = DATASETS[name]()
    assert data.source.startswith("stand-in for ") and "10 " in data.source and "6 test" in data.source
    assert len(data.x_train) == 10 and len(data.x_test) == len(data.y_test) == 6
    if name == "machines":
        assert data.y_train is None and data.task == "anomaly"
