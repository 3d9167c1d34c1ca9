"""The arrays that calibration and fine-tuning run on, checked against the model."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from netloom.errors import InputError
from netloom.fixed_point import FixedPoint
from netloom.models.data.examples import Arrays, as_list, take
from netloom.models.tasks import guess_task
from netloom.quantize.flat import check_rows
from netloom.quantize.graph.layer_graph import LayerGraph, integer_type


@dataclass(frozen=True)
class Samples:
    """Inputs, one array per input of the model, and labels if there are any.

    Attributes:
        inputs: float32, (samples, *shape) each.
        labels: as the loss takes them, or None.
        integers: by number of the input's tensor, the type of those that came as whole numbers.
    """

    inputs: list[np.ndarray]
    labels: Arrays | None
    integers: dict[int, FixedPoint] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.inputs[0])

    def take(self, chosen: np.ndarray) -> "Samples":
        """The samples of these numbers."""
        labels = None if self.labels is None else take(self.labels, chosen)
        return replace(self, inputs=[array[chosen] for array in self.inputs], labels=labels)

    def batches(self, size: int) -> Iterator[list[np.ndarray]]:
        """The inputs in batches of `size`, the last one perhaps smaller."""
        for start in range(0, len(self), size):
            yield [array[start : start + size] for array in self.inputs]


def read_samples(data: Any, graph: LayerGraph) -> Samples:
    """Check data against a model's inputs.

    Args:
        data: inputs as an array (of several inputs a list, or a dict by their names), `(inputs, labels)` as a tuple, or
            an object with `x_train` and `y_train`, such as `netloom.models.Dataset`.
        graph: the model.

    Raises:
        InputError: for a wrong shape, dtype or number of arrays, no samples, NaN or infinity, or what is no row of the
            `Embedding` that reads it.
    """
    if hasattr(data, "x_train"):
        data = (data.x_train, data.y_train)
    inputs, labels = data if isinstance(data, tuple) and len(data) == 2 else (data, None)
    if isinstance(inputs, Mapping):
        inputs = _by_name(inputs, graph)
    arrays = [np.asarray(array) for array in (inputs if isinstance(inputs, list) else [inputs])]
    if len(arrays) != len(graph.inputs):
        raise InputError(f"data: the model has {len(graph.inputs)} inputs ({_names(graph)}), not {len(arrays)}")
    for array, (number, name) in zip(arrays, graph.inputs.items(), strict=True):
        _check_input(array, name, graph.shapes[number])
    if len({len(array) for array in arrays}) > 1:
        raise InputError(f"data: all inputs must have as many samples, not {[len(array) for array in arrays]}")
    check_rows(graph.rows, arrays, [f"data: input {name!r}" for name in graph.inputs.values()])
    if labels is not None:
        for one in as_list(labels) if isinstance(labels, Mapping) else [np.asarray(labels)]:
            _check_labels(one, len(arrays[0]))
        labels = labels if isinstance(labels, Mapping) else np.asarray(labels)
    types = zip(graph.inputs, (integer_type(str(array.dtype)) for array in arrays), strict=True)
    return Samples(
        [array.astype(np.float32, copy=False) for array in arrays],
        labels,
        {number: type_ for number, type_ in types if type_ is not None},
    )


def _by_name(inputs: Mapping[str, np.ndarray], graph: LayerGraph) -> list[np.ndarray]:
    if set(inputs) != set(graph.inputs.values()):
        raise InputError(f"data: the model's inputs are {_names(graph)}, not {', '.join(inputs)}")
    return [inputs[name] for name in graph.inputs.values()]


def _check_labels(labels: np.ndarray, samples: int) -> None:
    if labels.shape[:1] != (samples,):
        raise InputError(f"data: labels must be one per sample ({samples}), not of shape {labels.shape}")
    finite = labels.dtype.kind in "iufb" and np.isfinite(labels).all()
    if not finite and not _some_are_not_known(labels):
        raise InputError("data: labels must be finite numbers")


def _some_are_not_known(labels: np.ndarray) -> bool:
    """Whether they are of several properties each, 0 or 1, with NaN for what is not known."""
    return labels.dtype.kind == "f" and not np.isinf(labels).any() and guess_task(labels).name == "multilabel"


def model_arguments(arrays: list[np.ndarray]) -> Any:
    """Arrays as Keras wants them: a list only if there are several."""
    return arrays if len(arrays) > 1 else arrays[0]


def _check_input(array: np.ndarray, name: str, shape: Sequence[int]) -> None:
    if array.dtype.kind not in "iufb":
        raise InputError(f"data: input {name!r} must be numbers, not {array.dtype}")
    if array.ndim == 0 or array.shape[1:] != tuple(shape):
        wanted = ", ".join(["samples", *map(str, shape)])
        raise InputError(f"data: input {name!r} must have shape ({wanted}), not {array.shape}")
    if not len(array):
        raise InputError(f"data: input {name!r} has no samples")
    if not np.isfinite(array).all():
        raise InputError(f"data: input {name!r} must be finite; found NaN or infinity: remove or replace those samples")


def _names(graph: LayerGraph) -> str:
    return ", ".join(graph.inputs.values())
