"""Records of what comparing and simulating engines found: what stages write and `report.json` holds."""

from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator

from netloom.common.reading import FixedModel
from netloom.sim.engines import EngineName


class Record(FixedModel):
    """Base of every record: fields are fixed once made, nothing undocumented gets in, and every number is one."""

    model_config = ConfigDict(allow_inf_nan=False)

    @model_validator(mode="after")
    def _are_counts(self) -> Self:
        for name, value in self:
            for number in value if isinstance(value, tuple) else (value,):
                if isinstance(number, int) and abs(number) >= 2**63:
                    raise ValueError(f"{name} is beyond 64 bits")
        return self


class FirstMismatch(Record):
    """The first output element on which two engines differ."""

    layer: str = Field(description="the first layer, in order of data flow, whose outputs differ")
    sample: int = Field(description="number of the sample, from 0")
    index: tuple[int, ...] = Field(description="index within the layer's output, without the batch axis")
    values: tuple[float, float] = Field(description="the two values, in the order of `engines`")


class FidelityRecord(Record):
    """How far two engines agree on the network's output, over a number of samples."""

    engines: tuple[EngineName, EngineName] = Field(description="the two engines; the first is the reference")
    samples: int = Field(description="samples compared")
    elements: int = Field(description="output elements compared")
    mismatches: int = Field(description="elements that are not equal")
    max_difference_steps: float = Field(description="largest difference, in steps of the output's fixed-point type")
    argmax_agreement: float | None = Field(
        description="share of samples whose largest output is the same one, 0 to 1; null for a single output"
    )
    layer_samples: int | None = Field(
        default=None, description="samples on which every layer's output was compared; null if layers were not compared"
    )
    layer_elements: int | None = Field(
        default=None,
        description="elements of all layers' outputs compared, on those samples; null if layers were not compared",
    )
    layer_mismatches: int | None = Field(default=None, description="those that are not equal")
    first_mismatch: FirstMismatch | None = Field(
        default=None,
        description="the first element that differs, of a layer if layers were compared; null if none does",
    )

    @model_validator(mode="after")
    def _layers_are_whole(self) -> Self:
        counts = (self.layer_samples, self.layer_elements, self.layer_mismatches)
        if any(count is None for count in counts) and any(count is not None for count in counts):
            raise ValueError("layer_samples, layer_elements and layer_mismatches go together")
        return self


class RunRecord(Record):
    """One simulation of the hardware description or of the synthesized netlist."""

    engine: Literal["rtl", "netlist"] = Field(description="what was simulated")
    samples: int = Field(description="samples streamed back to back")
    stalled_samples: int = Field(description="samples streamed once more with random stalls on both sides")
    cycles: int = Field(
        description="clock cycles simulated, for outputs and once more for layers, without the stalled pass"
    )
    seconds: float = Field(description="how long that took")
    compile_seconds: float = Field(description="how long compiling the model took, when it was compiled")


class StageRecord(Record):
    """One stage of the run."""

    name: str = Field(description="name of the stage")
    seconds: float = Field(description="how long it took when it was done")
    reused: bool = Field(description="whether this run kept an earlier result, its inputs being unchanged")
