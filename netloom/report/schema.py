"""`report.json`: what one run found, as data. docs/report.md is made from this file; a test holds it to that."""

from datetime import datetime
from typing import Literal, get_args

from pydantic import Field, JsonValue

from netloom.records import FidelityRecord, Record, RunRecord, StageRecord

_Version = Literal["3.1"]
SCHEMA_VERSION: _Version = get_args(_Version)[0]


class NetworkRecord(Record):
    """The network of the run."""

    name: str = Field(description="name in the registry, or the model file's name without its suffix")
    title: str = Field(description="what it is, in a few words")
    review: str | None = Field(
        default=None, description="its place in the review 'Deep learning' (Nature 2015); null for a user's model"
    )
    model_file: str | None = Field(
        default=None, description="name of the user's model file; null for a registered network"
    )
    input_shapes: tuple[tuple[int, ...], ...] = Field(description="shape of each input, without the batch axis")
    output_shapes: tuple[tuple[int, ...], ...] = Field(description="shape of each output, without the batch axis")
    host: tuple[str, ...] = Field(
        default=(),
        description="a line for each scale at an end of the network that the host computes with, not hardware",
    )


class DataRecord(Record):
    """The data the engines were run on."""

    source: str = Field(description="where the data came from")
    digest: str = Field(description="SHA-256 over all arrays of the data set, hexadecimal")
    samples: int = Field(description="samples in the test set")
    labelled: bool = Field(description="whether the test set has targets")
    unlabelled: str | None = Field(default=None, description="why it has none; null if it has")
    class_names: tuple[str, ...] | None = Field(default=None, description="name of each class; null if they have none")


class ScoreRecord(Record):
    """One number that the task is judged by."""

    name: str = Field(description="its key in `scores`; of several outputs `OUTPUT.SCORE`")
    unit: str = Field(description="`%` for a share, 0 to 1, that is shown in percent; else the number's unit, if any")
    better: Literal[-1, 1] = Field(description="1 if more is better, -1 if less is")


class TaskRecord(Record):
    """What the network is for."""

    name: str = Field(description="such as `classification`; of several outputs `OUTPUT=TASK,OUTPUT=TASK`")
    guessed: bool = Field(description="whether that was guessed from the targets")
    scores: tuple[ScoreRecord, ...] = Field(description="what it is judged by, the one that matters most first")


class LayerRecord(Record):
    """One layer of the firmware."""

    name: str = Field(description="name of the layer in the firmware")
    origin: str = Field(description="name of the model's layer it comes from")
    kind: str = Field(description="hls4ml's name for what it computes")
    shape: tuple[int, ...] = Field(description="shape of its output, without the batch axis")
    type: str = Field(description="fixed-point type of its output, such as `fixed<8,3,RND_CONV,SAT>`")
    accum: str | None = Field(default=None, description="fixed-point type of its accumulator; null if it has none")
    weight_type: str | None = Field(default=None, description="fixed-point type of its weights; null if it has none")
    bias_type: str | None = Field(default=None, description="fixed-point type of its biases; null if it has none")
    type_min: float = Field(description="least value of `type`")
    type_max: float = Field(description="greatest value of `type`")
    step: float = Field(description="difference between neighbouring values of `type`")
    proven_min: float = Field(description="least value the output can take for any input, by interval arithmetic")
    proven_max: float = Field(description="greatest value the output can take for any input")
    overflow_possible: bool = Field(
        description="whether some input may wrap or saturate an accumulator; false where the proven ranges fit"
    )
    seen_min: float | None = Field(default=None, description="least output seen on the test set")
    seen_max: float | None = Field(default=None, description="greatest output seen on the test set")
    overflows: int | None = Field(
        default=None,
        description="values that were lost: wrapped around, or saturated in an accumulator, on the test set",
    )
    saturations: int | None = Field(
        default=None,
        description="values that a saturating type, a quantizer, held at the end of its range, on the test set",
    )
    parameters: int = Field(description="weights and biases")
    weight_bits: int = Field(description="bits that store them")
    activation_bits: int = Field(description="bits of its output for one sample")
    macs: int = Field(description="multiply-accumulates for one sample")
    interval: int = Field(description="least clock cycles between two samples that the C++ of this layer allows")
    error_mean_steps: float | None = Field(
        default=None, description="mean distance of `fixed` from `quantized`, in steps of `type`"
    )
    error_max_steps: float | None = Field(
        default=None, description="largest distance of `fixed` from `quantized`, in steps of `type`"
    )


class TimingRecord(Record):
    """Interval (a lower bound) and latency (an estimate), from hls4ml's directives; nothing was synthesized."""

    clock_period: float = Field(description="clock period asked for, ns")
    initiation_interval: int = Field(description="clock cycles between two samples, at least")
    latency: int = Field(
        description="clock cycles from an input to its output; estimate: sum of the intervals of the layers that "
        "multiply or pool (io_parallel) or the slowest layer (io_stream); nothing was synthesized"
    )
    samples_per_second: float = Field(description="at most, at that clock and interval")
    latency_microseconds: float = Field(description="that latency at that clock, an estimate")


class ResourceRecord(Record):
    """One kind of resource of the board's FPGA."""

    name: Literal["LUT", "FF", "DSP", "BRAM"] = Field(
        description="lookup tables of 4 inputs, flip-flops, DSP blocks or block RAMs"
    )
    estimated: int = Field(description="what the network was expected to take, before synthesis")
    network: int | None = Field(
        default=None, description="what the network alone takes after synthesis; null before that"
    )
    used: int | None = Field(
        default=None, description="what the whole bitstream takes, host link included, after routing; null before that"
    )
    available: int = Field(description="what the FPGA has")


class ProductRecord(Record):
    """The multipliers of one matrix product: `pe` outputs at a time, `simd` products summed for each of them."""

    layer: str = Field(description="name of the layer in the firmware")
    unit: str = Field(description="name of the instance in the design")
    pe: int = Field(description="outputs computed at a time")
    simd: int = Field(description="products summed at a time for each output")
    unrolled: bool = Field(description="whether every weight is a constant with a multiplier of its own")
    multipliers: int = Field(description="multipliers, in DSP blocks or LUTs")
    dsp: int = Field(description="DSP blocks among them")
    interval: int = Field(description="clock cycles between two samples that this product needs")
    utilization: float = Field(
        description="useful multiply-accumulates over multipliers times cycles of the design's interval, 0 to 1"
    )


class HardwareRecord(Record):
    """The network on a board: counted in simulation, measured after routing.

    A run that ended earlier, by `--until` or by a failure, has null for what later stages find.
    """

    board: str = Field(description="name of the board")
    device: str = Field(description="its FPGA")
    clock_mhz: float = Field(description="clock of the network in the bitstream, or asked for it, MHz")
    clock_limit_mhz: float | None = Field(
        default=None, description="highest clock the routed network could have, as the router says, MHz"
    )
    timing_met: bool | None = Field(default=None, description="whether the routed design is fast enough for its clock")
    latency: int | None = Field(
        default=None,
        description="clock cycles from a sample's first input beat to its last output beat, counted in the simulation",
    )
    interval: int | None = Field(
        default=None, description="clock cycles between two samples that follow each other, counted likewise"
    )
    predicted_latency: int = Field(description="the latency that was predicted before any simulation")
    predicted_interval: int = Field(description="the interval that was predicted before any simulation")
    latency_microseconds: float | None = Field(default=None, description="the counted latency at that clock")
    samples_per_second: float | None = Field(
        default=None, description="at that clock and the counted interval, host link aside"
    )
    multipliers: int = Field(description="multipliers of the whole network")
    resources: tuple[ResourceRecord, ...] = Field(description="what it takes of the FPGA")
    products: tuple[ProductRecord, ...] = Field(description="how the matrix products are folded")
    runs: tuple[RunRecord, ...] = Field(description="the simulations")
    seed: int | None = Field(default=None, description="seed of placement with which the design was routed")
    bitstream: str | None = Field(default=None, description="file of the bitstream, relative to the run directory")
    bitstream_digest: str | None = Field(default=None, description="SHA-256 of that file, hexadecimal")


class Report(Record):
    """What one run found."""

    schema_version: _Version = Field(
        default=SCHEMA_VERSION, description="version of this schema; the first number changes when a reader must"
    )
    created: datetime = Field(description="when the report was made, UTC")
    network: NetworkRecord = Field(description="the network")
    settings: dict[str, JsonValue] = Field(description="the settings of the run, as given or by default")
    versions: dict[str, str] = Field(description="version of each tool and package that had a part in the result")
    seed: int = Field(description="seed of training and fine-tuning")
    data: DataRecord = Field(description="the data")
    parameters: int = Field(description="weights and biases of all layers")
    task: TaskRecord = Field(description="what the network is for")
    scores: dict[str, dict[str, float]] = Field(
        description="by engine, then by the name of the score; empty without targets"
    )
    fidelity: tuple[FidelityRecord, ...] = Field(description="comparisons of engines")
    layers: tuple[LayerRecord, ...] = Field(description="the firmware's layers, in order of data flow")
    weight_bits: int = Field(description="bits that store all weights and biases")
    activation_bits: int = Field(description="bits of all layers' outputs for one sample")
    macs: int = Field(description="multiply-accumulates for one sample")
    timing: TimingRecord = Field(description="how fast hls4ml's C++ firmware can be; nothing of it was synthesized")
    hardware: HardwareRecord | None = Field(
        default=None, description="the network on a board; null without a design for one"
    )
    stages: tuple[StageRecord, ...] = Field(description="the stages, in order")
