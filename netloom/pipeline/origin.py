"""What a run starts from: a network of the registry, or a user's own model, in a file or in memory."""

import hashlib
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from netloom.common.files import sha256
from netloom.errors import ModelFileError, SettingsError
from netloom.models import Network, get_network
from netloom.pipeline.state import Origin, RunState
from netloom.quantize.files.model_files import MODEL_FILES

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, eq=False)
class Start:
    """What a run starts from: a registered network, a user's model file, or a user's Keras model.

    Attributes:
        input_shapes: of the model's inputs without the batch, where it leaves sizes open.
        input_types: of the inputs of an ONNX model, where no quantizer reads them.
    """

    network: Network | None = None
    model_file: Path | None = None
    model: Any = None
    input_shapes: tuple[tuple[int, ...], ...] | None = None
    input_types: tuple[str, ...] | None = None

    @property
    def name(self) -> str:
        """The network's name, the model's, or the model file's without its suffix."""
        if self.network:
            return self.network.name
        return self.model_file.stem if self.model_file else str(self.model.name)

    @property
    def words(self) -> str:
        """What it is called in messages."""
        return str(self.model_file) if self.model_file else f"the model {self.name!r}"

    def digest(self) -> str | None:
        """SHA-256 of the model file, and of shapes and types given, or of structure and weights; None for a network."""
        if self.network:
            return None
        if self.model_file:
            content, given = sha256(self.model_file), (self.input_shapes, self.input_types)
            said = "".join(f" {one}" for one in given if one is not None)
            return hashlib.sha256(f"{content}{said}".encode()).hexdigest() if said else content
        digest = hashlib.sha256(self.model.to_json().encode())
        for weight in self.model.get_weights():
            digest.update(f"{weight.dtype.str} {weight.shape}\n".encode() + weight.tobytes())
        return digest.hexdigest()

    def load(self) -> Any:
        """The user's model.

        Raises:
            ModelFileError: if its file cannot be loaded, or would run code.
            LayerNotSupportedError: if it cannot take the input shapes.
        """
        from netloom.quantize import load_model

        if self.model_file is None:
            return self.model
        return load_model(self.model_file, self.input_shapes, self.input_types)

    @contextmanager
    def as_file(self) -> Iterator[Path]:
        """The user's model as a file, gone afterwards if it was made for this; a fault of it then names the model."""
        if self.model_file:
            yield self.model_file
            return
        from netloom.quantize import save_model

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{self.name}.keras"
            save_model(self.model, path)
            try:
                yield path
            except ModelFileError as error:
                raise ModelFileError(str(error).replace(str(path), self.words)) from None

    def origin(self, state: RunState | None) -> Origin:
        """The record of it. A model file is loaded to see of which kind it is, unless `state` knows this very file.

        Raises:
            ModelFileError: if the file cannot be loaded, or would run code.
        """
        if self.network:
            return Origin(network=self.name, kind="network")
        digest, file = self.digest(), self.model_file.name if self.model_file else None
        if state is not None and state.origin.model_digest == digest:
            return state.origin.model_copy(update={"network": self.name, "model_file": file})
        from netloom.quantize import is_quantized

        kind: Literal["quantized", "float"] = "quantized" if is_quantized(self.load()) else "float"
        return Origin(network=self.name, kind=kind, model_file=file, model_digest=digest)


def find_start(
    model: "str | Path | keras.Model",
    input_shapes: Sequence[tuple[int, ...]] | None = None,
    input_types: Sequence[str] | None = None,
) -> Start:
    """Take `model` for a Keras model, for the path of a model file if it looks like one, or for a network's name.

    Raises:
        NetworkNotFoundError: it is a name and the registry has no such network; the message names close ones.
        ModelFileError: it is a path, but of no model file; or nothing of the kind.
        LayerNotSupportedError: a model in memory has no input shape, cannot be traced, or cannot take the given shapes.
        SettingsError: input shapes are given for a network of the registry, input types for what is no file.
    """
    shapes = None if input_shapes is None else tuple(tuple(shape) for shape in input_shapes)
    types = None if input_types is None else tuple(input_types)
    if types is not None and not (isinstance(model, str | Path) and Path(model).suffix in MODEL_FILES):
        raise SettingsError("input types are for ONNX files; leave --input-type out")
    if not isinstance(model, str | Path):
        return _of_object(model, shapes)
    path = Path(model)
    if isinstance(model, str) and path.suffix not in MODEL_FILES and path.name == model:
        if shapes is not None:
            raise SettingsError(f"network {model!r} has its own input shape; leave --input-shape out")
        return Start(network=get_network(model))
    if path.suffix not in MODEL_FILES:
        raise ModelFileError(
            f"{path} is not a .keras, .h5 or .onnx file; save the model with model.save('{path.stem}.keras')"
        )
    if not path.is_file():
        raise ModelFileError(f"there is no file {path}; check the path")
    return Start(model_file=path, input_shapes=shapes, input_types=types)


def _of_object(model: Any, shapes: tuple[tuple[int, ...], ...] | None) -> Start:
    # Whoever has a Keras model has imported Keras; for anything else it need not be.
    keras = sys.modules.get("keras")
    if keras is None or not isinstance(model, keras.Model):
        raise ModelFileError(
            "a run starts from a network's name, the path of a .keras file or a Keras model,"
            f" not from {type(model).__name__}"
        )
    if not (getattr(model, "inputs", None) or shapes or model._build_shapes_dict):
        raise ModelFileError(
            f"{Start(model=model).words} has no inputs of a fixed shape; build it as a Sequential or functional model"
            " that begins with keras.Input(shape=(...)), or say the sizes (input_shapes)"
        )
    if shapes is None and getattr(model, "inputs", None) and type(model).__module__.startswith("keras."):
        return Start(model=model)
    from netloom.quantize import flatten

    return Start(model=flatten(model, shapes))
