"""The settings of a run, and reading those that come in a file."""

from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, model_validator

from netloom.errors import SettingsError, StorageError
from netloom.hls import HlsSettings
from netloom.models import Network
from netloom.quantize.policy import Bits, Policy
from netloom.quantize.settings import Settings

USER_MODEL_BITS = 8
USER_MODEL_FINE_TUNE_EPOCHS = 3
USER_MODEL_BATCH_SIZE = 64


class RunSettings(Settings):
    """What `netloom run` can be told.

    Attributes:
        bits: uniform width of weights and activations; None is the network's own default, 8 for a user's model.
        policy: widths layer by layer, instead of `bits`.
        seed: of training and fine-tuning.
        epochs: of training a registered network; None is its own default.
        fine_tune_epochs: of quantization-aware training; None is the network's default, 3 for a user's model.
        hls: how hls4ml lays the firmware out.
        csim: whether the firmware is compiled (needs g++) and held against `fixed`.
        csim_samples: only so many test samples for `csim`; None is all of them.
        trace_samples: only so many test samples on which every layer is compared, not the output alone; None is all.

    Raises:
        SettingsError: if a value is out of range, or both `bits` and `policy` are given.
    """

    bits: Bits | None = None
    policy: Policy | None = None
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    epochs: Annotated[int, Field(ge=1)] | None = None
    fine_tune_epochs: Annotated[int, Field(ge=0)] | None = None
    hls: HlsSettings = HlsSettings()
    csim: bool = True
    csim_samples: Annotated[int, Field(ge=1)] | None = None
    trace_samples: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _one_width(self) -> "RunSettings":
        if self.bits is not None and self.policy is not None:
            raise SettingsError("give either bits or a policy, not both: a policy says every width")
        return self

    def policy_for(self, network: Network | None) -> Policy:
        """The policy these settings mean for a registered network, or for a user's model (None)."""
        if self.policy is not None:
            return self.policy
        return Policy.uniform(self.bits or (network.bits if network else USER_MODEL_BITS))

    def fine_tune_epochs_for(self, network: Network | None) -> int:
        """The epochs of quantization-aware training they mean."""
        if self.fine_tune_epochs is not None:
            return self.fine_tune_epochs
        return network.fine_tune_epochs if network else USER_MODEL_FINE_TUNE_EPOCHS


def read_settings_file(path: Path) -> dict[str, Any]:
    """A mapping from a YAML or JSON file.

    Raises:
        StorageError: if the file cannot be read.
        SettingsError: if it does not hold one mapping.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}; check the path") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is neither YAML nor JSON: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise SettingsError(f"{path} must hold one mapping of names to values, such as 'dense1: {{accum: ...}}'")
    return content
