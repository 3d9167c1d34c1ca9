"""Engine `rtl`: Verilator on the very files that are synthesized."""

from pathlib import Path

from netloom.firmware.emit.emitted import EmittedDesign
from netloom.sim.hardware.cell_models import cell_models
from netloom.sim.hardware.stream_engine import StreamEngine, stream_inputs, stream_outputs
from netloom.sim.hardware.verilator import Stalls, build
from netloom.sim.hardware.verilator_bench import Probe


class RtlEngine(StreamEngine):
    """Simulates an emitted design, clock by clock; its trace has every layer whose result is a stream.

    Raises:
        StorageError: if the folder holds no design, or not all of it.
        ToolMissingError: if there is no Verilator, or no C++ compiler.
        ToolFailedError: if one of them finds fault with the design.
    """

    def __init__(
        self, design: Path | str | EmittedDesign, stalls: Stalls | None = None, cache: str | Path | None = None
    ):
        """Compile the design, or find it compiled.

        Args:
            design: its folder, or what was read of it.
            stalls: random pauses of source and sink.
            cache: folder of compiled models; the user's cache folder if None.
        """
        design = design if isinstance(design, EmittedDesign) else EmittedDesign.read(design)
        files = design_files(design)
        simulation = build(
            files | cell_models(files),
            design.top,
            stream_inputs(design),
            stream_outputs(design),
            probes=layer_probes(design),
            cache=cache,
        )
        super().__init__("rtl", design, simulation, stalls)


def design_files(design: EmittedDesign) -> dict[str, str]:
    """SystemVerilog and memories of a design: {name: text}.

    Raises:
        StorageError: if one is missing.
    """
    return {name: design.text(name) for name in (*design.files, *design.memories)}


def layer_probes(design: EmittedDesign) -> list[Probe]:
    """A probe for every stream that carries a layer's result; several layers may share one."""
    widths = {layer.stream.name: layer.stream.width for layer in design.layers}
    return [Probe(name, width) for name, width in widths.items()]
