"""The settings of a run."""

from dataclasses import asdict
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from netloom.errors import SettingsError
from netloom.firmware.board.boards import find_board
from netloom.firmware.build.bitstream import SEEDS
from netloom.firmware.map.folding.effort import SEARCH_SECONDS
from netloom.hls import HlsSettings
from netloom.hls.dataflow import MOST_INTERLEAVED
from netloom.models import Network
from netloom.models.tasks import find_task
from netloom.quantize.base_settings import Settings
from netloom.quantize.files.model_files import ONNX
from netloom.quantize.policy import DEFAULT_BITS, DEFAULT_FINE_TUNE_EPOCHS, Bits, Policy

_PACES = {"target_ii", "target_fps"}
NETLIST_SAMPLES = 20
STALLED_SAMPLES = 100


class HardwareSettings(Settings):
    """The way from a converted network to a bitstream.

    Attributes:
        board: name of the board; kept as the list of boards writes it.
        clock_mhz: of the network; None is the family's own choice (`Family.clock_mhz`).
        target_ii: clock cycles between samples, at most; None is the fastest that goes through the tools with ease.
        target_fps: samples a second, at least, instead of `target_ii`.
        rtl_samples: only so many test samples in RTL simulation; None is all.
        stalled_samples: test samples that go through once more, with random stalls.
        netlist_samples: test samples in the simulation of the netlist; 0 leaves it out.
        design_seconds: how long to look for the folding, before the best that was found is taken.
        interleave: sequences that recurrent layers work on in turn, so that multipliers need not wait for a step.
        seeds: of the placement, tried in order until the clock is met.

    Raises:
        SettingsError: if a value is out of range, the board unknown, or both targets are given.
    """

    board: Annotated[str, AfterValidator(lambda name: find_board(name).name)]
    clock_mhz: Annotated[float, Field(gt=0, le=2000)] | None = None
    target_ii: Annotated[int, Field(ge=1)] | None = None
    target_fps: Annotated[float, Field(gt=0)] | None = None
    rtl_samples: Annotated[int, Field(ge=1)] | None = None
    stalled_samples: Annotated[int, Field(ge=0)] = STALLED_SAMPLES
    netlist_samples: Annotated[int, Field(ge=0)] = NETLIST_SAMPLES
    design_seconds: Annotated[float, Field(gt=0)] = SEARCH_SECONDS
    interleave: Annotated[int, Field(ge=1, le=MOST_INTERLEAVED)] = 1
    seeds: Annotated[tuple[int, ...], Field(min_length=1)] = SEEDS

    @model_validator(mode="after")
    def _one_target(self) -> "HardwareSettings":
        if self.target_ii is not None and self.target_fps is not None:
            raise SettingsError("give either target_ii or target_fps, not both: they say the same at a given clock")
        if self.interval == 0:
            raise SettingsError(
                f"target_fps={self.target_fps:g} is more than one sample a clock cycle at {self.clock:g} MHz"
            )
        return self

    @property
    def clock(self) -> float:
        """The clock asked for, MHz."""
        if self.clock_mhz is not None:
            return self.clock_mhz
        board = find_board(self.board)
        family = board.device.family
        return (family and family.clock_mhz) or board.clock_mhz

    def holds(self, board: str) -> bool:
        """Whether what fits on a board fits on this one."""
        return find_board(self.board).device.holds(find_board(board).device)

    @property
    def interval(self) -> int | None:
        """Clock cycles between samples, at most; None is as few as fit."""
        return self.target_ii if self.target_fps is None else int(self.clock * 1e6 / self.target_fps)


class RunSettings(Settings):
    """What `netloom run` can be told.

    Attributes:
        bits: uniform width of weights and activations; None is the network's own default, 8 for a user's model.
        policy: widths layer by layer, instead of `bits`.
        seed: of training and fine-tuning.
        epochs: of training a registered network; None is its own default.
        fine_tune_epochs: of quantization-aware training; None is the network's default, that of
            `quantize` for a user's model, none for one of ONNX.
        task: what a user's model is for; None is what its targets look like. A registered network has its own.
        hls: how it is converted.
        csim: whether hls4ml's C++ is compiled (needs g++) and held against `fixed`.
        csim_samples: only so many test samples for `csim`; None is all of them.
        onnx: whether the exact twin in onnxruntime is held against `fixed` as well (needs the extra `onnx`).
        trace_samples: only so many test samples on which every layer is compared, not the output alone; None is all.
        hardware: how the run goes on to a bitstream; None ends it with the simulation.

    Raises:
        SettingsError: if a value is out of range, both `bits` and `policy` are given, or `csim_samples` without `csim`.
    """

    bits: Bits | None = None
    policy: Policy | None = None
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    epochs: Annotated[int, Field(ge=1)] | None = None
    fine_tune_epochs: Annotated[int, Field(ge=0)] | None = None
    task: Annotated[str, AfterValidator(lambda name: find_task(name).name)] | None = None
    hls: HlsSettings = HlsSettings()
    csim: bool = True
    csim_samples: Annotated[int, Field(ge=1)] | None = None
    onnx: bool = False
    trace_samples: Annotated[int, Field(ge=1)] | None = None
    hardware: HardwareSettings | None = None

    @model_validator(mode="after")
    def _is_consistent(self) -> "RunSettings":
        if self.bits is not None and self.policy is not None:
            raise SettingsError("give either bits or a policy, not both: a policy says every width")
        if self.csim_samples is not None and not self.csim:
            raise SettingsError("csim_samples is for csim, which is left out; leave it out too")
        return self

    @classmethod
    def of(cls, network: Network, board: bool = True) -> "RunSettings":
        """Those with which `netloom networks --run` runs a network, to its board or not.

        Where few samples go through the RTL, no more do so with stalls, or through the netlist, which is slower.
        """
        target = network.target
        most = target.rtl_samples or STALLED_SAMPLES
        stalled, netlist = min(STALLED_SAMPLES, most), min(NETLIST_SAMPLES, most)
        hardware = HardwareSettings(**asdict(target), stalled_samples=stalled, netlist_samples=netlist)
        hls = HlsSettings(io_type=network.io_type)
        return cls(hls=hls, csim_samples=network.csim_samples, hardware=hardware if board else None)

    def for_network(self, network: Network) -> "RunSettings":
        """These, and what they leave out as `of` has it.

        That is how samples are run; the clock on the network's board; the pace there, and where more fits.
        """
        own = RunSettings.of(network)
        assert own.hardware is not None
        values: dict[str, Any] = {}
        if "io_type" not in self.hls.model_fields_set:
            values["hls"] = self.hls.model_copy(update={"io_type": own.hls.io_type})
        if self.csim and "csim_samples" not in self.model_fields_set:
            values["csim_samples"] = own.csim_samples
        if self.hardware is not None:
            given, left = self.hardware.model_fields_set, {"rtl_samples", "stalled_samples", "netlist_samples"}
            if self.hardware.board == own.hardware.board:
                left.add("clock_mhz")
            if given.isdisjoint(_PACES) and self.hardware.holds(own.hardware.board):
                left |= _PACES
            update = {name: getattr(own.hardware, name) for name in left - given}
            values["hardware"] = self.hardware.model_copy(update=update)
        return self.model_copy(update=values)

    def policy_for(self, network: Network | None) -> Policy:
        """The policy these settings mean for a registered network, or for a user's model (None)."""
        if self.policy is not None:
            return self.policy
        return Policy.uniform(self.bits or (network.bits if network else DEFAULT_BITS))

    def fine_tune_epochs_for(self, network: Network | None, model_file: str | None = None) -> int:
        """The epochs of quantization-aware training they mean for a registered network, or for a user's file."""
        if self.fine_tune_epochs is not None:
            return self.fine_tune_epochs
        if network is not None:
            return network.fine_tune_epochs
        return 0 if model_file is not None and model_file.endswith(ONNX) else DEFAULT_FINE_TUNE_EPOCHS
