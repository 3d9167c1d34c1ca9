"""The base of netloom's handlers: they answer where netloom asks. Everywhere else hls4ml is as it is without them.

hls4ml has one registry of handlers for all backends, and its parser does not say for which of them it parses. So a
handler looks up who called the parser: netloom's own conversion, or one of hls4ml's with `backend="netloom"`. That
needs no state, so conversions in several threads do not meet.
"""

import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any, ClassVar

from hls4ml.converters.keras_v3._base import KerasV3LayerHandler, registry

from netloom.hls.vitis import vitis_backends

BACKEND = "netloom"
"""The name of netloom's backend in hls4ml."""

_PARSER = ("hls4ml.converters.keras_v3_to_hls", "parse_keras_v3_model")


def _asker() -> FrameType | None:
    """The call that has hls4ml's parser parse."""
    frame: FrameType | None = sys._getframe()
    while frame is not None and (frame.f_globals.get("__name__"), frame.f_code.co_name) != _PARSER:
        frame = frame.f_back
    return frame.f_back if frame is not None else None


def _is_own(asker: FrameType) -> bool:
    return str(asker.f_globals.get("__name__")).startswith(f"{__package__.partition('.')[0]}.")


def for_own_conversion() -> bool:
    """Whether hls4ml's parser parses for netloom's own conversion."""
    asker = _asker()
    return asker is not None and _is_own(asker)


def _backend(asker: FrameType) -> str:
    """For which backend one of hls4ml's functions asks: they hold it, or a configuration with its name."""
    names = asker.f_locals
    backend = names["backend"] if "backend" in names else names.get("config", {}).get("Backend")
    return str(getattr(backend, "name", backend)).lower()


class NetloomHandler(KerasV3LayerHandler):
    """A handler of Keras-3 layers for netloom.

    Attributes:
        handles: full names of the layers' classes.
        own_only: whether this one is for netloom's own conversion alone: with `backend="netloom"` hls4ml's own numbers
            are wanted of a layer that hls4ml has.
    """

    own_only: ClassVar[bool] = False
    _before: ClassVar[dict[str, Any]]

    def __init_subclass__(cls) -> None:
        """Keep what hls4ml's metaclass is about to replace in its registry."""
        super().__init_subclass__()
        cls._before = {name: registry.get(name) for name in cls.handles}

    def __call__(self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> Any:
        """This handler's answer, or what hls4ml would do without it. None makes hls4ml fall back to older handlers."""
        asker = _asker()
        if asker is not None and (_is_own(asker) or self._answers(_backend(asker), layer, in_tensors)):
            return super().__call__(layer, in_tensors, out_tensors)
        before = self.before(layer)
        return before(layer, in_tensors, out_tensors) if before is not None else None

    def _answers(self, backend: str, layer: Any, in_tensors: Sequence[Any]) -> bool:
        if self.lacks(layer, in_tensors):
            return backend in (BACKEND, *vitis_backends())
        return backend == BACKEND and not self.own_only

    def lacks(self, layer: Any, in_tensors: Sequence[Any]) -> bool:
        """Whether hls4ml has nothing for this layer: then Vitis gets netloom's (`hls.layers`) as well."""
        del layer, in_tensors
        return False

    def before(self, layer: Any) -> Any:
        """The handler that hls4ml would take of a layer without this one; None if there is none."""
        kind = type(layer)
        return self._before.get(f"{kind.__module__}.{kind.__name__}") or registry.get(kind.__name__)
