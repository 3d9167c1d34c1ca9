"""Outputs of hls4ml's C++ that are wider than the `double` its bridge gives: the same bridge, giving whole words."""

import re

import numpy as np

from netloom.errors import StorageError
from netloom.fixed_point import MAX_WIDTH, FixedPoint
from netloom.hls.conversion import PROJECT

WORDS = MAX_WIDTH // 64
"""64-bit words an output element takes in the exact bridge, whatever its type."""

EXACT_FUNCTION = f"{PROJECT}_exact"

_WORDS = f"""
struct netloom_words {{
    unsigned long long words[{WORDS}];
    template <class T> explicit netloom_words(T value) {{
        for (int i = 0, low = 0; i < {WORDS}; i++, low += 64) {{
            int high = low + 63 < T::width ? low + 63 : T::width - 1;
            words[i] = low <= high ? value.range(high, low).to_uint64() : 0;
        }}
    }}
}};

"""


def exact_bridge(text: str) -> str:
    """hls4ml's bridge with one more function: that for `double` inputs, but every output element in `WORDS` words.

    Raises:
        StorageError: if the text is not hls4ml's bridge.
    """
    found = re.search(rf"void {PROJECT}_double\(.*?\n}}\n", text, flags=re.DOTALL)
    if found is None:
        raise StorageError(f"{PROJECT}_bridge.cpp has no function {PROJECT}_double; convert the model again")
    function = found[0].replace(f"{PROJECT}_double", EXACT_FUNCTION)
    for output in re.findall(r"convert_data<\w+, double, [^>]+>\(\w+, (\w+)\)", function):
        function = re.sub(rf"double \*{output}\b", f"netloom_words *{output}", function)
    function = re.sub(r"(convert_data<\w+), double,", r"\1, netloom_words,", function)
    start = text.index('extern "C"')
    return text[:start] + _WORDS + text[start : found.start()] + function + "\n" + text[found.start() :]


def exact_values(words: np.ndarray, element: FixedPoint) -> np.ndarray:
    """Values of output elements, as `FixedPoint.to_exact` gives them.

    Args:
        words: of the exact bridge: 64 bits each in any dtype, (samples, elements * WORDS).
        element: their type.
    """
    parts = words.view(np.uint64).reshape(len(words), -1, WORDS).astype(object)
    raw: np.ndarray = np.sum([parts[..., index] << 64 * index for index in range(WORDS)], axis=0)
    if element.signed:
        half = 1 << (element.width - 1)
        raw = (raw ^ half) - half
    return element.to_exact(raw)
