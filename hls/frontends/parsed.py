"""`ParsedModel`: the seam between front ends and all that follows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from netloom.common.ends import Ends
from netloom.errors import LayerNotSupportedError
from netloom.fixed_point import FixedPoint
from netloom.hls.identifiers import identifiers
from netloom.hls.lower import fixed_point


def is_cast(layer: dict[str, Any]) -> bool:
    """Whether a layer does nothing but put its input into its quantizer's type."""
    return (
        layer["class_name"] == "Activation"
        and layer.get("activation_quantizer") is not None
        and layer["activation"] in ("linear", "relu")
    )


@dataclass(frozen=True)
class ParsedModel:
    """A model as every front end hands it over: hls4ml's description, layer by layer, under identifiers.

    Attributes:
        layers: in an order in which each comes after its inputs; hls4ml's keys, among them `name`, `class_name`,
            `inputs`, and for quantized activations `activation_quantizer`, whose `hls_type` is their result's type.
        inputs: identifiers of the input layers.
        outputs: identifiers of the layers whose results are the outputs.
        origins: {identifier: name in the user's model}.
        input_shapes: (name in the user's model, shape without the batch), in the order of the model's inputs.
        output_shapes: likewise of its outputs.
        layer_shapes: {name in the user's model: shape of its result}, of the layers that have one result.
        typed: whether hls4ml finds all types by itself, from the quantizers among the layers.
        ends: what is left to the host, in the order of the inputs and outputs.
    """

    layers: list[dict[str, Any]]
    inputs: list[str]
    outputs: list[str]
    origins: dict[str, str]
    input_shapes: list[tuple[str, tuple[int, ...]]]
    output_shapes: list[tuple[str, tuple[int, ...]]]
    layer_shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    typed: bool = False
    ends: Ends = field(default_factory=Ends)

    def quantizer_types(self) -> dict[str, FixedPoint]:
        """Result types that quantizers dictate: of quantized activations, and of the inputs that feed only those."""
        types = {
            layer["name"]: fixed_point(layer["activation_quantizer"].hls_type)
            for layer in self.layers
            if layer.get("activation_quantizer") is not None
        }
        casts = {layer["name"]: types.get(layer["name"]) for layer in self.layers if is_cast(layer)}
        for name in self.inputs:
            consumers = [layer["name"] for layer in self.layers if name in layer["inputs"]]
            found = {casts.get(consumer) for consumer in consumers}
            if len(found) == 1 and (type_ := found.pop()) is not None:
                types[name] = type_
        return types


def parsed_by_hls4ml(
    model: Any, origins_of: Callable[[list[dict[str, Any]], list[str]], Mapping[str, str]]
) -> ParsedModel:
    """A Keras model as hls4ml's Keras-3 parser reads it, every layer under an identifier.

    Args:
        model: checked already.
        origins_of: from the layers and the names of the outputs, as hls4ml calls them, {name: name in the model}.

    Raises:
        LayerNotSupportedError: if hls4ml cannot parse it.
    """
    from hls4ml.converters.keras_v3_to_hls import parse_keras_v3_model

    try:
        layers, inputs, outputs, _ = parse_keras_v3_model(model, allow_da_fallback=False, allow_v2_fallback=False)
    except (AssertionError, ValueError, KeyError) as error:
        raise LayerNotSupportedError(f"hls4ml cannot parse the model: {str(error).splitlines()[0]}") from error
    names = identifiers(layer["name"] for layer in layers)
    origins = {names[name]: origin for name, origin in origins_of(layers, outputs).items()}
    for layer in layers:
        layer["name"] = names[layer["name"]]
        layer["inputs"] = [names[name] for name in layer["inputs"]]
    ends = [names[name] for name in inputs], [names[name] for name in outputs]
    return ParsedModel(layers, *ends, origins, _named_shapes(model.inputs), _named_shapes(model.outputs))


def _named_shapes(tensors: list[Any]) -> list[tuple[str, tuple[int, ...]]]:
    return [(one._keras_history.operation.name, tuple(one.shape[1:])) for one in tensors]
