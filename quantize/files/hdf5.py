"""Models in one HDF5 file (`.h5`), as Keras 2 wrote them and Keras 3 still does: checked before anything is built."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from pydantic_core import from_json

from netloom.common.reading import regular
from netloom.errors import ModelFileError
from netloom.quantize.files.archive import MAX_CONFIG_BYTES, MAX_WEIGHTS_BYTES, QUANTIZERS, check_configuration
from netloom.quantize.files.keras2 import renumber

MAX_OBJECTS = 100_000
"""Groups and arrays in a file."""


def check_hdf5(path: Path) -> str:
    """Check that a file holds a model, and no links, other files' data or code; returns the Keras version it is of.

    Raises:
        ModelFileError: if it does not.
        OSError: if it cannot be read.
    """
    import h5py

    with regular(path) as handle:
        if handle.read(8) != b"\x89HDF\r\n\x1a\n":
            _refuse(path, "is no HDF5 file: save the model again with model.save()")
        try:
            with h5py.File(handle, "r") as file:
                _check_tree(path, file)
                text = file.attrs.get("model_config")
                if text is None:
                    _refuse(
                        path,
                        "holds weights and no model: build the model, load_weights() into it, and save it with"
                        " model.save('name.keras')",
                    )
                if len(text) > MAX_CONFIG_BYTES:
                    _refuse(path, f"has a configuration of more than {MAX_CONFIG_BYTES} bytes: save it again")
                config, version = from_json(text), file.attrs.get("keras_version", "unknown")
        except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
            _refuse(path, f"is not a whole HDF5 file ({' '.join(str(error).split())[:100]}): copy or save it again")
    if not isinstance(config, dict) or not isinstance(config.get("config"), dict | list):
        _refuse(path, "has no model in its configuration: save it again with model.save()")
    check_configuration(path, config, _classes())
    return version.decode() if isinstance(version, bytes) else str(version)


@contextmanager
def renumbered(path: Path, version: str) -> Iterator[Path]:
    """A checked file as Keras 3 reads it: to Keras 2 the first call of a nested model is its second.

    Args:
        path: of the file.
        version: of Keras that wrote it.
    """
    import h5py

    with h5py.File(path, "r") as file:
        config = from_json(file.attrs["model_config"])
    if not version.startswith("2.") or not renumber(config):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="netloom-") as folder:
        copy = Path(folder) / path.name
        shutil.copyfile(path, copy)
        with h5py.File(copy, "r+") as file:
            file.attrs["model_config"] = json.dumps(config)
        yield copy


def _check_tree(path: Path, file: Any) -> None:
    """Every object is in the file itself, and together they are not too many or too large."""
    import h5py

    groups: set[int] = set()
    pending, seen, size = [file], 0, 0
    while pending:
        group = pending.pop()
        place = h5py.h5o.get_info(group.id).addr
        if place in groups:
            _refuse(path, f"has a group {group.name!r} that stands in two places or within itself: save it again")
        groups.add(place)
        for name in group:
            seen += 1
            if seen > MAX_OBJECTS:
                _refuse(path, f"has more than {MAX_OBJECTS} objects: save it again")
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                _refuse(path, f"has a link {name!r}, which may lead to another file: save the model again")
            item = group[name]
            if isinstance(item, h5py.Group):
                pending.append(item)
                continue
            if not isinstance(item, h5py.Dataset) or item.is_virtual or item.external:
                _refuse(path, f"has {name!r} whose data are not in the file: save the model again")
            size += item.nbytes
            if size > MAX_WEIGHTS_BYTES:
                _refuse(path, f"has more than {MAX_WEIGHTS_BYTES} bytes of weights")


def _classes() -> set[str]:
    """Names that Keras 2 writes without their module."""
    import keras
    import qkeras

    from netloom.quantize import layers

    kinds = (keras.layers, keras.initializers, keras.regularizers, keras.constraints)
    names = {name for kind in kinds for name, thing in vars(kind).items() if isinstance(thing, type)}
    quantized = {name for name, thing in vars(qkeras).items() if isinstance(thing, type) and name.startswith("Q")}
    registered = {f"qkeras>{name}" for name in quantized | QUANTIZERS} | {f"netloom>{name}" for name in layers.__all__}
    return names | quantized | registered | {"Functional", "Model", "Sequential"}


class _Without:
    """Stands for a class of layers to which files give arguments, always at one value, that it does not take."""

    def __init__(self, cls: Any, **written: Any) -> None:
        self.cls, self.written = cls, written

    def from_config(self, config: dict[str, Any]) -> Any:
        """The layer of a configuration."""
        kept = {key: value for key, value in config.items() if (key, value) not in self.written.items()}
        return self.cls.from_config(kept)


def unregistered() -> dict[str, Any]:
    """A layer of QKeras that Keras does not find by its name, and that does not take what its own `get_config` says."""
    from qkeras import QDenseBatchnorm

    inside = {"synchronized": False, "renorm": False, "renorm_clipping": None, "renorm_momentum": 0.99}
    return {"QDenseBatchnorm": _Without(QDenseBatchnorm, **inside)}


def class_table() -> dict[str, Any]:
    """What such a file's names of classes stand for, where Keras would not know or not build them."""
    import keras
    from qkeras.utils import _add_supported_quantized_objects

    classes: dict[str, Any] = {}
    _add_supported_quantized_objects(classes)
    for name in ("DepthwiseConv1D", "DepthwiseConv2D", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"):
        # Keras 2 writes it, 1 always.
        classes[name] = _Without(getattr(keras.layers, name), groups=1)
    return classes | unregistered()


def _refuse(path: Path, reason: str) -> NoReturn:
    raise ModelFileError(f"{path} {reason}")
