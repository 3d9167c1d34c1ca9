"""docs/layers.md, made from the table: `python -m netloom.quantize.support.reference > docs/layers.md`."""

from collections.abc import Iterable

from netloom.quantize.support.arguments import INSTEAD
from netloom.quantize.support.rules import Rule
from netloom.quantize.support.table import LAYERS, REFUSED

_HEAD = """# Layers

What netloom takes, and what it refuses: by name, before anything is trained or written. Any class that is not here is
refused. This file is made from `quantize/support/` by `python -m netloom.quantize.support.reference > docs/layers.md`.

| by | layers |
|---|---|"""

_TAKEN = {
    None: "`quantize` and `convert`",
    "quantize": "`quantize` alone, as a layer of floats",
    "convert": "`convert` alone, after quantization",
}

_OPTIONS = """
## Options that are refused

What is said of a layer holds for its QKeras twins.

| layers | refused | why | way out |
|---|---|---|---|"""

_WHOLE = """
## Layers that are refused

| layer | why | way out |
|---|---|---|"""

_ARGUMENTS = """
## Arguments

Arguments are admitted by name: those that are read, and those that change nothing at inference (initializers,
regularizers, and their like). Any other must be at its default, so that what a new version of Keras or QKeras adds is
refused until somebody reads it.

| argument | way out |
|---|---|"""


def layers_page() -> str:
    """The whole of docs/layers.md."""
    taken = [
        f"| {meaning} | {_names(kind for kind, entry in LAYERS.items() if entry.stage == stage)} |"
        for stage, meaning in _TAKEN.items()
    ]
    rules = dict.fromkeys(rule for entry in LAYERS.values() for rule in entry.rules)
    options = [f"| {_names(_with(rule))} | {rule.refused} | {rule.reason} | {rule.instead} |" for rule in rules]
    whole = [f"| `{kind}` | {one.reason} | {one.instead} |" for kind, one in REFUSED.items()]
    arguments = [f"| `{name}` | {instead} |" for name, instead in sorted(INSTEAD.items())]
    return "\n".join([_HEAD, *taken, _OPTIONS, *options, _WHOLE, *whole, _ARGUMENTS, *arguments, ""])


def _with(rule: Rule) -> list[str]:
    """The layers that have a rule; twins are left out where Keras's layer has it."""
    kinds = [kind for kind, entry in LAYERS.items() if rule in entry.rules]
    return [kind for kind in kinds if kind[1:].removesuffix("Batchnorm") not in kinds]


def _names(kinds: Iterable[str]) -> str:
    return ", ".join(f"`{kind}`" for kind in kinds)


if __name__ == "__main__":
    print(layers_page(), end="")
