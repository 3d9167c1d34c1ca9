"""What the build's files may say."""

import pytest
from pydantic import ValidationError

from netloom.firmware.build.build_file import FloorplanFile


def test_cells_lie_on_the_device():
    FloorplanFile(width=4, height=3, units={"u": {"lut": [(3, 2, 1)]}})
    for place in ((4, 0, 1), (0, 3, 1)):
        with pytest.raises(ValidationError, match="outside 4 x 3 tiles"):
            FloorplanFile(width=4, height=3, units={"u": {"lut": [place]}})
