"""What a run starts from: a network of the registry, or a user's own model file."""

from dataclasses import dataclass
from pathlib import Path

from netloom.errors import ModelFileError
from netloom.files import sha256
from netloom.models import Network, get_network
from netloom.state import Origin, RunState


@dataclass(frozen=True)
class Start:
    """What a run starts from.

    Attributes:
        network: the registered network; None for a model file.
        model_file: the user's model file; None for a registered network.
    """

    network: Network | None
    model_file: Path | None

    @property
    def name(self) -> str:
        """The network's name, or the model file's without its suffix."""
        return self.network.name if self.network else self._file.stem

    @property
    def _file(self) -> Path:
        assert self.model_file is not None
        return self.model_file

    def digest(self) -> str | None:
        """SHA-256 of the model file; None for a registered network."""
        return sha256(self.model_file) if self.model_file else None

    def origin(self, state: RunState | None) -> Origin:
        """The record of it. A model file is loaded to see of which kind it is, unless `state` knows this very file.

        Raises:
            ModelFileError: if the file cannot be loaded, or would run code.
        """
        if self.network:
            return Origin(network=self.name, kind="network")
        digest = self.digest()
        if state is not None and state.origin.model_digest == digest:
            return state.origin.model_copy(update={"network": self.name, "model_file": self._file.name})
        from netloom.quantize import is_quantized, load_model

        quantized = is_quantized(load_model(self._file))
        return Origin(
            network=self.name,
            kind="quantized" if quantized else "float",
            model_file=self._file.name,
            model_digest=digest,
        )


def find_start(model: str | Path) -> Start:
    """Take `model` for the name of a network, or for the path of a model file if it looks like one.

    Raises:
        NetworkNotFoundError: it is no path and the registry has no such network; the message names close ones.
        ModelFileError: it is a path, but of no `.keras` file.
    """
    path = Path(model)
    if isinstance(model, str) and path.suffix not in (".keras", ".h5", ".hdf5") and path.name == model:
        return Start(get_network(model), None)
    if path.suffix != ".keras":
        raise ModelFileError(f"{path} is not a .keras file; save the model with model.save('{path.stem}.keras')")
    if not path.is_file():
        raise ModelFileError(f"there is no file {path}; check the path")
    return Start(None, path)
