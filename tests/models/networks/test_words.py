"""Spoken digits: what is heard frame by frame, who is held out, and that the network looks back only."""

import dataclasses
import hashlib
import io
import wave
import zipfile

import numpy as np
import pytest

from netloom.errors import DataUnavailableError
from netloom.models import Dataset, get_network, load_dataset, train
from netloom.models.data import words as data
from netloom.models.data.dataset import digest_arrays
from netloom.models.networks.words import heard, pictures
from netloom.models.tasks import Shows

RANDOM = np.random.default_rng(0)


def tone(pitch, seconds=0.4, loud=0.3):
    """A sine, Hz."""
    return loud * np.sin(2 * np.pi * pitch * np.arange(int(seconds * data.RATE)) / data.RATE)


def recordings():
    """As the source has them: two of every speaker, whose names and digits are in the files' names."""
    found = {}
    for speaker in data.SPEAKERS:
        for digit, pitch in ((3, 400), (7, 1500)):
            found[f"{digit}_{speaker}_0"] = np.round(tone(pitch) * 32767).astype(np.int16)
    return dict(sorted(found.items()))


def raw():
    audio = recordings()
    return {
        "audio": np.concatenate(list(audio.values())),
        "offsets": np.cumsum([0, *map(len, audio.values())], dtype=np.int64),
        "digit": np.array([int(name[0]) for name in audio], np.uint8),
        "speaker": np.array([data.SPEAKERS.index(name.split("_")[1]) for name in audio], np.uint8),
    }


def archive():
    """The public source's."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as opened:
        opened.writestr("digits/readme.md", "")
        for name, audio in reversed(recordings().items()):
            content = io.BytesIO()
            with wave.open(content, "wb") as recording:
                recording.setparams((1, 2, data.RATE, 0, "NONE", ""))
                recording.writeframes(audio.tobytes())
            opened.writestr(f"digits/recordings/{name}.wav", content.getvalue())
    return file.getvalue()


def test_speakers_of_the_test_split_are_not_trained_on(tmp_path, monkeypatch):
    file = io.BytesIO()
    np.savez(file, **raw())
    (tmp_path / data.FILE).parent.mkdir()
    (tmp_path / data.FILE).write_bytes(file.getvalue())
    monkeypatch.setenv("NETLOOM_DATA", str(tmp_path))
    files = {data.FILE: hashlib.sha256(file.getvalue()).hexdigest()}
    found = dataclasses.replace(data.SPOKEN_DIGITS, files=files).load()
    assert found.x_train.shape == (4 * 2 * len(data.SPEEDS), 62, 24)
    assert found.x_test.shape == (2 * 2, 62, 24)
    assert found.y_test.tolist() == [3, 3, 7, 7]
    assert np.bincount(found.y_train).nonzero()[0].tolist() == [3, 7]
    for x in (found.x_train, found.x_test):
        assert 0 <= x.min() <= x.max() < 1
        assert (x * 256 == np.round(x * 256)).all()


def test_the_public_source_gives_the_same_arrays_and_no_others(monkeypatch):
    monkeypatch.setattr(data, "download", lambda address: archive())
    with pytest.raises(DataUnavailableError, match="not the expected data, SHA-256"):
        load_dataset("spoken-digits")
    found = dataclasses.replace(data.SPOKEN_DIGITS, digest=digest_arrays(raw())).load()
    assert "github.com" in found.source


def test_a_tone_is_heard_in_its_band_for_as_long_as_it_lasts():
    heard = data.log_mel(tone(1000))
    assert heard.dtype == np.float32
    loudest = heard[:20].argmax(axis=1)
    assert (loudest == loudest[0]).all()
    assert data.log_mel(tone(2000))[5].argmax() > loudest[0] > data.log_mel(tone(500))[5].argmax()
    ends = int(np.ceil(0.4 * data.RATE / data.HEARING.hop))
    assert heard[: ends - 2].max(axis=1).min() > 0.4
    assert (heard[ends + 1 :] == 0).all()


def test_recordings_are_heard_from_their_first_sound_to_their_last_and_equally_loud():
    for loud in (0.02, 0.5):
        word = tone(600, seconds=0.3, loud=loud)
        heard = data.heard(np.concatenate([np.zeros(3000), word, np.zeros(5000)]))
        assert len(word) <= len(heard) <= len(word) + 2 * data.HEARING.window + 2 * data.MARGIN
        assert np.mean(heard[1000:1256] ** 2) == pytest.approx(data.LOUDEST, rel=0.05)


def test_copies_are_other_voices_and_microphones():
    copies = list(data._copies(data.heard(tone(600)), np.random.default_rng(0)))
    assert len(copies) == len(data.SPEEDS)
    # Slower is lower; and no two have the same noise or the same balance of bands.
    assert copies[0].max(axis=0).argmax() > copies[-1].max(axis=0).argmax()
    assert len({copy[-1].tobytes() for copy in copies}) == len(copies)


def test_a_frame_does_not_wait_for_later_sound():
    long, short = tone(700, seconds=2), tone(700, seconds=0.3)
    frames = (len(short) - data.HEARING.window) // data.HEARING.hop + 1
    assert (data.log_mel(long)[:frames] == data.log_mel(short)[:frames]).all()
    shifted = data.log_mel(short, silence=5 * data.HEARING.hop)
    assert (shifted[5:30] == data.log_mel(short)[:25]).all()
    assert (shifted[:3] == 0).all()


def test_a_score_depends_on_the_31_frames_up_to_it():
    keras = pytest.importorskip("keras")
    model = get_network("words").build()
    scores = keras.Model(model.inputs, model.get_layer("relu4").output)
    x = RANDOM.random((1, 62, 24)).astype(np.float32)
    before = np.array(scores(x))
    assert before.shape == (1, 32, 32)
    for frame in (0, 30, 45, 61):
        changed = x.copy()
        changed[0, frame] += 1
        differ = np.flatnonzero((np.array(scores(changed)) != before).any(axis=(0, 2)))
        # Score n hears frames n to n + 30, and not one that comes later.
        assert max(0, frame - 30) <= differ.min() and differ.max() <= min(31, frame)


def test_scores_are_drawn_as_they_come_about():
    figure_of = pytest.importorskip("matplotlib.figure").Figure
    x = RANDOM.random((5, 62, 24)).astype(np.float32)
    so_far = heard(x[0])
    assert (so_far[61] == x[0]).all()
    assert (so_far[20, :21] == x[0, :21]).all() and (so_far[20, 21:] == 0).all()

    def sums(engine, given):
        assert engine == "fixed"
        return {"conv": given, "logits": given.sum(axis=1)[:, :10]}

    (picture,) = pictures(Shows(x, np.arange(5), (), {}, sums))  # classes without names have their numbers
    figure = figure_of(figsize=picture.size)
    picture.draw(figure)
    assert [axes.get_title(loc="left") for axes in figure.axes[:3]] == ["sample 0: 0", "sample 2: 2", "sample 4: 4"]
    lines = figure.axes[4].lines
    assert len(lines) == 10
    np.testing.assert_allclose(lines[3].get_ydata(), np.cumsum(x[2, :, 3]), rtol=1e-5)


@pytest.mark.slow
def test_the_network_learns_tones():
    """Drawn words: three tones, at any time, in noise."""
    y = np.arange(240) % 3
    x = np.stack([data.log_mel(tone((300, 900, 2500)[one]), RANDOM.integers(2000)) for one in y])
    network = get_network("words")
    model = network.build()
    training = dataclasses.replace(network.training, epochs=6, batch_size=16)
    train(model, Dataset(x[:180], y[:180], x[180:], y[180:], None, "drawn"), training)
    assert (model.predict(x[180:], verbose=0).argmax(axis=1) == y[180:]).mean() > 0.9
