"""`outlook`: the paces at which a board holds a network, in seconds, before anything is trained or synthesized."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from netloom.api import find_conversion
from netloom.errors import FoldingError, SettingsError
from netloom.firmware.board.boards import find_board
from netloom.firmware.map.folding.fitting import Search
from netloom.firmware.map.interleaving import interleaved
from netloom.firmware.paces import Pace, paces
from netloom.hls import Conversion, HlsSettings, convert
from netloom.pipeline.origin import Start, find_start
from netloom.progress import Progress
from netloom.settings import HardwareSettings, RunSettings

_SAMPLES = 64


@dataclass(frozen=True)
class Prospect:
    """What is looked at before it is made.

    Attributes:
        source: directory of a run or of a conversion; a model file; or a network's name. A float model, or a network
            of the registry untrained, is quantized on random samples: what its constants take is then a guess.
        bits: width of what is quantized for this; None is the network's own, 8 for a user's model.
        input_shapes: shape of each input without the batch, where a model leaves sizes open.
        input_types: type of each input of an ONNX model, where no quantizer reads it.
    """

    source: str | Path
    bits: int | None = None
    input_shapes: Sequence[tuple[int, ...]] | None = None
    input_types: Sequence[str] | None = None

    @property
    def converted(self) -> bool:
        """Whether it is a directory, whose network is what it is."""
        return Path(self.source).is_dir()

    @property
    def start(self) -> Start:
        """Of what is not converted: the network or the model.

        Raises:
            NetloomError: as `find_start`.
        """
        return find_start(self.source, self.input_shapes, self.input_types)

    @property
    def is_guess(self) -> bool:
        """Whether its weights or points are made up."""
        return not self.converted and (self.start.network is not None or self.start.origin(None).kind == "float")


def outlook(prospect: Prospect, settings: HardwareSettings, progress: Progress | None = None) -> list[Pace]:
    """What a network would take of a board, pace by pace.

    Args:
        prospect: the network.
        settings: board, clock, and how long to look.
        progress: told what is going on; silent for None.

    Raises:
        FoldingError: if the board does not hold the network.
        SettingsError: for bits, input shapes or types of what is converted already, or nothing to interleave.
        NetloomError: of reading and converting it, in all its kinds.
    """
    told = (progress or Progress()).doing
    device = find_board(settings.board).device
    with _converted(prospect) as conversion:
        dataflow = interleaved(conversion.dataflow, settings.interleave)
        found = list(paces(dataflow, device, Search(settings.design_seconds, told)))
    if not found:
        raise FoldingError(
            f"{settings.board} does not hold the network at any pace; use fewer bits or a larger board (netloom boards)"
        )
    return found


@contextmanager
def _converted(prospect: Prospect) -> Iterator[Conversion]:
    if prospect.converted:
        if any(given is not None for given in (prospect.bits, prospect.input_shapes, prospect.input_types)):
            raise SettingsError(
                f"{prospect.source} is converted, with its own bits, input shape and type; leave them out"
            )
        yield find_conversion(prospect.source)
        return
    from netloom.quantize import quantize

    start = prospect.start
    model = start.network.build() if start.network else start.load()
    shapes = [tuple(tensor.shape[1:]) for tensor in model.inputs]
    random = np.random.default_rng(0)
    samples = [random.uniform(0, 1, (_SAMPLES, *shape)).astype(np.float32) for shape in shapes]
    policy = RunSettings(bits=prospect.bits).policy_for(start.network)
    twin = quantize(model, policy, samples if len(samples) > 1 else samples[0], fine_tune_epochs=0)
    with tempfile.TemporaryDirectory(prefix="netloom-") as folder:
        yield convert(twin, HlsSettings(), Path(folder) / "conversion")
