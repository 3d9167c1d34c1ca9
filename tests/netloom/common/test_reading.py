"""Arrays of text from files."""

from pathlib import Path

import numpy as np
import pytest

from netloom.common.reading import read_array, read_arrays

TEXTS = {
    "half a pair": np.array([0xD83D], np.uint32),
    "beyond Unicode": np.array([0x110000], np.uint32),
    "one among others": np.array([ord("a"), 0xDFFF], np.uint32),
}


@pytest.mark.parametrize("codes", TEXTS.values(), ids=TEXTS.keys())
def test_text_that_is_no_unicode_is_refused(codes: np.ndarray, tmp_path: Path) -> None:
    """Found by the fuzzer of run files: the report could not be written, "a bug in netloom"."""
    texts = codes.view("<U1")
    np.save(tmp_path / "texts.npy", texts)
    np.savez(tmp_path / "texts.npz", texts=texts, x=np.zeros(3))
    with pytest.raises(ValueError, match="holds text that is no Unicode"):
        read_array(tmp_path / "texts.npy")
    with pytest.raises(ValueError, match="holds text that is no Unicode"):
        read_arrays(tmp_path / "texts.npz")


def test_text_is_read_as_it_was_written(tmp_path: Path) -> None:
    for texts in (np.array(["naïve", "😀", "", "\ud7ff\ue000\U0010ffff"]), np.array("one"), np.array([], "U4")):
        for order in "<>":
            np.save(tmp_path / "texts.npy", texts.astype(texts.dtype.newbyteorder(order)))
            np.testing.assert_array_equal(read_array(tmp_path / "texts.npy"), texts)
