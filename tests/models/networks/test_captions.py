"""`captions`: pictures of things and their sentences, and what its report shows."""

import numpy as np

from netloom.models.data.blocks import CAPTION_WORDS, CAPTIONS, COLOURS, draw_blocks
from netloom.models.data.vocabulary import END
from netloom.models.networks import captions
from netloom.models.tasks import Shows
from netloom.report.pictures import drawn


def test_a_sentence_says_what_is_in_its_picture() -> None:
    x, y = draw_blocks(200, 3)
    picture = x["picture"]
    assert (picture * 64 == np.round(picture * 64)).all() and picture.min() == 0 and picture.max() == 1
    assert (y[:, -1] == END).all()
    for image, row in zip(picture, y, strict=True):
        _, colour, shape, *between, _, other, _ = CAPTIONS.sentence(row).split()
        centres = []
        for name in (colour, other):
            like = (image[..., :3] == COLOURS[name]).all(axis=2)
            assert like.sum() >= 33  # a cross or a disc at the least
            centres.append(np.argwhere(like).mean(axis=0))
        if colour != other:
            axis = 1 if between == ["left", "of"] else 0
            assert centres[0][axis] < centres[1][axis]
        elif shape == "square":
            assert like.sum() >= 49


def test_both_splits_and_every_word_are_met() -> None:
    _, y = draw_blocks(500, 0)
    assert set(np.unique(y)) == {END, *range(2, len(CAPTIONS))}
    again, _ = draw_blocks(500, 0)
    assert (again["picture"] == draw_blocks(500, 0)[0]["picture"]).all()


def test_its_picture_has_a_place_for_each_word_that_it_says() -> None:
    x, y = draw_blocks(5, 1)

    def layers(engine, given):
        assert engine == "fixed"
        count = len(given["said"])
        looks = np.tile(np.eye(36)[:CAPTION_WORDS], (count, 1, 1))
        return {"logits": np.eye(len(CAPTIONS))[y[:count]], "attention": looks}

    (picture,) = captions.pictures(Shows(x, y, CAPTIONS.names, {}, layers))
    text = drawn(picture, "looks")
    assert all(word in text for word in CAPTIONS.sentence(y[0]).split())
