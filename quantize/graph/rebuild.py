"""Keras models from a graph: the float one that calibration runs, and the QKeras twin."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from netloom.fixed_point import FixedPoint
from netloom.quantize.calibrate import calibrate
from netloom.quantize.graph.decoder import call_decoder, quantized_decoder, see_decoder
from netloom.quantize.graph.layer_graph import DECODER, Block, LayerGraph, named_weights
from netloom.quantize.graph.norms import quantized_norm
from netloom.quantize.graph.recurrent import RECURRENT, call_recurrent, quantized_recurrent, see_cell
from netloom.quantize.policy import Policy
from netloom.quantize.quantizer_points import Point
from netloom.quantize.quantizer_types import relu_quantizer, type_quantizer
from netloom.quantize.support.table import WEIGHTED

SCALE_BITS = 8
"""Least width of a kept batch normalization's scale: one multiplier a channel is cheap, and few bits cost accuracy."""

_OPTIONS = (
    *("units", "filters", "kernel_size", "strides", "padding", "output_padding", "dilation_rate", "groups"),
    *("depth_multiplier", "use_bias"),
)
"""What a QKeras layer takes over from its Keras layer; the rest is at its default, or about training."""


def build_float(graph: LayerGraph, watched: Sequence[int]) -> tuple[Any, Any]:
    """The graph as a float model, and a model of the same layers whose outputs are the `watched` tensors."""
    import keras

    inputs, tensors = _run(graph, _float_layer, {})
    model = _model(graph, inputs, tensors)
    tensors |= _see_inside(graph, tensors)
    watching = keras.Model(model.input, [tensors[number] for number in watched])
    _set_weights(model, graph)
    return model, watching


def _see_inside(graph: LayerGraph, tensors: Mapping[int, Any]) -> dict[int, Any]:
    """By number, the tensors in `graph.inside`: values within recurrent layers and decoders, of all steps."""
    found: dict[int, Any] = {}
    for step in graph.steps:
        inside = {part: number for number, (output, part) in graph.inside.items() if output == step.output}
        if inside:
            see = see_decoder if step.block.class_name == DECODER else see_cell
            layer = tensors[step.output]._keras_history.operation
            # A name of its own: Keras would call it "rnn", as a layer may be called; and one layer is called often.
            name = f"inside {layer.name} {step.output}"
            seen = see(layer, [tensors[number] for number in step.inputs], name)
            found |= {number: seen[part] for part, number in inside.items()}
    return found


def build_twin(graph: LayerGraph, policy: Policy, points: Mapping[str, tuple[Point, FixedPoint]]) -> Any:
    """The graph as a QKeras model with the graph's weights.

    Args:
        graph: a rewritten graph: activations split off, batch normalizations folded or normalized.
        policy: widths of weights and biases.
        points: activation quantizers and their types, by name.
    """
    from qkeras import QActivation

    layers: dict[str, Any] = {}
    blocks = {block.name: block for block in graph.blocks()}
    for block in graph.blocks():
        parts = {point.part: type_ for name, (point, type_) in points.items() if name == f"{block.name}/{point.part}"}
        if block.class_name in RECURRENT:
            layers[block.name] = quantized_recurrent(block, policy, parts)
        elif block.class_name == DECODER:
            layers[block.name] = quantized_decoder(block, policy, parts, _quantized_layer)
    points = {name: (point, type_) for name, (point, type_) in points.items() if not point.part}
    for name, (point, type_) in points.items():
        if point.inside:
            layers[name] = _layer_with_quantizer(blocks[name], type_, graph.shapes[point.tensors[0]])
            continue
        quantizer = relu_quantizer(type_.width, type_.integer) if point.relu else type_quantizer(type_)
        layers[name] = QActivation(quantizer, name=name)

    def make(block: Block) -> Any:
        return layers[block.name] if block.name in layers else _quantized_layer(block, policy)

    after = {
        tensor: layers[name]
        for name, (point, _) in points.items()
        if not point.relu and not point.inside
        for tensor in point.tensors
    }
    inputs, tensors = _run(graph, make, after)
    closing = {tensor for point, _ in points.values() if point.closing for tensor in point.tensors}
    for tensor in closing.intersection(graph.outputs):
        tensors[tensor] = after[tensor](tensors[tensor])
    model = _model(graph, inputs, tensors)
    _set_weights(model, graph)
    return model


def _layer_with_quantizer(block: Block, type_: FixedPoint, shape: Sequence[int]) -> Any:
    from netloom.quantize.layers import QSoftmax

    if block.class_name == "Softmax":
        return QSoftmax(type_quantizer(type_), axis=block.config["axis"], name=block.name)
    if block.class_name == "MaskedSoftmax":
        return QSoftmax(type_quantizer(type_), mask=block.config["mask"], name=block.name)
    return quantized_norm(block, type_quantizer(type_), shape[-1])


def _model(graph: LayerGraph, inputs: Sequence[Any], tensors: Mapping[int, Any]) -> Any:
    import keras

    outputs = [tensors[number] for number in graph.outputs]
    return keras.Model(
        inputs if len(inputs) > 1 else inputs[0], outputs if len(outputs) > 1 else outputs[0], name=graph.name
    )


def _run(
    graph: LayerGraph, make_layer: Callable[[Block], Any], after: Mapping[int, Any]
) -> tuple[list[Any], dict[int, Any]]:
    """Call the layers of all blocks; steps (not outputs) read a tensor that is in `after` through that layer."""
    import keras

    layers = {block: make_layer(block) for block in graph.blocks()}
    inputs = {number: keras.Input(graph.shapes[number], name=name) for number, name in graph.inputs.items()}
    tensors: dict[int, Any] = dict(inputs)
    read = {number: after[number](tensor) if number in after else tensor for number, tensor in inputs.items()}
    for step in graph.steps:
        arguments = [read[number] for number in step.inputs]
        layer = layers[step.block]
        if step.block.class_name in RECURRENT:
            result = call_recurrent(layer, arguments)
        elif step.block.class_name == DECODER:
            result = call_decoder(layer, arguments)
        else:
            result = layer(arguments if len(arguments) > 1 else arguments[0])
        tensors[step.output] = result
        read[step.output] = after[step.output](result) if step.output in after else result
    return list(inputs.values()), tensors


def _float_layer(block: Block) -> Any:
    import keras

    from netloom.quantize import layers

    config = dict(block.config)
    if block.class_name == "Activation" and config.pop("max_value", None) is not None:
        return keras.layers.ReLU(block.config["max_value"], name=block.name)
    kind = getattr(keras.layers, block.class_name, None) or getattr(layers, block.class_name)
    return kind.from_config({**config, "name": block.name})


def _quantized_layer(block: Block, policy: Policy) -> Any:
    import qkeras

    from netloom.quantize.layers import QEmbedding

    least = SCALE_BITS if block.class_name == "BatchNormalization" else 0
    weight_bits = policy.bits("weights", block.owner, block.owner_class, least)
    bias_bits = policy.bits("biases", block.owner, block.owner_class)

    def quantizer(variable: str, bits: int) -> Any:
        place = f"layer {block.owner!r}, {variable}"
        return type_quantizer(calibrate(block.weights[variable], bits, place, policy.calibration))

    if block.class_name == "BatchNormalization":
        return qkeras.QBatchNormalization(
            epsilon=block.config["epsilon"],
            gamma_quantizer=quantizer("gamma", weight_bits),
            beta_quantizer=quantizer("beta", bias_bits),
            mean_quantizer=None,
            variance_quantizer=None,
            name=block.name,
        )
    if block.class_name == "PReLU":
        # No QKeras layer has slopes with a quantizer: they are put on their grid here, and stay as they are.
        grid = calibrate(block.weights["alpha"], weight_bits, f"layer {block.owner!r}, alpha", policy.calibration)
        block.weights = {"alpha": grid.to_float(grid.from_float(block.weights["alpha"]))}
        slopes = _float_layer(block)
        slopes.trainable = False
        return slopes
    if block.class_name == "Embedding":
        return QEmbedding(
            block.config["input_dim"],
            block.config["output_dim"],
            embeddings_quantizer=quantizer("embeddings", weight_bits),
            name=block.name,
        )
    if block.class_name not in WEIGHTED:
        return _float_layer(block)
    options = {option: block.config[option] for option in _OPTIONS if option in block.config}
    for variable, kind in _kernels(block).items():
        options[f"{kind}_quantizer"] = quantizer(variable, weight_bits)
        # The weights are set below: QKeras's own initializers would only cost time and clutter the saved file.
        options[f"{kind}_initializer"] = "zeros"
    if "bias" in block.weights:
        options["bias_quantizer"] = quantizer("bias", bias_bits)
    return _quantized_class(block)(**options, name=block.name)


def _quantized_class(block: Block) -> Any:
    """QKeras's layer, or netloom's where it has none; QKeras's transposed convolution drops `output_padding`."""
    import qkeras

    from netloom.quantize import layers

    if block.class_name == "Conv2DTranspose" and block.config["output_padding"] is not None:
        return layers.QPaddedConv2DTranspose
    name = f"Q{block.class_name}"
    return getattr(qkeras, name, None) or getattr(layers, name)


def _kernels(block: Block) -> dict[str, str]:
    """Keras's variable name of each kernel -> QKeras's name of its options."""
    if block.class_name.startswith("Depthwise"):
        return {"kernel": "depthwise"}
    if block.class_name.startswith("Separable"):
        return {"depthwise_kernel": "depthwise", "pointwise_kernel": "pointwise"}
    return {"kernel": "kernel"}


def _set_weights(model: Any, graph: LayerGraph) -> None:
    for block in graph.blocks():
        # A normalization's scale of 1 is the float layer's alone.
        for name, variable in named_weights(model.get_layer(block.name)).items() if block.weights else ():
            # QDepthwiseConv2D calls `depthwise_kernel` what DepthwiseConv2D calls `kernel`.
            variable.assign(block.weights[name if name in block.weights else "kernel"])
