"""How many bits everything gets."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import Field

from netloom.errors import SettingsError
from netloom.quantize.base_settings import Settings
from netloom.quantize.calibrate import CalibrationRule

MIN_BITS, MAX_BITS = 2, 16

Bits = Annotated[int, Field(ge=MIN_BITS, le=MAX_BITS, strict=True)]
"""A width in bits: 2 to 16. One bit would be a binary network, which is another method and is not offered."""

DEFAULT_BITS = 8
INPUT_BITS = 8
DEFAULT_FINE_TUNE_EPOCHS = 5
DEFAULT_BATCH_SIZE = 32
"""Of fine-tuning, and of a run of a user's model; docs/quantization.md has what was measured with them."""


class LayerBits(Settings):
    """Widths of one layer (or of every layer of one class) that differ from the policy's."""

    weights: Bits | None = None
    biases: Bits | None = None
    activations: Bits | None = None


class Policy(Settings):
    """Widths in bits, with the sign included where there is one; the point is placed by calibration.

    Attributes:
        weights: kernels, and the scales of batch normalizations that are kept.
        biases: biases and the shifts of batch normalizations; None for the width of a product: weights plus
            activations, at most 16. A bias is added at the accumulator's precision, so it costs no multiplier, and
            a finer one would only widen the accumulator.
        activations: every value that goes from one layer into the multipliers of the next.
        input: the network's inputs.
        overrides: widths by layer name (`"conv1"`) or by Keras class name (`"Dense"`); a name wins over a class.
            For an `InputLayer`, `activations` is the width of that input.
        batch_norm: `"fold"` each batch normalization into the layer before it where that is exact, or `"keep"` all.
        calibration: `"mse"` places the point where the squared error is least, `"max"` where nothing is clipped.

    Raises:
        SettingsError: if a width is not a whole number from 2 to 16, or a name is unknown.
    """

    weights: Bits = DEFAULT_BITS
    biases: Bits | None = None
    activations: Bits = DEFAULT_BITS
    input: Bits = INPUT_BITS
    overrides: Mapping[str, LayerBits] = Field(default_factory=dict)
    batch_norm: Literal["fold", "keep"] = "fold"
    calibration: CalibrationRule = "mse"

    @classmethod
    def uniform(cls, bits: int) -> "Policy":
        """`bits` for weights and activations, and for inputs if that is more than 8.

        Raises:
            SettingsError: if `bits` is not a whole number from 2 to 16.
        """
        cls(weights=bits)
        return cls(weights=bits, activations=bits, input=max(bits, INPUT_BITS))

    def bits(
        self, kind: Literal["weights", "biases", "activations"], name: str, class_name: str, least: int = 0
    ) -> int:
        """The width of a layer's weights, biases or activations: an override, else the policy's, at least `least`."""
        chosen = self.overridden(kind, name, class_name)
        if chosen is not None:
            return chosen
        if kind == "biases" and self.biases is None:
            return min(self.bits("weights", name, class_name) + self.bits("activations", name, class_name), MAX_BITS)
        return max(least, self.input if class_name == "InputLayer" else getattr(self, kind))

    def overridden(self, kind: Literal["weights", "biases", "activations"], name: str, class_name: str) -> int | None:
        """The width that an override gives a layer's weights, biases or activations; None if none does."""
        widths = (getattr(self.overrides[key], kind) for key in (name, class_name) if key in self.overrides)
        return next((width for width in widths if width is not None), None)

    def check_overrides(self, names: Iterable[str], class_names: Iterable[str]) -> None:
        """Refuse overrides of layers that a model does not have.

        Raises:
            SettingsError: naming the key and the closest names.
        """
        known = {*names, *class_names}
        for key in self.overrides:
            if key not in known:
                close = difflib.get_close_matches(key, sorted(known), n=3, cutoff=0.5) or sorted(known)[:10]
                raise SettingsError(
                    f"overrides: the model has no layer or layer class {key!r}; close or existing names: "
                    + ", ".join(map(repr, close))
                )
