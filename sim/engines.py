"""`KINDS`, the one table of engines: the name of each, what it needs, and how it is opened."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from netloom.errors import SettingsError
from netloom.hls import Conversion
from netloom.sim.engine import Engine

EngineName = Literal["float", "quantized", "fixed", "onnx", "csim", "rtl", "netlist"]
"""The names of `KINDS`, as a type."""

DEFAULT_ENGINE, DEFAULT_OTHER = "fixed", "csim"
"""What is run, and what it is held against, unless another is named."""


@dataclass(frozen=True)
class Given:
    """What an engine may be opened with; None is not given.

    Attributes:
        model: a Keras model, or the path of one.
        conversion: a converted network, or its directory.
        design: an emitted design, or its folder.
        netlist: Verilog that synthesis made of the design.
        cache: folder of compiled models of hardware; the user's cache folder if None.
    """

    model: Any = None
    conversion: Conversion | str | Path | None = None
    design: Any = None
    netlist: str | Path | None = None
    cache: str | Path | None = None


@dataclass(frozen=True)
class EngineKind:
    """A kind of engine.

    Attributes:
        name: of it.
        meaning: what it is, in a few words.
        needs: the attributes of `Given` without which it cannot be opened; the first is what it simulates.
        open: makes one ready; imports what it takes.
        takes: attributes of `Given` that it reads as well.
    """

    name: EngineName
    meaning: str
    needs: tuple[str, ...]
    open: Callable[[Given], Engine]
    takes: tuple[str, ...] = ()

    def opened(self, given: Given) -> Engine:
        """An engine of this kind.

        Raises:
            SettingsError: if something that it needs is not given, or something that it does not read is.
        """
        for need in self.needs:
            if getattr(given, need) is None:
                raise SettingsError(f"engine {self.name!r} needs {_CALLED[need]}")
        for one in fields(given):
            if getattr(given, one.name) is not None and one.name not in (*self.needs, *self.takes):
                raise SettingsError(f"engine {self.name!r} reads no {one.name}; leave it out")
        return self.open(given)


_CALLED = {
    "model": "a Keras model",
    "conversion": "a converted network",
    "design": "an emitted design",
    "netlist": "a netlist: the Verilog that synthesis wrote",
}


def kind_of(name: str) -> EngineKind:
    """The kind of a name.

    Raises:
        SettingsError: if there is none.
    """
    if name not in KINDS:
        raise SettingsError(f"there is no engine {name!r}; engines are {', '.join(KINDS)}")
    return KINDS[name]


def _keras(name: str) -> Callable[[Given], Engine]:
    def opened(given: Given) -> Engine:
        from netloom.sim.keras_engine import KerasEngine

        model = given.model
        if isinstance(model, str | Path):
            from netloom.quantize import load_model

            model = load_model(model)
        return KerasEngine(name, model)

    return opened


def _conversion(given: Given) -> Conversion:
    assert given.conversion is not None
    return given.conversion if isinstance(given.conversion, Conversion) else Conversion.load(given.conversion)


def _fixed(given: Given) -> Engine:
    from netloom.sim.fixed import FixedEngine

    return FixedEngine(_conversion(given))


def _csim(given: Given) -> Engine:
    from netloom.sim.csim.csim import CsimEngine

    return CsimEngine(_conversion(given))


def _onnx(given: Given) -> Engine:
    from netloom.sim.onnx.onnx_engine import OnnxEngine

    return OnnxEngine(_conversion(given))


def _rtl(given: Given) -> Engine:
    from netloom.sim.hardware.rtl import RtlEngine

    return RtlEngine(given.design, cache=given.cache)


def _netlist(given: Given) -> Engine:
    from netloom.sim.hardware.netlist import NetlistEngine

    assert given.netlist is not None
    return NetlistEngine(given.design, given.netlist, cache=given.cache)


KINDS: dict[str, EngineKind] = {
    kind.name: kind
    for kind in (
        EngineKind("float", "the trained Keras model", ("model",), _keras("float")),
        EngineKind("quantized", "its QKeras twin", ("model",), _keras("quantized")),
        EngineKind("fixed", "netloom's bit-accurate simulator", ("conversion",), _fixed),
        EngineKind("onnx", "its exact twin, in onnxruntime", ("conversion",), _onnx),
        EngineKind("csim", "hls4ml's firmware, compiled", ("conversion",), _csim),
        EngineKind("rtl", "netloom's hardware, simulated", ("design",), _rtl, ("cache",)),
        EngineKind("netlist", "the same after synthesis", ("design", "netlist"), _netlist, ("cache",)),
    )
}
"""By name, from the model downwards, each held against the one before it, what comes after `fixed` against that."""

HARDWARE_ENGINES = tuple(name for name, kind in KINDS.items() if kind.needs[0] == "design")
"""Names of the engines that need an emitted design."""

ENGINES = tuple(name for name in KINDS if name not in HARDWARE_ENGINES)
"""Names of those that need a model or a converted network."""
