"""What `config_from_keras_model(model, granularity, backend="netloom")` gives: types that hold what the layers compute.

hls4ml makes up a configuration from the attributes that a backend's layer classes have, and asks the backend for these
classes layer by layer. So the attributes of the class that it is given for a configuration are that layer's: hls4ml's
own, but with the types and table sizes that `type_advice` finds for it in its place in the model. The configuration is
plain hls4ml's, and gives the same numbers with the backend Vitis.
"""

import contextlib
import copy
import io
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import replace
from types import FrameType
from typing import Any

from hls4ml.model.attributes import ConfigurableAttribute, TypeAttribute
from hls4ml.model.layers import layer_map

from netloom.fixed_point import FixedPoint
from netloom.hls.frontends.keras.handlers.handler import BACKEND
from netloom.hls.type_advice import Advice

_KEY = "netloom_configuration"
"""Where a layer of hls4ml's list holds the key of its configuration and that itself, once it is found."""

_ROUNDS = 4
"""At most so many times are types widened: those that several layers have in common may take more than one."""

_finding: ContextVar[bool] = ContextVar("finding", default=False)
"""Set while the configuration is found, which takes hls4ml's own."""


def configure(layer_class: Any) -> None:
    """If hls4ml is making a configuration, give a layer class, made for this, the attributes that shall stand in it."""
    asked = _asked()
    if asked is None or _finding.get():
        return
    layer, call = asked
    if _KEY not in layer:
        by_name, found = _configuration(call)
        for other in call["layer_list"]:
            kinds = [other["name"]] if by_name else [_made_of(other), other["class_name"]]
            other[_KEY] = next((kind, found[kind]) for kind in kinds if kind in found)
    kind, configuration = layer[_KEY]
    if call["granularity"].lower() == "type":
        layer["class_name"] = kind
    layer_class.expected_attributes = _attributes(configuration)


def _asked() -> tuple[dict[str, Any], Mapping[str, Any]] | None:
    """The layer that hls4ml wants a configuration of, and what the function was called with that makes it."""
    frame: FrameType | None = sys._getframe()
    while frame is not None and (frame.f_globals.get("__name__"), frame.f_code.co_name) != (
        "hls4ml.utils.config",
        "make_layer_config",
    ):
        frame = frame.f_back
    if frame is None or frame.f_back is None or frame.f_back.f_code.co_name != "config_from_keras_model":
        return None
    return frame.f_locals["layer"], frame.f_back.f_locals


def _made_of(layer: Mapping[str, Any]) -> str:
    """The class that hls4ml makes of a layer; it finds types by that, and writes others: `MaxPooling2D`."""
    return str(layer_map[layer["class_name"]].__name__)


class _Setting(ConfigurableAttribute):
    """An attribute with the very name that it has in a configuration."""

    @property
    def config_name(self) -> str:
        return str(self.name)


def _attributes(configuration: Mapping[str, Any]) -> list[Any]:
    """Those of which hls4ml makes this configuration of a layer."""
    precision = configuration.get("Precision", {})
    settings = {name: entry for name, entry in configuration.items() if name != "Precision"}
    return [
        *(TypeAttribute(role, default=type_) for role, type_ in precision.items()),
        *(_Setting(name, value_type=None, default=entry) for name, entry in settings.items()),
    ]


def _configuration(call: Mapping[str, Any]) -> tuple[bool, dict[str, dict[str, Any]]]:
    """Whether the configuration goes by layers' names, or by their classes; and that of each."""
    import hls4ml

    wanted = ("model", "granularity", "default_precision", "default_reuse_factor", "max_precision")
    with _quiet():
        config = hls4ml.utils.config_from_keras_model(**{name: call[name] for name in wanted}, backend=BACKEND)
        by_name = "LayerName" in config
        found: dict[str, dict[str, Any]] = config["LayerName" if by_name else "LayerType"]
        layers = {layer["name"]: layer for layer in call["layer_list"]}
        for layer in layers.values():
            if layer["class_name"] == "Dot":  # hls4ml infers no accumulator for it, and aborts when asked to
                found[layer["name" if by_name else "class_name"]]["Precision"]["accum"] = call["default_precision"]
        chosen: dict[str, dict[str, FixedPoint]] = {}
        for _ in range(_ROUNDS):
            advice = [line for line in _advice(call["model"], config) if line.layer in layers]
            if not advice:
                break
            for line in advice:
                layer = layers[line.layer]
                key = line.layer if by_name else _made_of(layer)
                if key not in found:
                    found[key] = copy.deepcopy(found[layer["class_name"]])
                _follow(line, found[key], chosen.setdefault(key, {}), call["max_precision"])
    return by_name, found


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    token = _finding.set(True)
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        _finding.reset(token)


def _advice(model: Any, config: Mapping[str, Any]) -> list[Advice]:
    """What is wrong with a configuration; nothing if the model cannot be converted, which its conversion will say."""
    import hls4ml

    for io_type in ("io_parallel", "io_stream"):
        with contextlib.suppress(Exception):  # hls4ml raises whatever it meets
            graph = hls4ml.converters.convert_from_keras_model(
                model, hls_config=dict(config), io_type=io_type, backend=BACKEND
            )
            advice: list[Advice] = graph.advice
            return advice
    return []


def _follow(advice: Advice, configuration: dict[str, Any], chosen: dict[str, FixedPoint], maximum: str | None) -> None:
    """Set what is advised, wide enough for what was `chosen` before for layers of the same configuration."""
    precision = configuration.setdefault("Precision", {})
    for role, type_ in advice.precision.items():
        chosen[role] = _both(type_, chosen.get(role, type_), maximum)
        precision[role] = str(chosen[role])
    for name, entry in advice.settings.items():
        if isinstance(entry, FixedPoint):
            chosen[name] = _both(entry, chosen.get(name, entry), maximum)
            configuration[name] = str(chosen[name])
            precision.pop(name.removesuffix("_t"), None)  # which hls4ml does not read
        elif isinstance(entry, int):
            configuration[name] = max(entry, configuration.get(name, entry))
        else:
            configuration[name] = entry


def _both(type_: FixedPoint, other: FixedPoint, maximum: str | None) -> FixedPoint:
    """The narrowest type that holds what both do, but not wider than the maximum on either side of the point."""
    signed = type_.signed or other.signed
    fraction = max(type_.fraction, other.fraction)
    integer = max(type_.integer - type_.signed, other.integer - other.signed) + signed
    if maximum is not None:
        most = FixedPoint.parse(maximum)
        fraction, integer = min(fraction, most.fraction), min(integer, most.integer)
    return replace(type_, width=integer + fraction, integer=integer, signed=signed)
