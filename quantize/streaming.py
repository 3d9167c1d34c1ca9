"""`streaming`: a quantized network of sequences as one of their parts, whose recurrent layers keep their state."""

from typing import Any

from netloom.errors import LayerNotSupportedError, SettingsError
from netloom.quantize.graph.recurrent import MASKED, RECURRENT


def streaming(model: Any, steps: int = 1) -> Any:
    """The same QKeras network on a few steps at a time: its recurrent layers are `stateful`, its batch is 1.

    Fed with a sequence part by part it gives, after each, what the network gives for all steps so far. That is so where
    all other layers compute step by step, or behind the last step.

    Args:
        model: flat, of QKeras layers, as `quantize` gives it; it is not changed.
        steps: of a part: the length of the first axis of each input that has several, or whose only one are numbers
            that an Embedding looks up.

    Raises:
        LayerNotSupportedError: for a layer that reads its sequence from the end, has states that are brought, or takes
            as many steps as it had and no others.
        SettingsError: if there is no step, or no recurrent layer.
    """
    import keras

    if steps < 1:
        raise SettingsError(f"a part must have at least 1 step, not {steps}")
    kinds = {f"Q{kind}" for kind in RECURRENT}
    recurrent = [layer for layer in model.layers if type(layer).__name__ in kinds]
    if not recurrent:
        raise SettingsError(f"model {model.name!r} has no recurrent layer: it keeps nothing")
    for layer in recurrent:
        if layer.go_backwards:
            raise LayerNotSupportedError(
                f"layer {layer.name!r} reads its sequence from the end, which a stream does not have: leave"
                " go_backwards and Bidirectional out"
            )
        if type(layer).__name__.removeprefix("Q") in MASKED:
            raise LayerNotSupportedError(
                f"layer {layer.name!r} has a mask: give it the steps that count and no others, and leave the mask out"
            )
        if len(layer._inbound_nodes[0].input_tensors) > 1:
            raise LayerNotSupportedError(
                f"layer {layer.name!r} is given the state to begin with: give each part that which the one before ended"
                " with (return_state), or leave initial_state out"
            )

    def clone(layer: Any) -> Any:
        config = layer.get_config()
        return type(layer).from_config(config | {"stateful": True} if layer in recurrent else config)

    def part(tensor: Any) -> Any:
        shape = tuple(tensor.shape[1:])
        shape = (steps, *shape[1:]) if len(shape) > 1 or _looked_up(tensor) else shape
        return keras.Input(batch_shape=(1, *shape), dtype=tensor.dtype, name=tensor._keras_history.operation.name)

    try:
        copy = keras.models.clone_model(model, keras.tree.map_structure(part, model.input), clone)
        copy.set_weights(model.get_weights())
    except ValueError as error:
        reason = " ".join(str(error).split())[:200]
        raise LayerNotSupportedError(f"model {model.name!r} cannot take {steps} steps at a time: {reason}") from None
    return copy


def _looked_up(tensor: Any) -> bool:
    """Whether an input's values are numbers of rows of an Embedding, step by step, and no features of one step."""
    layer = tensor._keras_history.operation
    for reader in layer._outbound_nodes:
        operation = reader.operation
        if type(operation).__name__ == "QEmbedding":
            return True
        if type(operation).__name__ == "QActivation" and _looked_up(reader.outputs[0]):
            return True
    return False
