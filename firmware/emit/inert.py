"""Verilog that computes and does nothing else: what netloom and Yosys write, and no more, goes into a simulator.

A simulator runs with the user's rights, and Verilog can start programs (`$system`), write files (`$fopen`), bring C++
of its own (`$c`, DPI) and take in other files (`` `include ``). None of that is in a design of netloom's, so none is
let in from a design that came from elsewhere.
"""

import re

_TASKS = frozenset("$clog2 $error $readmemh $signed $unsigned".split())
_DIRECTIVES = frozenset("`default_nettype `else `endif `ifdef `ifndef".split())
_HINTS = frozenset("lint_off lint_on public_flat_rd".split())
_WORDS = frozenset("import export bind".split())

_TOKEN = re.compile(
    r'"(?:[^"\\\n]|\\.)*"'
    r"|//(?P<line>[^\n]*)|/\*(?P<block>.*?)\*/"
    r"|\\\S+"
    r"|(?P<task>\$[\w$]+)"
    r"|(?P<directive>`[\w`]*)"
    r"|(?P<word>[A-Za-z_][\w$]*)"
    r'|(?P<odd>"|/\*)',
    re.DOTALL,
)
_HINT = re.compile(r"\s*verilator\b\s*(\w*)")


def objection(text: str) -> str | None:
    """What in Verilog could do more than compute, or None.

    Args:
        text: of a file.
    """
    for token in _TOKEN.finditer(text):
        if (comment := token["line"] or token["block"]) is not None:
            hint = _HINT.match(comment)
            if hint and hint[1] not in _HINTS:
                return f"verilator {hint[1]}"
        elif (task := token["task"]) and task not in _TASKS:
            return task
        elif (directive := token["directive"]) and directive not in _DIRECTIVES:
            return directive
        elif (word := token["word"]) and word in _WORDS:
            return word
        elif token["odd"]:
            return "an unfinished text or comment"
    return None
