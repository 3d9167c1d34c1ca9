"""`Fidelity`: what comparing two engines over a data set found."""

from pydantic import BaseModel, ConfigDict


class Mismatch(BaseModel):
    """The first element in which two engines differ: in the order of layers, then samples, then elements."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    layer: str
    sample: int
    index: list[int]
    values: list[float]


class LayerDifference(BaseModel):
    """How far two engines differ in one layer, counted in steps of its type."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    layer: str
    elements: int
    mismatches: int
    max_difference_steps: float
    mean_difference_steps: float


class Fidelity(BaseModel):
    """What comparing two engines over a data set found.

    Attributes:
        engines: names of the two, the reference first.
        samples: how many inputs were run.
        elements: how many output elements were compared.
        mismatches: how many of them differ at all.
        max_difference_steps: the largest difference, in steps of the output's type.
        argmax_agreement: share of samples in which both name the same class (None for outputs of one element).
        scores: {engine: {score: value}} of the network's task; empty if it was not evaluated.
        first_mismatch: None if all elements are equal.
        layers: layer by layer, if traces were compared.
        layer_samples: of how many inputs.
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    engines: tuple[str, str]
    samples: int
    elements: int
    mismatches: int
    max_difference_steps: float
    argmax_agreement: float | None = None
    scores: dict[str, dict[str, float]] = {}
    first_mismatch: Mismatch | None = None
    layers: list[LayerDifference] = []
    layer_samples: int = 0

    @property
    def equal(self) -> bool:
        """Whether every element compared, traces included, is equal."""
        return self.mismatches == 0 and all(layer.mismatches == 0 for layer in self.layers)
