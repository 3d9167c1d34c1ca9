"""Model files: Keras's `.keras` archives, loaded without running anything that is in them."""

import os
from pathlib import Path
from typing import Any

from netloom.common.files import replacing
from netloom.errors import InputError, ModelFileError, StorageError
from netloom.quantize.archive import check_archive
from netloom.quantize.inspection import check_finite

_LOADING_FAILURES = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    RuntimeError,
    NotImplementedError,
    OSError,
    SyntaxError,
    NameError,
    MemoryError,
)
"""What Keras and QKeras raise for a configuration or weights they can make nothing of."""


def load_model(path: str | os.PathLike[str]) -> Any:
    """Load a Keras or QKeras model from a `.keras` file, uncompiled.

    Nothing in the file is run: Lambda layers, Python code, custom classes and quantizers that are not plain calls are
    refused before Keras sees them.

    Raises:
        ModelFileError: if the file is missing, damaged, of another format, would run code, needs a class that is not
            part of Keras or QKeras, or holds NaN or infinite weights.
    """
    path = Path(path)
    if path.is_dir():
        raise ModelFileError(f"{path} is a folder: give a .keras file, saved with model.save('name.keras')")
    if not path.exists():
        raise ModelFileError(f"{path} does not exist: check the path")
    if path.suffix != ".keras":
        raise ModelFileError(
            f"{path} is not a .keras file: load it in Keras and save it again with model.save('{path.stem}.keras')"
        )
    try:
        version = check_archive(path)
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read ({error.strerror}): check its permissions") from None
    import keras
    import qkeras  # noqa: F401 - registers its classes with Keras

    import netloom.quantize.layers  # noqa: F401 - and netloom its own

    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    except _LOADING_FAILURES as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelFileError(
            f"{path} (saved by Keras {version}) does not load in Keras {keras.__version__}: {reason}"
        ) from None
    try:
        check_finite(model)
    except InputError as error:
        raise ModelFileError(f"{path}: {error}") from None
    _check_computes(model, path)
    return model


def _check_computes(model: Any, path: Path) -> None:
    """Run the model once, on zeros: some arguments that are none of their kind come to light only then."""
    import keras
    import tensorflow as tf

    if any(None in tensor.shape[1:] for tensor in model.inputs):
        return  # refused later, by name
    zeros = [keras.ops.zeros((1, *tensor.shape[1:]), tensor.dtype) for tensor in model.inputs]
    try:
        model(zeros if len(zeros) > 1 else zeros[0], training=False)
    except (*_LOADING_FAILURES, tf.errors.OpError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelFileError(f"{path} loads, but does not compute: {reason}") from None


def save_model(model: Any, path: str | os.PathLike[str]) -> None:
    """Save a model as a `.keras` file; an earlier file of that name is replaced at once or not at all.

    Raises:
        StorageError: if the file cannot be written, or its name does not end in `.keras`.
    """
    path = Path(path)
    if path.suffix != ".keras":
        raise StorageError(f"{path} must end in .keras")
    try:
        with replacing(path) as draft:
            model.save(draft)
    except OSError as error:
        raise StorageError(
            f"{path} cannot be written ({error.strerror or error}): choose another folder or free space"
        ) from None
