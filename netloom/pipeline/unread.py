"""What a run or a build would not read of its settings is refused by name: nobody waits for what is not done."""

from collections.abc import Mapping

from netloom.errors import SettingsError
from netloom.quantize.base_settings import Settings
from netloom.settings import HardwareSettings, RunSettings

_IN_SIMULATION = dict.fromkeys(
    ("rtl_samples", "stalled_samples", "netlist_samples"), "nothing is simulated; netloom run simulates"
)
_IN_FOLDING = dict.fromkeys(
    ("target_ii", "target_fps", "design_seconds", "interleave"),
    "the design is folded already; give its run or its conversion",
)
_IN_QUANTIZING = dict.fromkeys(
    ("bits", "policy", "seed", "fine_tune_epochs"), "the model is quantized already, and taken as it is"
)


def check_run(settings: RunSettings, kind: str) -> None:
    """Refuse settings that a run does not read, by the kind of its start, as `Origin` has it.

    Raises:
        SettingsError: naming the first.
    """
    if kind == "quantized":
        _check(settings, _IN_QUANTIZING)


def check_build(settings: HardwareSettings, *, folded: bool = False, vendor: bool = False) -> None:
    """Refuse settings that are not read where what is converted is built.

    A build may begin at a design, which is `folded`; or end at one, for the tool of a `vendor`.

    Raises:
        SettingsError: naming the first.
    """
    unread = _IN_SIMULATION | (_IN_FOLDING if folded else {})
    if vendor:
        unread |= {"seeds": "the vendor's tool places the design"}
        if settings.target_fps is None:
            unread |= {"clock_mhz": "the clock is set in the vendor's tool; with target_fps it says the interval"}
    _check(settings, unread)


def _check(settings: Settings, unread: Mapping[str, str]) -> None:
    for name, why in unread.items():
        if getattr(settings, name) != type(settings).model_fields[name].default:
            raise SettingsError(f"{name} is not read here: {why}. Leave it out")
