"""Model files, `.keras`, `.h5` and `.onnx`: loaded without running anything that is in them."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from netloom.common.files import replacing
from netloom.errors import InputError, ModelFileError, NetloomError, SettingsError, StorageError
from netloom.quantize.files.archive import check_archive
from netloom.quantize.files.hdf5 import check_hdf5, class_table, renumbered, unregistered
from netloom.quantize.files.hgq2 import is_hgq
from netloom.quantize.files.inspection import check_finite
from netloom.quantize.files.keras2 import modernized
from netloom.quantize.flat import flatten

HDF5 = (".h5", ".hdf5")
"""Endings of a whole model in one HDF5 file."""

ONNX = ".onnx"
"""Ending of an ONNX model."""

MODEL_FILES = (".keras", *HDF5, ONNX)
"""Endings of the files that hold a model."""


def load_model(
    path: str | os.PathLike[str],
    input_shapes: Sequence[tuple[int, ...]] | None = None,
    input_types: Sequence[str] | None = None,
) -> Any:
    """Load a Keras, QKeras or HGQ2 model from a `.keras` or `.h5` file, or a QONNX or QCDQ model, uncompiled.

    Nothing in the file is run: Lambda layers, Python code, custom classes and quantizers that are not plain calls are
    refused before Keras sees them.

    Args:
        path: of the file; it may be one of Keras 2. An ONNX model is built as the Keras model that equals it.
        input_shapes: shape of each input without the batch, where the model leaves sizes open; the model is then
            flattened.
        input_types: type of each input of a quantized ONNX model, as `fixed<16,6>`, where no quantizer reads it.

    Raises:
        ModelFileError: if the file is missing, damaged, of another format, would run code, needs a class that is not
            part of Keras or QKeras, or holds NaN or infinite weights.
        LayerNotSupportedError: if the model cannot take the input shapes; for a node of ONNX that is not read.
        QuantizerNotSupportedError: for a quantizer of ONNX that no fixed-point type equals.
        SettingsError: for input shapes of an HGQ2 model, input types of what is no ONNX model, or as many as there are
            no inputs.
        PrecisionError: for an input type that is none.
        ToolMissingError: if it takes qonnx or HGQ2, which is not installed.
    """
    path = Path(path)
    if path.is_dir():
        raise ModelFileError(
            f"{path} is a folder: give a model file; a SavedModel holds the steps of a computation and not the layers,"
            " so load it where it was made and save it with model.save('name.keras')"
        )
    if not path.exists():
        raise ModelFileError(f"{path} does not exist: check the path")
    if path.suffix not in MODEL_FILES:
        raise ModelFileError(
            f"{path} is not a .keras, .h5 or .onnx file: load it in Keras and save it again with"
            f" model.save('{path.stem}.keras')"
        )
    import keras
    import qkeras  # noqa: F401 - registers its classes with Keras

    import netloom.quantize.layers  # noqa: F401 - likewise

    if path.suffix == ONNX:
        from netloom.quantize.onnx.load_onnx import load_onnx

        return load_onnx(path, input_shapes, input_types)
    if input_types is not None:
        raise SettingsError(f"{path}: input types are for ONNX models; a Keras model has a QActivation at its input")
    version = "unknown"
    try:
        version = check_hdf5(path) if path.suffix in HDF5 else check_archive(path)
        model = _read(path, version)
    except NetloomError:
        raise
    except Exception as error:  # noqa: BLE001  (Keras, QKeras, h5py and TensorFlow raise whatever they meet)
        if isinstance(error, OSError) and error.strerror:
            raise ModelFileError(f"{path} cannot be read ({error.strerror}): check its permissions") from None
        reason = " ".join(str(error).split())[:200]
        raise ModelFileError(
            f"{path} (saved by Keras {version}) does not load in Keras {keras.__version__}: {reason}"
        ) from None
    if input_shapes is not None and is_hgq(model):
        raise SettingsError(f"{path}: an HGQ2 model has the shape of its quantizers; leave the input's shape out")
    if input_shapes is not None:
        model = flatten(model, input_shapes)
    try:
        check_finite(model)
    except InputError as error:
        raise ModelFileError(f"{path}: {error}") from None
    _check_computes(model, path)
    return model


def _read(path: Path, version: str) -> Any:
    import keras

    if path.suffix not in HDF5:
        if version.startswith("2."):
            with modernized(path) as file:
                return keras.models.load_model(file, compile=False, safe_mode=True)
        return keras.models.load_model(path, custom_objects=unregistered(), compile=False, safe_mode=True)
    with renumbered(path, version) as file:
        return keras.models.load_model(file, custom_objects=class_table(), compile=False, safe_mode=True)


def _check_computes(model: Any, path: Path) -> None:
    """Run the model once, on zeros: some arguments that are none of their kind come to light only then."""
    import keras

    if any(None in tensor.shape[1:] for tensor in model.inputs):
        return  # refused later, by name
    zeros = [keras.ops.zeros((1, *tensor.shape[1:]), tensor.dtype) for tensor in model.inputs]
    try:
        model(zeros if len(zeros) > 1 else zeros[0], training=False)
    except NetloomError:
        raise
    except Exception as error:  # noqa: BLE001  (as in loading)
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
