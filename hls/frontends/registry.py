"""The front ends, one a kind of model: `parse` finds the one that reads a model by what the model is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from netloom.errors import LayerNotSupportedError
from netloom.hls.frontends.hgq import parse_hgq
from netloom.hls.frontends.keras import parse as keras
from netloom.hls.frontends.parsed import ParsedModel
from netloom.hls.hls_settings import HlsSettings
from netloom.quantize.files.hgq2 import is_hgq


@dataclass(frozen=True)
class FrontEnd:
    """What reads one kind of model.

    Attributes:
        kind: of model, as a user calls it.
        reads: whether a model is of that kind; imports nothing heavy if it is not.
        parse: checks a model and hands it over; raises as `parse` below.
    """

    kind: str
    reads: Callable[[Any], bool]
    parse: Callable[[Any, HlsSettings], ParsedModel]


FRONT_ENDS = [
    FrontEnd("Keras model of HGQ2 layers", is_hgq, parse_hgq),
    FrontEnd("Sequential or functional Keras model", keras.is_keras, keras.parse_keras),
]


def parse(model: Any, settings: HlsSettings) -> ParsedModel:
    """A model of any kind, checked.

    Raises:
        LayerNotSupportedError: for a model of no known kind; a layer, option or shape with no exact firmware.
        QuantizerNotSupportedError: for a quantizer the firmware cannot equal.
    """
    for front_end in FRONT_ENDS:
        if front_end.reads(model):
            return front_end.parse(model, settings)
    kinds = " or ".join(f"a {front_end.kind}" for front_end in FRONT_ENDS)
    raise LayerNotSupportedError(
        f"the model must be {kinds}, not of type {type(model).__name__}: load it from its file"
    )
