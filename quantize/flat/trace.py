"""The graph of a model: its own, or what calling it on symbolic tensors gives."""

import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from netloom.errors import LayerNotSupportedError

_REBUILD = "build the model of keras layers with keras.Model(inputs, outputs), or of layers whose call() uses no more"


def input_specs(
    model: Any, input_shapes: Sequence[tuple[int, ...]] | None = None
) -> list[tuple[str, tuple[int, ...], str]]:
    """Name, shape without the batch, and dtype of every input.

    Args:
        model: a Keras model.
        input_shapes: of the inputs, instead of the model's own.

    Raises:
        LayerNotSupportedError: if a size is unknown, or given and known to be another.
    """
    import keras

    if not isinstance(model, keras.Model):
        raise LayerNotSupportedError(f"a network is a Keras model, not {type(model).__name__}")
    if isinstance(model, keras.Sequential) and not (model.built and model.inputs):
        raise LayerNotSupportedError(
            f"model {model.name!r} has no input shape yet: begin it with keras.Input(shape) or call its build()"
        )
    if getattr(model, "inputs", None):
        names = [tensor._keras_history.operation.name for tensor in model.inputs]
        known = [tuple(tensor.shape[1:]) for tensor in model.inputs]
        dtypes = [str(tensor.dtype) for tensor in model.inputs]
    else:
        named = _called_with(model)
        if not named and input_shapes is None:
            raise LayerNotSupportedError(
                f"model {model.name!r} has kept no input shape: say it (--input-shape), or build the model as a"
                " functional one"
            )
        named = named or [(f"input_{number}", (None,) * len(shape)) for number, shape in enumerate(input_shapes or ())]
        names, known = [name for name, _ in named], [shape for _, shape in named]
        dtypes = ["float32"] * len(names)
    shapes = list(known) if input_shapes is None else [tuple(shape) for shape in input_shapes]
    if len(shapes) != len(known):
        raise LayerNotSupportedError(f"model {model.name!r} has {len(known)} inputs, not {len(shapes)} input shapes")
    for name, shape, own in zip(names, shapes, known, strict=True):
        if len(shape) != len(own) or any(size not in (None, given) for size, given in zip(own, shape, strict=True)):
            raise LayerNotSupportedError(f"layer {name!r}: its input shape is {own}, and {shape} is no case of it")
        if None in shape:
            raise LayerNotSupportedError(
                f"layer {name!r}: its shape is {shape}, and every size must be fixed: say them (--input-shape)"
            )
    return list(zip(names, shapes, dtypes, strict=True))


@contextmanager
def graph_of(model: Any, tensors: Sequence[Any], times: int, given: Any) -> Iterator[Any]:
    """A functional model of the layers of `model`, called on tensors like `tensors`.

    Args:
        model: a model, or a layer of a class of the user's own.
        tensors: symbolic.
        times: how many axes after their batch the model does not see.
        given: positional and named arguments in which the tensors stand; None for those the model was built with.

    Raises:
        LayerNotSupportedError: if the model cannot be called on symbolic tensors.
    """
    import keras

    if isinstance(model, keras.Sequential):
        if not model.built:
            raise LayerNotSupportedError(f"model {model.name!r} has no input shape yet: call its build()")
        yield keras.Model(model.inputs, model.outputs, name=model.name)
    elif isinstance(model, keras.Model) and hasattr(model, "_nodes_by_depth") and _calls_its_graph(model):
        yield model
    else:
        with _calls_forgotten(model):
            yield _traced(model, tensors, times, given)


def _calls_its_graph(model: Any) -> bool:
    """Whether a functional model's class has no `call` of its own."""
    return next(base for base in type(model).__mro__ if "call" in vars(base)).__module__.startswith("keras.")


def _traced(model: Any, tensors: Sequence[Any], times: int, given: Any) -> Any:
    import keras

    inputs = [keras.Input(tensor.shape[1 + times :], dtype=tensor.dtype) for tensor in tensors]
    args, kwargs = _packed(model, inputs) if given is None else _replaced(given, tensors, inputs)
    if "training" in inspect.signature(model.call).parameters:
        kwargs["training"] = False
    try:
        outputs = keras.tree.flatten(model.call(*args, **kwargs))
        return keras.Model(inputs, outputs)
    except LayerNotSupportedError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever the user's own code raises when it meets symbolic tensors
        reason = " ".join(str(error).split())[:200]
        raise LayerNotSupportedError(
            f"model {model.name!r} ({type(model).__name__}) cannot be traced into layers ({reason}): {_REBUILD}"
        ) from None


def _replaced(given: Any, tensors: Sequence[Any], inputs: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
    import keras

    places = dict(zip(map(id, tensors), inputs, strict=True))
    args, kwargs = keras.tree.map_structure(lambda value: places.get(id(value), value), given)
    return list(args), dict(kwargs)


def _called_with(model: Any) -> list[tuple[str, tuple[int | None, ...]]]:
    """Names and shapes (without the batch) of what a model was called with first."""
    named = []
    for argument, shapes in (model._build_shapes_dict or {}).items():
        name = argument.removesuffix("_shape").removesuffix("_shapes")
        if isinstance(shapes, dict):
            named += [(key, tuple(shape[1:])) for key, shape in shapes.items()]
        elif shapes and isinstance(shapes[0], list | tuple):
            named += [(f"{name}_{number}", tuple(shape[1:])) for number, shape in enumerate(shapes)]
        else:
            named.append((name, tuple(shapes[1:])))
    return named


def _packed(model: Any, inputs: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
    """The arguments a model was called with first, with `inputs` for the tensors; if it kept none, a single one."""
    if not model._build_shapes_dict:
        return [list(inputs) if len(inputs) > 1 else inputs[0]], {}
    remaining: list[Any] = list(inputs)
    packed: list[Any] = []
    for shapes in model._build_shapes_dict.values():
        if isinstance(shapes, dict):
            packed.append({key: remaining.pop(0) for key in shapes})
        elif shapes and isinstance(shapes[0], list | tuple):
            packed.append([remaining.pop(0) for _ in shapes])
        else:
            packed.append(remaining.pop(0))
    return packed, {}


@contextmanager
def _calls_forgotten(model: Any) -> Iterator[None]:
    """Let the layers of `model` not remember that they were called meanwhile."""
    layers = list(model._flatten_layers())
    before = [(layer, len(layer._inbound_nodes), len(layer._outbound_nodes)) for layer in layers]
    try:
        yield
    finally:
        for layer, inbound, outbound in before:
            del layer._inbound_nodes[inbound:], layer._outbound_nodes[outbound:]
