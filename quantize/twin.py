"""From a float model to its quantized twin, in order: read, check, rewrite, calibrate, rebuild, fine-tune."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from netloom.errors import LayerNotSupportedError, SettingsError
from netloom.fixed_point import FixedPoint
from netloom.models.deformation import Deformation
from netloom.models.tasks import find_task
from netloom.quantize.calibrate import Calibration, calibrate_stream
from netloom.quantize.data import Samples, model_arguments, read_samples
from netloom.quantize.files.inspection import check_finite, float_layers, has_quantized_layers, snap_weights
from netloom.quantize.fine_tune import fine_tune
from netloom.quantize.flat import masked_results
from netloom.quantize.graph.batch_norm import fold_batch_norms, normalize_batch_norms
from netloom.quantize.graph.forward import fold_input_constants
from netloom.quantize.graph.graph_check import check_activations, check_supported
from netloom.quantize.graph.layer_graph import DECODER, LayerGraph, read_graph
from netloom.quantize.graph.norms import split_norms
from netloom.quantize.graph.permutes import settle_permutes
from netloom.quantize.graph.rebuild import build_float, build_twin
from netloom.quantize.graph.rewrite import drop_no_operations, split_activations, split_causal
from netloom.quantize.policy import Policy
from netloom.quantize.quantizer_points import Point, plan_quantizers

CALIBRATION_SAMPLES = 2048
CALIBRATION_BATCH = 256


def quantize(
    model: Any,
    policy: Policy,
    data: Any,
    *,
    fine_tune_epochs: int = 5,
    seed: int = 0,
    batch_size: int = 32,
    learning_rate: float = 3e-4,
    deformation: Deformation | None = None,
    progress: Sequence[Any] = (),
    calibrated: Callable[[Any], None] | None = None,
) -> Any:
    """The QKeras twin of a Keras model: the same network with every multiplier's operands on fixed-point grids.

    Args:
        model: a Keras model with a known input shape; it is not changed. A model that is quantized already is returned
            as it is.
        policy: widths in bits.
        data: inputs as an array of shape (samples, ...) or a list of such arrays, one per input; `(inputs, labels)`
            as a tuple; or an object with `x_train` and `y_train`. It places the points, then fine-tunes.
        fine_tune_epochs: epochs of quantization-aware training; 0 for none.
        seed: same seed, model and data give the same twin.
        batch_size: samples a step of fine-tuning.
        learning_rate: of fine-tuning.
        deformation: of the images that are fine-tuned on, drawn anew in each epoch; None leaves them as they are.
        progress: Keras callbacks, called during fine-tuning.
        calibrated: called with the twin before it is fine-tuned.

    Returns:
        An uncompiled functional model of QKeras layers with the same inputs and outputs, whose stored weights are on
        their grids. It starts with a `QActivation` named `<input>_quantizer` per input.

    Raises:
        LayerNotSupportedError: a layer, or an option of it, has no exact twin; raised before anything is trained.
        InputError: the data does not fit the model, is not finite, or names no row of an `Embedding`; or weights
            are not finite.
        SettingsError: an override names no layer, an argument is out of range, there is a deformation of what are no
            images with labels, or a `RecurrentDecoder`, or results with a mask, are to be fine-tuned.
    """
    if fine_tune_epochs < 0 or batch_size < 1 or not learning_rate > 0:
        raise SettingsError("fine_tune_epochs must be 0 or more, batch_size 1 or more, learning_rate above 0")
    if has_quantized_layers(model):
        for name in float_layers(model):
            raise LayerNotSupportedError(
                f"layer {name!r} has an unquantized kernel, and other layers are quantized: quantize all or none"
            )
        return model
    graph = read_graph(model)
    check_supported(graph)
    check_activations(model)
    blocks = graph.blocks()
    policy.check_overrides(
        [*graph.inputs.values(), *(block.name for block in blocks)],
        ["InputLayer", *(block.owner_class for block in blocks)],
    )
    for block in blocks:
        if block.class_name == DECODER and fine_tune_epochs:
            raise SettingsError(
                f"layer {block.owner!r} ({DECODER}): fine_tune_epochs must be 0, for what it says has no gradient; to"
                " fine-tune, quantize the network that is taught, and make a decoder of its layers"
            )
    samples = read_samples(data, graph)
    images = len(samples.inputs) == 1 and samples.inputs[0].ndim == 4
    if deformation is not None and not (images and samples.labels is not None):
        raise SettingsError("deformation is of images with labels: one input, (samples, height, width, channels)")
    if fine_tune_epochs and samples.labels is not None:
        for name in masked_results(model):
            raise SettingsError(
                f"layer {name!r}: its result has a mask, and Keras's losses leave out what is masked, which fine-tuning"
                " does not: leave the labels out of the data, or fine_tune_epochs must be 0"
            )
    check_finite(model)
    rewrite(graph, policy)
    graph.integers |= samples.integers
    points = plan_quantizers(graph, policy)
    watched = sorted({tensor for point in points for tensor in point.tensors})
    float_model, watching = build_float(graph, watched)
    types = _calibrate(points, watched, watching, _calibration_samples(samples, seed), policy)
    twin = build_twin(graph, policy, {point.name: (point, types[point.name]) for point in points})
    if calibrated is not None:
        calibrated(twin)
    fine_tune(
        twin,
        float_model,
        samples,
        task=find_task(data.task) if hasattr(data, "task") else None,
        loss=model.loss if getattr(model, "compiled", False) and samples.labels is not None else None,
        epochs=fine_tune_epochs,
        seed=seed,
        batch_size=batch_size,
        learning_rate=learning_rate,
        deformation=deformation,
        callbacks=progress,
    )
    snap_weights(twin)
    return twin


def rewrite(graph: LayerGraph, policy: Policy) -> None:
    """Every rewrite before calibration, in order."""
    drop_no_operations(graph)
    split_activations(graph)
    settle_permutes(graph)
    split_causal(graph)
    split_norms(graph)
    fold_input_constants(graph, policy)
    if policy.batch_norm == "fold":
        fold_batch_norms(graph)
    normalize_batch_norms(graph)


def _calibration_samples(samples: Samples, seed: int) -> Samples:
    chosen = np.random.default_rng(seed).permutation(len(samples))[:CALIBRATION_SAMPLES]
    return samples.take(np.sort(chosen))


def _calibrate(
    points: Sequence[Point], watched: Sequence[int], watching: Any, samples: Samples, policy: Policy
) -> dict[str, FixedPoint]:
    import keras

    calibrations = {
        point.name: Calibration(
            point.bits,
            False if point.relu else None,
            policy.calibration,
            f"layer {point.owner!r}, output",
            point.bound,
        )
        for point in points
    }
    readers = [[calibrations[point.name] for point in points if tensor in point.tensors] for tensor in watched]

    def values() -> Iterator[list[np.ndarray]]:
        for batch in samples.batches(CALIBRATION_BATCH):
            yield [value.numpy() for value in keras.tree.flatten(watching(model_arguments(batch), training=False))]

    calibrate_stream(readers, values)
    return {point.name: point.type or calibrations[point.name].type() for point in points}
