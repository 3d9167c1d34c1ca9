"""What hls4ml's backend `netloom` gives: hls4ml's ModelGraph with netloom's simulator and hardware behind it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from hls4ml.model.graph import ModelGraph

from netloom import rundir
from netloom.errors import InputError
from netloom.files import put_in_place, scratch, storage_errors, write_text
from netloom.firmware.bitstream import BuildSettings, build
from netloom.firmware.boards import find_board
from netloom.firmware.devices import DEVICES, ECP5, Device
from netloom.firmware.emitted import EmittedDesign
from netloom.firmware.generate import Generated, generate_design
from netloom.firmware.synthesis import synthesize
from netloom.hardware import read_design
from netloom.hls import Firmware, HlsSettings
from netloom.hls.backend_types import FromTemplates
from netloom.hls.dataflow import Dataflow, exact_dtype, save_dataflow
from netloom.hls.firmware import SETTINGS_FILE
from netloom.hls.lower import lower
from netloom.settings import HardwareSettings
from netloom.sim.crosscheck import as_list
from netloom.sim.fixed import FixedEngine

_DEFAULT_DEVICE = "LFE5U-25F"
"""What `build` synthesizes for without a board."""


class NetloomGraph(ModelGraph):
    """A converted model: its usual methods, computed by the bit-accurate simulator instead of compiled C++.

    Attributes:
        dataflow: the graph of exact operations that hls4ml's optimized graph means.
    """

    dataflow: Dataflow
    _engine: FixedEngine | None
    _device: Device | None

    @property
    def output_directory(self) -> Path:
        """The `output_dir` of the conversion."""
        return Path(self.config.get_output_dir())

    @property
    def firmware(self) -> Firmware:
        """The same as netloom's own conversion gives; its directory is where `write` puts it."""
        io_type, period = self.config.get_config_value("IOType"), self.config.get_config_value("ClockPeriod")
        settings = HlsSettings.checked(io_type=io_type, clock_period=float(period))
        return Firmware(self.output_directory / "netloom", self.dataflow, settings)

    def compile(self) -> None:
        """Make the simulator ready. No C++ is compiled; the same project written by the backend Vitis would give it."""
        self._engine = FixedEngine(self.firmware)

    def predict(self, x: np.ndarray | Sequence[np.ndarray], *_: Any, **__: Any) -> np.ndarray | list[np.ndarray]:
        """The network's outputs, to the bit those of the C++.

        Args:
            x: (samples, *input shape), or anything of so many elements; a list of them for several inputs.

        Returns:
            (samples, elements), in float32 for float32 inputs, else in float64; a list of them for several outputs.
            Unlike hls4ml's own, a single sample keeps its axis.

        Raises:
            InputError: for a wrong number of elements, a wrong dtype, NaN or infinity.
        """
        inputs, dtype = self._inputs(x)
        outputs = as_list(self._simulator().predict(inputs))
        flat: list[np.ndarray] = [output.reshape(len(output), -1).astype(dtype) for output in outputs]
        return flat[0] if len(flat) == 1 else flat

    def trace(
        self, x: np.ndarray | Sequence[np.ndarray]
    ) -> tuple[np.ndarray | list[np.ndarray], dict[str, np.ndarray]]:
        """The network's outputs, and every layer's, whether or not hls4ml was told to trace it.

        Args:
            x: as for `predict`.

        Returns:
            What `predict` gives, and {layer: (samples, *shape)}.
        """
        inputs, dtype = self._inputs(x)
        layers = self._simulator().trace(inputs)
        return self.predict(x), {name: values.astype(dtype) for name, values in layers.items()}

    def write_design(self) -> None:
        """Write the hardware beside the C++, in `netloom/`: the graph of exact operations, and `design/`.

        Every layer is folded by its reuse factor; with a factor of 1 and Strategy Latency its weights are constants.
        Without a board no device's primitives are named: any vendor's tool takes the files. `write` calls this.

        Raises:
            LayerNotSupportedError, FoldingError: for what the hardware units cannot do; the C++ is written then.
            StorageError: if it cannot be written.
        """
        directory = self.firmware.directory
        generated = self._generated()
        with storage_errors(f"cannot write {directory}"):
            directory.mkdir(parents=True, exist_ok=True)
            with scratch(directory) as made:
                design = made / rundir.DESIGN
                design.mkdir()
                generated.write(design)
                put_in_place(design, directory / rundir.DESIGN)
            save_dataflow(self.dataflow, directory)
        write_text(directory / SETTINGS_FILE, self.firmware.settings.model_dump_json(indent=1) + "\n")

    def build(self, board: str | None = None, clock_mhz: float | None = None, **_: Any) -> dict[str, Any]:
        """Synthesize the hardware; with a board, place and route it to a bitstream.

        Args:
            board: name of a board (`netloom boards`); None is the conversion's `board`, and without that the
                network alone is synthesized, for an ECP5.
            clock_mhz: of the network on the board; None is what the conversion's `clock_period` says, if it was given,
                else 80 MHz on ECP5 and 24 MHz on iCE40.

        Returns:
            `latency` and `interval` in clock cycles, `multipliers`, `resources` used by kind; with a board also
            `bitstream`, `clock_mhz`, `clock_limit_mhz` and `timing_met`.

        Raises:
            NetloomError: in all its kinds: a board that is unknown or too small, a tool that is missing or fails.
        """
        chosen = board or self.config.get_config_value("Board")
        self._device = find_board(chosen).device if chosen else DEVICES[_DEFAULT_DEVICE]
        self.write()
        folder = self.firmware.directory
        design = EmittedDesign.read(folder / rundir.DESIGN)
        described = read_design(folder / rundir.DESIGN)
        found = {name: described[name] for name in ("latency", "interval", "multipliers")}
        if chosen is None:
            netlist = synthesize(
                design.folder, design.files, design.memories, design.top, ECP5, folder / rundir.NETLIST
            )
            return found | {"resources": netlist.used(ECP5)}
        period = self.config.get_config_value("BoardClockPeriod")
        asked = clock_mhz or (1000 / period if period else None)
        settings = HardwareSettings(board=chosen, clock_mhz=asked)
        made = build(design, find_board(chosen), folder / rundir.BITSTREAM, BuildSettings(clock_mhz=settings.clock))
        timing = made.report["timing"]
        return found | {
            "resources": {kind: use["used"] for kind, use in made.report["resources"].items()},
            "bitstream": str(made.bitstream),
            "clock_mhz": timing["clock_mhz"],
            "clock_limit_mhz": timing["fmax_mhz"],
            "timing_met": timing["met"],
        }

    def _generated(self) -> Generated:
        return generate_design(
            self.dataflow,
            device=self._device,
            reuse={node.name: int(node.get_attr("reuse_factor", 1)) for node in self.get_layers()},
            unroll={node.name: str(node.get_attr("strategy")).lower() == "latency" for node in self.get_layers()},
            title=self.config.get_project_name(),
        )

    def _simulator(self) -> FixedEngine:
        if self._engine is None:
            self.compile()
        assert self._engine is not None
        return self._engine

    def _inputs(self, x: np.ndarray | Sequence[np.ndarray]) -> tuple[list[np.ndarray], type]:
        """Inputs in their shapes, and the dtype that outputs are given in, as hls4ml does."""
        arrays = [np.asarray(array) for array in (x if isinstance(x, list | tuple) else [x])]
        shapes = [tensor.shape for tensor in self.dataflow.sources.values()]
        if len(arrays) != len(shapes):
            raise InputError(f"the network has {len(shapes)} inputs, not {len(arrays)}")
        shaped = []
        for index, (array, shape) in enumerate(zip(arrays, shapes, strict=True)):
            if array.size % int(np.prod(shape)):
                raise InputError(
                    f"input {index} must have shape (samples, {', '.join(map(str, shape))}), not {array.shape}"
                )
            shaped.append(array.reshape(-1, *shape))
        return shaped, np.float32 if arrays[0].dtype == np.float32 else np.float64


def adopt(model: ModelGraph) -> None:
    """Make hls4ml's object a `NetloomGraph`. hls4ml constructs its objects itself, and leaves backends no say in it.

    Args:
        model: all flows applied.

    Raises:
        LayerNotSupportedError, PrecisionError: for what has no exact equal in hardware, naming the layer.
    """
    io_type = model.config.get_config_value("IOType")
    dataflow = lower(model, FromTemplates(), io_type, {})
    for node in dataflow.nodes:
        exact_dtype(node.operation.headroom(dataflow.input_types(node), dataflow.input_bounds(node)))
    model.__class__ = NetloomGraph
    model.dataflow = dataflow
    model._engine = None
    board = model.config.get_config_value("Board")
    model._device = find_board(board).device if board else None
