"""hls4ml's backend `netloom`: `hls4ml.converters.convert_from_keras_model(..., backend="netloom")`.

hls4ml finds `register` through the entry point group `hls4ml.backends`. The backend derives from Vitis's and runs the
very same passes, so the C++ project is Vitis's; what differs is the object that comes out of the conversion
(`netloom.backend.netloom_graph.NetloomGraph`). It stands above all stages because it joins `hls`, `firmware` and `sim`.
"""

import inspect
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

from hls4ml.backends import get_backend
from hls4ml.backends.fpga.fpga_backend import FPGABackend
from hls4ml.backends.fpga.passes.hgq_proxy_model import generate_mask_fn
from hls4ml.backends.vitis.vitis_backend import VitisBackend
from hls4ml.model.flow import get_flow, register_flow
from hls4ml.model.optimizer import get_optimizer, layer_optimizer, model_optimizer, register_pass
from hls4ml.model.optimizer.passes.hgq_proxy_model import FixedPointQuantizer
from hls4ml.model.types import Source
from hls4ml.writer.vitis_writer import VitisWriter

from netloom.backend.configuration import configure
from netloom.errors import LayerNotSupportedError, NotSupportedError, SettingsError
from netloom.hls.frontends.keras.handlers.handler import BACKEND
from netloom.hls.lower.linear import STRATEGIES
from netloom.hls.vitis import vitis_flows

_UNROLLED = "generate_unrolled_dense_resource"

_BY_NAME = {
    "optimize": ("process_fixed_point_quantizer_layer", "quantize_by_element"),
    "specific_types": (_UNROLLED, "unroll_dense_resource"),
}
"""Flows of Vitis's, the pass of each that knows backends by their names, and netloom's in its place."""

_STEPS = {
    "reset": ((False, True), ""),
    "csim": ((False,), "predict gives what the C++ computes"),
    "synth": ((True,), "synthesis is what it does; write() ends before it"),
    "cosim": ((False,), "netloom crosscheck --engine rtl simulates the hardware"),
    "validation": ((False,), "netloom crosscheck --engine rtl simulates the hardware"),
    "export": ((False,), "no IP is packed; the folder netloom/design stands alone"),
    "vsynth": ((True,), "logic synthesis is what it does"),
    "fifo_opt": ((False,), "depths of FIFOs are found by counting clock cycles, at every write"),
    "log_to_stdout": ((False,), "the tools' logs are in the folder netloom"),
}
"""Settings of Vitis's `build`: the values that `build` does what they ask with, and why no others."""


class _JoiningWriter(VitisWriter):
    """Vitis's writer, and what its base writes of several graphs: hls4ml has that done by the base of a backend's."""

    def write_hls(self, model: Any, is_multigraph: bool = False) -> None:
        """Write a graph's project, or the one that joins several."""
        if is_multigraph:
            super(VitisWriter, self).write_hls(model, is_multigraph=True)
        else:
            super().write_hls(model)


class NetloomWriter(_JoiningWriter):
    """Writes Vitis's C++ project, and netloom's hardware design beside it."""

    def write_hls(self, model: Any) -> None:  # type: ignore[override]  # as Vitis's
        """Write both in the output directory of the model."""
        super().write_hls(model)
        model.write_design()


def _unrolled_code() -> type:
    """The pass that writes the C++ of the strategy `resource_unrolled`, with Vitis's pragmas whatever the backend."""
    names = (name for flow in vitis_flows("specific_types") for name in get_flow(flow).optimizers)
    theirs: type = type(get_optimizer(next(name for name in names if name.endswith(f":{_UNROLLED}"))))

    def pragmas(self: Any, code: str, backend: Any) -> str:
        del backend
        with_pragmas: str = theirs._add_backend_specific_pragmas_to_generated_code(  # type: ignore[attr-defined]
            self, code, get_backend("vitis")
        )
        return with_pragmas

    return type("UnrolledCode", (theirs,), {"_add_backend_specific_pragmas_to_generated_code": pragmas})


class NetloomBackend(VitisBackend):
    """Vitis's passes, with refusals before them and the lowering after them."""

    def __init__(self) -> None:
        # Vitis's own constructor gives its own name.
        FPGABackend.__init__(self, name=BACKEND)
        self._register_layer_attributes()
        self._register_flows()

    def _register_flows(self) -> None:
        first = register_flow("refuse", [f"{BACKEND}:refuse_strategies"], backend=self.name)
        register_pass(_BY_NAME["specific_types"][1], _unrolled_code(), backend=self.name)
        own = {flow: self._own_flow(flow, *_BY_NAME[name]) for name in _BY_NAME for flow in vitis_flows(name)}
        passes = [own.get(flow, flow) for flow in vitis_flows()]
        last = register_flow("lower", [f"{BACKEND}:lower_to_dataflow"], requires=passes, backend=self.name)
        self._default_flow = register_flow("ip", None, requires=[first, *passes, last], backend=self.name)
        passes = ["make_stamp", f"{BACKEND}:write_hls"]
        self._writer_flow = register_flow("write", passes, requires=[self._default_flow], backend=self.name)

    def _own_flow(self, flow: str, name: str, instead: str) -> str:
        theirs = get_flow(flow)
        passes = [f"{BACKEND}:{instead}" if other.endswith(f":{name}") else other for other in theirs.optimizers]
        return str(register_flow(flow.partition(":")[2], passes, requires=theirs.requires, backend=self.name))

    def create_initial_config(
        self, board: str | None = None, clock_period: float | None = None, **settings: Any
    ) -> dict[str, Any]:
        """Vitis's configuration, and the board.

        Args:
            board: that the hardware is made for (`netloom boards`); None makes it for the ULX3S's family.
            clock_period: ns; None is Vitis's 5 ns for the C++, and the board's usual clock for the hardware.
            settings: as Vitis's: `io_type`, `part`, ...

        Raises:
            SettingsError: for an unknown board, or a setting that Vitis has none of, and would ignore.
        """
        from netloom.firmware.board.boards import find_board

        known = inspect.signature(super().create_initial_config).parameters.values()
        unknown = settings.keys() - {one.name for one in known if one.kind is not one.VAR_KEYWORD}
        if unknown:
            raise SettingsError(f"backend netloom has no setting {min(unknown)!r}; it has board, and takes Vitis's")
        config = super().create_initial_config(clock_period=clock_period, **settings)
        config["Board"] = find_board(board).name if board is not None else None
        config["BoardClockPeriod"] = clock_period
        return config

    @model_optimizer()
    def refuse_strategies(self, model: Any) -> bool:
        """Refuse strategies whose C++ has no exact equal, before hls4ml generates code for them.

        Raises:
            LayerNotSupportedError: naming the layer.
        """
        for layer in model.get_layers():
            if layer.class_name == "DACombinational":
                raise LayerNotSupportedError(
                    f"layer {layer.name!r}: hls4ml has no layer for it and would have da4ml generate its C++; convert "
                    "with allow_da_fallback=False, which says what it is"
                )
            if not layer.weights:
                continue
            strategy = str(model.config.get_strategy(layer)).lower()
            if strategy not in STRATEGIES:
                raise LayerNotSupportedError(
                    f"layer {layer.name!r}: strategy {strategy!r} is not supported; use one of {', '.join(STRATEGIES)}"
                )
        return False

    @layer_optimizer(FixedPointQuantizer)
    def quantize_by_element(self, node: Any) -> bool:
        """The C++ of HGQ's quantizers of one type an element, as for Vitis: hls4ml's own pass knows backends by name.

        Raises:
            LayerNotSupportedError: with io_stream, for which hls4ml has none.
        """
        if node.model.config.get_config_value("IOType") == "io_stream":
            raise LayerNotSupportedError(
                f"layer {node.name!r}: with io_stream all elements must be quantized to one type; use io_parallel"
            )
        shape = node.get_input_variable().shape
        code = generate_mask_fn(node.name, shape, *node.mask_kbi, node.RND, node.SAT, "Vitis")
        node.set_attr("mask_fn_codegen", Source(code))
        return False

    @model_optimizer()
    def lower_to_dataflow(self, model: Any) -> bool:
        """Lower the optimized graph, so that what cannot be lowered is refused by the conversion.

        Raises:
            LayerNotSupportedError, PrecisionError: for what has no exact equal in hardware, naming the layer.
        """
        model.lower()
        return False

    def create_layer_class(self, layer_class: type) -> type:
        """Vitis's, which in addition makes the graph that it becomes part of a `NetloomGraph`.

        For a configuration its attributes are the layer's (`configuration`).

        hls4ml constructs its graphs itself, at a conversion, from a file or as a part of another, and asks backends for
        the layers only: so a layer is the first that netloom sees of any of them.
        """
        made = super().create_layer_class(layer_class)
        made.model = property(attrgetter("_graph"), _set_graph)
        configure(made)
        return made

    def build(
        self, model: Any, board: str | None = None, clock_mhz: float | None = None, **vitis: Any
    ) -> dict[str, Any]:
        """Synthesize the hardware; with a board, place and route it to a bitstream.

        Args:
            model: converted, or linked to a project that was written before.
            board: name of a board (`netloom boards`); None is the conversion's `board`, and without that the
                network alone is synthesized, for the ULX3S's family.
            clock_mhz: of the network on the board; None is what the conversion's `clock_period` says, if it was given,
                else what is usual for the board's family.
            vitis: settings of Vitis's `build`, where they ask for what this one does: `csim=False`, `synth=True`, ...

        Returns:
            `latency` and `interval` in clock cycles, `multipliers`, `resources` used by kind; with a board also
            `bitstream`, `clock_mhz`, `clock_limit_mhz` and `timing_met`.

        Raises:
            SettingsError: for a setting that neither knows, a step that there is none of, or a clock without a board.
            NetloomError: in all its kinds: a board that is unknown or too small, a tool that is missing or fails.
        """
        from netloom.backend.netloom_graph import NetloomGraph
        from netloom.backend.project import HardwareProject, target_device

        _check_steps(vitis)
        converted = isinstance(model, NetloomGraph)
        project = model.project if converted else HardwareProject.read(model.config.get_output_dir())
        chosen = board or project.folding.board
        if chosen is None and clock_mhz is not None:  # refused before anything is written
            raise SettingsError(
                "clock_mhz is that of the network on a board: say which, board=..., or leave the clock out"
            )
        (model if converted else project).write(target_device(chosen))
        return project.build(chosen, clock_mhz)

    def build_stitched_design(self, model: Any, **_: Any) -> dict[str, Any]:
        """hls4ml joins several graphs in Vivado.

        Raises:
            NotSupportedError: always.
        """
        raise NotSupportedError(
            f"{model.config.get_project_name()}: stitching needs Vivado; build each graph by itself, or the whole "
            "network as one"
        )


def _check_steps(vitis: Mapping[str, Any]) -> None:
    for name, value in vitis.items():
        if name not in _STEPS:
            raise SettingsError(f"build has no setting {name!r}; it has board and clock_mhz, and takes Vitis's")
        values, why = _STEPS[name]
        if value not in values:
            raise SettingsError(f"build does not do {name}={value!r} with backend netloom: {why}. Leave it out")


def _set_graph(layer: Any, graph: Any) -> None:
    from netloom.backend.netloom_graph import adopt

    adopt(graph)
    layer._graph = graph


def register(register_backend: Callable[..., None], register_writer: Callable[..., None]) -> None:
    """The plug-in's entry point: hls4ml calls it once, when its backends are imported.

    With the backend come the handlers of QKeras layers, which hls4ml lacks for Keras 3; no other backend sees them.
    """
    import netloom.hls.frontends.keras.handlers  # noqa: F401  (importing registers them)

    register_writer(BACKEND, NetloomWriter)
    register_backend(BACKEND, NetloomBackend)
