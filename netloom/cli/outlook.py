"""`outlook`: the paces at which a board holds a network, in seconds, before anything is trained or synthesized."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from netloom.api import find_conversion
from netloom.errors import FoldingError, SettingsError
from netloom.firmware.board.boards import find_board
from netloom.firmware.map.folding.fitting import Search
from netloom.firmware.map.interleaving import interleaved
from netloom.firmware.paces import Pace, paces
from netloom.hls import Conversion, HlsSettings, convert
from netloom.pipeline.origin import find_start
from netloom.progress import Progress
from netloom.settings import HardwareSettings, RunSettings

_SAMPLES = 64


def outlook(
    source: str | Path,
    settings: HardwareSettings,
    bits: int | None = None,
    progress: Progress | None = None,
    input_shapes: Sequence[tuple[int, ...]] | None = None,
    input_types: Sequence[str] | None = None,
) -> list[Pace]:
    """What a network would take of a board, pace by pace.

    Args:
        source: directory of a run or of a conversion; a model file; or a network's name. A float model, or a network
            of the registry untrained, is quantized on random samples: what its constants take is then a guess.
        settings: board, clock, and how long to look.
        bits: width of what is quantized for this; None is the network's own, 8 for a user's model.
        progress: told what is going on; silent for None.
        input_shapes: shape of each input without the batch, where a model leaves sizes open.
        input_types: type of each input of an ONNX model, where no quantizer reads it.

    Raises:
        FoldingError: if the board does not hold the network.
        SettingsError: for bits, input shapes or types of what is converted already, or nothing to interleave.
        NetloomError: of reading and converting it, in all its kinds.
    """
    told = (progress or Progress()).doing
    device = find_board(settings.board).device
    with _converted(source, bits, input_shapes, input_types) as conversion:
        dataflow = interleaved(conversion.dataflow, settings.interleave)
        found = list(paces(dataflow, device, Search(settings.design_seconds, told)))
    if not found:
        raise FoldingError(
            f"{settings.board} does not hold the network at any pace; use fewer bits or a larger board (netloom boards)"
        )
    return found


def is_guess(
    source: str | Path,
    input_shapes: Sequence[tuple[int, ...]] | None = None,
    input_types: Sequence[str] | None = None,
) -> bool:
    """Whether `outlook` makes up the weights or the points of what it is given."""
    if Path(source).is_dir():
        return False
    start = find_start(source, input_shapes, input_types)
    return start.network is not None or start.origin(None).kind == "float"


@contextmanager
def _converted(
    source: str | Path,
    bits: int | None,
    input_shapes: Sequence[tuple[int, ...]] | None,
    input_types: Sequence[str] | None,
) -> Iterator[Conversion]:
    if Path(source).is_dir():
        if any(given is not None for given in (bits, input_shapes, input_types)):
            raise SettingsError(f"{source} is converted, with its own bits, input shape and type; leave them out")
        yield find_conversion(source)
        return
    from netloom.quantize import quantize

    start = find_start(source, input_shapes, input_types)
    model = start.network.build() if start.network else start.load()
    shapes = [tuple(tensor.shape[1:]) for tensor in model.inputs]
    random = np.random.default_rng(0)
    samples = [random.uniform(0, 1, (_SAMPLES, *shape)).astype(np.float32) for shape in shapes]
    policy = RunSettings(bits=bits).policy_for(start.network)
    twin = quantize(model, policy, samples if len(samples) > 1 else samples[0], fine_tune_epochs=0)
    with tempfile.TemporaryDirectory(prefix="netloom-") as folder:
        yield convert(twin, HlsSettings(), Path(folder) / "conversion")
