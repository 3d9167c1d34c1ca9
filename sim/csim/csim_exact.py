"""Results of hls4ml's C++ that are wider than the `double` its bridge gives: the same bridge, giving whole words."""

import re

import numpy as np

from netloom.errors import StorageError
from netloom.fixed_point import MAX_WIDTH, FixedPoint
from netloom.hls.conversion import PROJECT

WORDS = MAX_WIDTH // 64
"""64-bit words an element takes in the exact bridge, whatever its type."""

ELEMENT_BYTES = WORDS * 8
EXACT_FUNCTION = f"{PROJECT}_exact"

_TRACED = ("trace_type_size == 8", "double>(data, (double *)")
_WORDS = f"""
#include <cassert>

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


def exact_helpers(text: str) -> str:
    """hls4ml's `nnet_helpers.h`, to be included before anything else: layers' results, too, are kept in words, if
    `allocate_trace_storage` is told `ELEMENT_BYTES`.

    Raises:
        StorageError: if the text is not that header.
    """
    # Of arrays and of streams.
    if any(text.count(part) != 2 for part in _TRACED):
        raise StorageError("nnet_helpers.h does not keep results as hls4ml's does; convert the model again")
    size, kept = _TRACED
    text = text.replace(size, f"trace_type_size == {ELEMENT_BYTES}")
    # Where it stands first, nothing before it has brought `assert`.
    return _WORDS + text.replace(kept, kept.replace("double", "netloom_words"))


def exact_bridge(text: str) -> str:
    """hls4ml's bridge with one more function: that for `double` inputs, but every output element in `WORDS` words.

    It is compiled with `exact_helpers`.

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
    return text[: found.start()] + function + "\n" + text[found.start() :]


def exact_values(words: np.ndarray, element: FixedPoint) -> np.ndarray:
    """Values of elements, as `FixedPoint.to_exact` gives them.

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
