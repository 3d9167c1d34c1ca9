"""`flatten`: nested, subclassed, shared, distributed or mixed-precision, a Keras model becomes flat calls of layers."""

import inspect
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from netloom.errors import LayerNotSupportedError
from netloom.quantize.flat import distributed
from netloom.quantize.flat.equal import affine, attention, embeddings, equals, masks, recurrences
from netloom.quantize.flat.equal.calls.of_operations import apply_operation
from netloom.quantize.flat.equal.parts import Parts
from netloom.quantize.flat.host import OF_THE_HOST
from netloom.quantize.flat.names import SEPARATOR, Names
from netloom.quantize.flat.trace import graph_of, input_specs

_IDLE = frozenset(
    "AugMix CutMix MaxNumBoundingBoxes MixUp RandAugment RandomBrightness RandomColorDegeneration RandomColorJitter "
    "RandomContrast RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHue "
    "RandomInvert RandomPerspective RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear "
    "RandomTranslation RandomZoom Solarization SpatialDropout3D".split()
)
"""Layers that change training alone, and hand their input on at inference."""

_LOW_PRECISION = ("float16", "bfloat16", "mixed_float16", "mixed_bfloat16")
_INTEGERS = ("bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64")

InputShapes = Sequence[tuple[int, ...]]


def flatten(
    model: Any, input_shapes: InputShapes | None = None, *, single_use: bool = False, hardware: bool = False
) -> Any:
    """A flat functional model that computes what `model` does; `model` itself is not changed.

    Nested models are opened (`block.conv` is the layer `conv` of `block`), models and layers with a `call` of their own
    are traced, `TimeDistributed` becomes layers on all steps or a copy for each, arithmetic on tensors becomes layers,
    `Rescaling` and `Normalization` a scale and a shift, and what computes in half precision or takes integers takes
    and computes float32. Weights are the variables of `model`, not copies, unless they were of half precision.

    Args:
        model: a Keras or QKeras model.
        input_shapes: shape of each input without the batch, in the model's order; None takes the model's own.
        single_use: whether a layer that is called several times becomes one layer for each call.
        hardware: whether to leave out what the host does at the network's ends (`HostQuantize`, `HostScale`).

    Raises:
        LayerNotSupportedError: if the model has no fixed input shape, does in Python what is no layer, or uses an
            operation that no layer equals; with the way out.
    """
    import keras

    specs = input_specs(model, input_shapes)
    batch = 1 if recurrences.keeps_state(model) else None
    inputs = []
    for name, shape, dtype in specs:
        if dtype not in ("float32", *_LOW_PRECISION, *_INTEGERS):
            raise LayerNotSupportedError(f"layer {name!r}: inputs must be float32 or integers, not {dtype}")
        if not shape:
            raise LayerNotSupportedError(f"layer {name!r}: a sample has no axis; use keras.Input((1,))")
        inputs.append(keras.Input(shape, batch_size=batch, name=name))
    walker = _Walker({name for name, _, _ in specs}, single_use, OF_THE_HOST if hardware else ())
    outputs = walker.visit(model, inputs, "", 0)
    for tensor in inputs:
        source = tensor._keras_history.operation
        if not source._outbound_nodes and not any(tensor is output for output in outputs):
            raise LayerNotSupportedError(f"layer {source.name!r}: no layer reads this input; leave it out of the model")
    for layer, values in walker.converted:
        layer.set_weights(values)
    return keras.Model(
        inputs if len(inputs) > 1 else inputs[0], outputs if len(outputs) > 1 else outputs[0], name=model.name
    )


def masked_results(model: Any) -> list[str]:
    """Names of the layers whose results a model gives with a mask beside them, which Keras's losses heed."""
    import keras

    inputs = [keras.Input(shape, name=name) for name, shape, _ in input_specs(model)]
    with graph_of(model, inputs, 0, None) as functional:
        masked = [tensor for tensor in functional.outputs if masks.mask_of(tensor) is not None]
        return [tensor._keras_history.operation.name for tensor in masked]


class _Walker:
    """Calls the layers of a model anew, on the tensors of the flat one."""

    def __init__(self, taken: set[str], single_use: bool, left_out: Collection[str]) -> None:
        self.names = Names(taken)
        self.single_use = single_use
        self.left_out = left_out
        self.clones: dict[tuple[int, int, type[Any] | None], Any] = {}
        self.converted: list[tuple[Any, list[np.ndarray]]] = []
        self.read: set[int] = set()
        """Identities of the tensors that anything reads, in the models that are being visited."""

    def visit(self, model: Any, tensors: Sequence[Any], prefix: str, times: int, given: Any = None) -> list[Any]:
        """Call everything in a model; `times` axes after the batch are steps over which it is distributed."""
        with graph_of(model, tensors, times, given) as functional:
            self.read |= {id(tensor) for node in calls(functional) for tensor in node.input_tensors}
            self.read |= set(map(id, functional.outputs))
            masks.check_masks(calls(functional), self.read, _is_looked_into)
            if prefix:
                masks.check_results(functional.outputs, prefix.removesuffix(SEPARATOR))
            values: dict[int, Any] = dict(zip(map(id, functional.inputs), tensors, strict=True))
            for node in calls(functional):
                args, kwargs = node.arguments.fill_in(values)
                outputs = self.call(node.operation, args, kwargs, prefix + node.operation.name, times, node)
                values |= zip(map(id, node.outputs), outputs, strict=True)
            return [values[id(tensor)] for tensor in functional.outputs]

    def call(
        self, operation: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], name: str, times: int, node: Any
    ) -> list[Any]:
        """The outputs of one call, recorded in `node`, of a layer, a model or an operation."""
        import keras

        kind = type(operation).__name__
        if isinstance(operation, keras.Layer) and _trains_by_default(operation):
            kwargs = {name: value for name, value in kwargs.items() if name != "training"}
        tensors = [value for value in keras.tree.flatten((args, kwargs)) if isinstance(value, keras.KerasTensor)]
        if isinstance(operation, keras.layers.TimeDistributed):
            if operation.layer._call_has_mask_arg:
                masks.without_mask(type(operation.layer).__name__, kwargs, name)
            return self.call(operation.layer, args, {}, name, times + 1, node)
        if isinstance(operation, keras.Model):
            return self.visit(operation, tensors, name + SEPARATOR, times, (args, kwargs))
        if is_own_layer(operation):
            try:
                return self.visit(operation, tensors, name + SEPARATOR, times, (args, kwargs))
            except LayerNotSupportedError as error:
                raise LayerNotSupportedError(f"layer {name!r} ({kind}), traced: {error}") from None
        if not isinstance(operation, keras.Layer):
            return apply_operation(operation, args, kwargs, self.names, name, times)
        if kind in attention.ATTENTION:
            parts = Parts(self.names, name, f"layer {name!r} ({kind})")
            if times:
                parts.refuse("it is called within TimeDistributed: call it on one sequence")
            return attention.attended(operation, args, kwargs, parts)
        if getattr(operation, "stateful", False):
            recurrences.check_stateful(operation, name, times)
        if recurrences.has_states(operation, args, kwargs):
            if times:
                raise LayerNotSupportedError(
                    f"layer {name!r} ({kind}): states that go in or out are not supported in TimeDistributed: leave"
                    " them inside it"
                )
            wanted = [id(tensor) in self.read for tensor in node.outputs]
            return recurrences.with_states(operation, self, args, kwargs, name, wanted)
        if len(node.outputs) != 1:
            raise LayerNotSupportedError(f"layer {name!r} ({kind}) has {len(node.outputs)} outputs: use one")
        if kind in self.left_out:
            return tensors
        kwargs = masks.without_mask(kind, kwargs, name)
        tensors = [value for value in keras.tree.flatten((args, kwargs)) if isinstance(value, keras.KerasTensor)]
        if kind == "Masking":
            return [masks.masked_steps(operation, tensors[0], Parts(self.names, name, f"layer {name!r} ({kind})"))]
        if isinstance(operation, keras.layers.SpectralNormalization):
            check_call(node)
            return self.call(operation.layer, args, {}, name, times, node)
        if isinstance(operation, keras.layers.Pipeline):
            for layer in operation.layers:
                tensors = self.call(layer, tuple(tensors), {}, f"{name}{SEPARATOR}{layer.name}", times, node)
            return tensors
        if kind == "Identity" or kind in _IDLE:
            check_call(node)
            return [keras.layers.Activation("linear", name=self.names.of(name))(*tensors)]
        if kind in ("Rescaling", "Normalization") and type(operation).__module__.startswith("keras."):
            scale, shift = getattr(affine, kind.lower())(operation)
            return [affine.affine(tensors[0], scale, shift, self.names.of(name), f"layer {name!r} ({kind})")]
        if times:
            return [distributed.call_on_steps(operation, self, tensors, name, times)]
        if kind == "ReversibleEmbedding" and kwargs.get("reverse"):
            parts = Parts(self.names, name, f"layer {name!r} ({kind})")
            return [parts.done(embeddings.reversed_embedding(operation, tensors[0], parts))]
        beside = _beside(operation, args, kwargs)
        equals.check_arguments(kind, beside, name)
        if not beside:
            equal = equals.call_equal(operation, self, tensors, name)
            if equal is not None:
                return [equal]
        changed = [tensor.shape for tensor in tensors] != [tensor.shape for tensor in node.input_tensors]
        return [self.clone(operation, name, changed)(*args, **kwargs)]

    def called(self, layer: Any, tensors: Sequence[Any], name: str) -> Any:
        """The result of a layer, or of layers that together equal it, on its inputs and nothing else."""
        equal = equals.call_equal(layer, self, tensors, name)
        return self.clone(layer, name)(*tensors) if equal is None else equal

    def clone(self, layer: Any, name: str, fresh: bool = False, shifted: int = 0, kind: type[Any] | None = None) -> Any:
        """A layer of this flat model for one of the user's: with the same variables, and calls of its own.

        Args:
            layer: the user's.
            name: what to call it, unless that is taken.
            fresh: whether a layer without weights is made anew, for what it keeps of the shape it was built for.
            shifted: axes between the batch and those of the layer.
            kind: a class derived from the layer's, if it is to be one of that.
        """
        key = (id(layer), shifted, kind)
        if self.single_use or key not in self.clones:
            self.clones[key] = self._clone(layer, self.names.of(name), fresh)
            if kind is not None:
                recurrences.change_class(self.clones[key], kind)
        return self.clones[key]

    def _clone(self, layer: Any, name: str, fresh: bool) -> Any:
        half = layer.dtype_policy.name in _LOW_PRECISION
        if half or (fresh and not layer.weights and type(layer).__module__.startswith("keras.")):
            config = {**layer.get_config(), "name": name}
            if half:
                config["dtype"] = "float32"
            if "mask_zero" in config:
                config["mask_zero"] = False
            clone = type(layer).from_config(config)
            if layer.weights:
                self.converted.append((clone, [np.asarray(value, np.float32) for value in layer.get_weights()]))
            return clone
        clone = object.__new__(type(layer))
        # Keras's own copy would save and load: attributes that a configuration leaves out would be lost.
        clone.__dict__.update(layer.__dict__)
        clone.__dict__.update(name=name, _inbound_nodes=[], _outbound_nodes=[])
        if getattr(layer, "mask_zero", False):
            clone.__dict__.update(mask_zero=False)
        if getattr(layer, "stateful", False):
            clone.__dict__.update(states=recurrences.new_states(layer))
        return clone


def _trains_by_default(layer: Any) -> bool:
    """Whether a layer is called with `training=True` unless somebody says so; a model's own then overrides that."""
    training = inspect.signature(layer.call).parameters.get("training")
    return training is not None and training.default is True


def calls(functional: Any) -> Iterator[Any]:
    """Every call of a layer in a functional model, in the order Keras computes them."""
    for depth in sorted(functional._nodes_by_depth, reverse=True):
        yield from (node for node in functional._nodes_by_depth[depth] if not node.is_input)


def check_call(node: Any) -> None:
    """Refuse what a call of a layer asks for beside its inputs: `training=True` goes on computing as in training.

    Raises:
        LayerNotSupportedError: naming the layer and the argument.
    """
    import keras

    for name, value in node.arguments.kwargs.items():
        if name == "training" and _trains_by_default(node.operation):
            continue
        tensors = all(isinstance(one, keras.KerasTensor) for one in keras.tree.flatten(value))
        if _asks_for_something(value) and not tensors:
            raise LayerNotSupportedError(
                f"layer {node.operation.name!r} ({type(node.operation).__name__}): it is called with {name}={value!r}, "
                "which changes what it computes; call it with its inputs alone"
            )


def _beside(layer: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[str]:
    """Names of what a layer is called with beside its inputs, the first argument."""
    taken = list(inspect.signature(layer.call).parameters)
    given = dict(zip(taken[1:], args[1:], strict=False)) | dict(kwargs)
    return [name for name, value in given.items() if _asks_for_something(value) and name != taken[0]]


def _asks_for_something(value: Any) -> bool:
    """Whether an argument of a call is other than Keras's own `mask=None` and `training=False`."""
    return value is not None and value is not False


def _is_looked_into(operation: Any) -> bool:
    """Whether what is called is a model, or a layer of the user's own."""
    import keras

    return isinstance(operation, keras.Model) or is_own_layer(operation)


def is_own_layer(operation: Any) -> bool:
    """Whether a layer's class is the user's own; it may be traced."""
    import keras

    libraries = ("keras.", "qkeras.", "netloom.quantize.layers.", "hgq.")
    return isinstance(operation, keras.Layer) and not type(operation).__module__.startswith(libraries)
