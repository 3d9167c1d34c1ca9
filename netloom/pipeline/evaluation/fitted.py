"""A user's data, fitted to a user's model: its inputs and targets in the model's order, checked."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from netloom.errors import InputError, NotSupportedError
from netloom.models import Dataset
from netloom.models.data.examples import Arrays, Examples, as_list, members
from netloom.models.tasks import Several, find_task

if TYPE_CHECKING:
    import keras


def fitted(model: "keras.Model", name: str, dataset: Dataset) -> Dataset:
    """The data with its inputs and targets in the model's order.

    Raises:
        NotSupportedError: if an input shape of the model is not fixed.
        InputError: if the model cannot take the inputs, or does not give what the targets are of.
    """
    inputs = [tensor.name for tensor in model.inputs]
    outputs = list(model.output_names) if len(model.outputs) > 1 else [""]
    task = find_task(dataset.task)
    if len(outputs) > 1 and not isinstance(task, Several):  # only data without targets has come so far
        task = find_task(dataset.task, tuple(outputs))
    dataset = replace(
        dataset,
        x_train=_ordered(dataset.x_train, inputs, f"{dataset.source}: x_train", name),
        x_test=_ordered(dataset.x_test, inputs, f"{dataset.source}: x_test", name),
        y_train=_targets(dataset.y_train, outputs, f"{dataset.source}: y_train", name),
        y_test=_targets(dataset.y_test, outputs, f"{dataset.source}: y_test", name),
        task=task.name
        if len(outputs) == 1 or not isinstance(task, Several)
        else Several({output: task.tasks[output] for output in outputs if output in task.tasks}).name,
    )
    for tensor, array in zip(model.inputs, as_list(dataset.x_train), strict=True):
        wanted = tuple(tensor.shape[1:])
        if None in wanted:
            raise NotSupportedError(
                f"{name}: its input shape {wanted} is not fixed; hardware needs every size: say it (--input-shape)"
            )
        if wanted != array.shape[1:]:
            which = f" of input {tensor.name!r}" if len(inputs) > 1 else ""
            raise InputError(
                f"{dataset.source}: samples{which} have the shape {array.shape[1:]}, but {name} takes {wanted};"
                " reshape the data"
            )
    _check_rows(model, dataset)
    for split, labels in (("y_train", dataset.y_train), ("y_test", dataset.y_test)):
        if labels is None:
            continue
        each = task.tasks if isinstance(task, Several) else {"": task}
        for output, one, tensor in zip(outputs, as_list(labels), model.outputs, strict=True):
            where = f"{dataset.source}: {split}" + (f"/{output}" if output else "")
            each[output].check(where, name, tuple(tensor.shape[1:]), one)
    if dataset.y_test is None and task.wanted(Examples(dataset.x_test, None)) is not None:
        _check_reconstruction(model, name, dataset)
    return dataset


def _ordered(arrays: Arrays, names: list[str], where: str, model: str) -> Arrays:
    if len(names) == 1 and len(as_list(arrays)) == 1:
        return as_list(arrays)[0]
    if not isinstance(arrays, Mapping) or set(arrays) != set(names):
        raise InputError(
            f"{where}: {model} has the inputs {', '.join(names)}, and the data"
            f" {', '.join(arrays) if isinstance(arrays, Mapping) else 'one array'};"
            f" name them: {', '.join(f'x_train/{name}' for name in names)}"
        )
    return {name: arrays[name] for name in names}


def _targets(targets: Arrays | None, names: list[str], where: str, model: str) -> Arrays | None:
    if targets is None or (len(names) == 1 and not isinstance(targets, Mapping)):
        return targets
    if not isinstance(targets, Mapping) or set(targets) != set(names):
        given = ", ".join(targets) if isinstance(targets, Mapping) else "one array"
        wanted = ", ".join(f"y_train/{name}" for name in names) if len(names) > 1 else "one array, y_train"
        raise InputError(f"{where}: {model} has {len(names)} output(s), and the targets are {given}; give {wanted}")
    return {name: targets[name] for name in names}


def _check_rows(model: "keras.Model", dataset: Dataset) -> None:
    """What embeddings read, in both splits: before anything is trained."""
    from netloom.quantize.files.hgq2 import is_hgq
    from netloom.quantize.flat import check_rows, flatten, rows_read

    if is_hgq(model):  # which has no layers of that kind, and is not made flat
        return
    read = rows_read(flatten(model))
    for split, arrays in (("x_train", dataset.x_train), ("x_test", dataset.x_test)):
        check_rows(read, as_list(arrays), list(members(f"{dataset.source}: {split}", arrays)))


def _check_reconstruction(model: "keras.Model", name: str, dataset: Dataset) -> None:
    """Without targets the outputs are held against the inputs."""
    shapes = [tuple(tensor.shape[1:]) for tensor in model.outputs]
    given = [array.shape[1:] for array in as_list(dataset.x_test)]
    if [np.prod(shape) for shape in shapes] != [np.prod(shape) for shape in given]:
        raise InputError(
            f"{dataset.source}: to reconstruct them, outputs must be of the inputs' shapes {given}, and {name} gives"
            f" {shapes}; give y_train and y_test, or another --task"
        )
