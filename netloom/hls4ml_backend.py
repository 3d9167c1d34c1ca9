"""hls4ml's backend `netloom`: `hls4ml.converters.convert_from_keras_model(..., backend="netloom")`.

hls4ml finds `register` through the entry point group `hls4ml.backends`. The backend derives from Vitis's and runs the
very same passes, so the C++ project is Vitis's; what differs is the object that comes out of the conversion
(`netloom.hls4ml_graph.NetloomGraph`). It stands here, above all stages, because it joins `hls`, `firmware` and `sim`.
"""

from collections.abc import Callable
from typing import Any

from hls4ml.backends.vitis.vitis_backend import VitisBackend
from hls4ml.backends.vivado.vivado_backend import VivadoBackend
from hls4ml.model.flow import get_flow, register_flow
from hls4ml.model.optimizer import model_optimizer
from hls4ml.writer.vitis_writer import VitisWriter

from netloom.errors import LayerNotSupportedError

BACKEND = "netloom"

_STRATEGIES = ("latency", "resource")


class NetloomWriter(VitisWriter):
    """Writes Vitis's C++ project, and netloom's hardware design beside it."""

    def write_hls(self, model: Any) -> None:
        """Write both in the output directory of the model."""
        super().write_hls(model)
        model.write_design()


class NetloomBackend(VitisBackend):
    """Vitis's passes, with two more: refusals before them, and the change of the object's class after them."""

    def __init__(self) -> None:
        # Vitis's own constructor gives its own name.
        super(VivadoBackend, self).__init__(name=BACKEND)
        self._register_layer_attributes()
        self._register_flows()

    def _register_flows(self) -> None:
        first = register_flow("refuse", [f"{BACKEND}:refuse_strategies"], backend=self.name)
        last = register_flow("lower", [f"{BACKEND}:lower_to_dataflow"], requires=["vitis:ip"], backend=self.name)
        requirements = [first, *get_flow("vitis:ip").requires, last]
        self._default_flow = register_flow("ip", None, requires=requirements, backend=self.name)
        passes = ["make_stamp", f"{BACKEND}:write_hls"]
        self._writer_flow = register_flow("write", passes, requires=[self._default_flow], backend=self.name)

    def create_initial_config(
        self, board: str | None = None, clock_period: float | None = None, **settings: Any
    ) -> dict[str, Any]:
        """Vitis's configuration, and the board.

        Args:
            board: that the hardware is made for (`netloom boards`); None makes it for an ECP5.
            clock_period: ns; None is Vitis's 5 ns for the C++, and the board's usual clock for the hardware.
            settings: as Vitis's: `io_type`, `part`, ...

        Raises:
            SettingsError: for an unknown board.
        """
        from netloom.firmware.boards import find_board

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
            if not layer.weights:
                continue
            strategy = str(model.config.get_strategy(layer)).lower()
            if strategy not in _STRATEGIES:
                raise LayerNotSupportedError(
                    f"layer {layer.name!r}: strategy {strategy!r} is not supported; use 'Latency' or 'Resource'"
                )
        return False

    @model_optimizer()
    def lower_to_dataflow(self, model: Any) -> bool:
        """Lower the optimized graph, and make the object one that simulates and builds with netloom.

        Raises:
            LayerNotSupportedError, PrecisionError: for what has no exact equal in hardware, naming the layer.
        """
        from netloom.hls4ml_graph import adopt

        adopt(model)
        return False

    def compile(self, model: Any) -> str:
        """The C++ is not compiled: `NetloomGraph.compile` makes the simulator ready instead."""
        raise NotImplementedError(f"{model.config.get_project_name()}: use model.compile()")

    def build(self, model: Any, **settings: Any) -> dict[str, Any]:
        """See `NetloomGraph.build`, which does it."""
        return model.build(**settings)


def register(register_backend: Callable[..., None], register_writer: Callable[..., None]) -> None:
    """The plug-in's entry point: hls4ml calls it once, when its backends are imported.

    With the backend come the handlers of QKeras layers, which hls4ml lacks for Keras 3.
    """
    import netloom.hls.handlers  # noqa: F401  (importing registers them)

    register_writer(BACKEND, NetloomWriter)
    register_backend(BACKEND, NetloomBackend)
