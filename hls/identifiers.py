"""Layer names a user may choose freely, as identifiers that C++, Verilog, hls4ml and file systems all accept."""

import re
from collections.abc import Iterable

# Words that C++, SystemVerilog or hls4ml's templates take; hls4ml renames single letters of its own accord.
_RESERVED = frozenset(
    """
    alignas alignof and asm assign auto always begin bool bit break buf case catch char class const continue default
    delete design disable do double edge else end endcase endfunction endmodule enum event export extern false final
    float for force forever fork friend function generate goto if import include initial inline inout input int
    integer interface join logic long module mutable namespace negedge new nor not operator or output parameter
    posedge priority private property protected public pure reg register repeat return sequence short signal signed
    sizeof specify static string struct supply switch table task template this throw time true try type typedef
    typename union unique unsigned using var virtual void volatile wait while wire with xnor xor char8_t char16_t
    char32_t concept consteval constexpr constinit const_cast co_await co_return co_yield decltype dynamic_cast
    explicit noexcept nullptr reinterpret_cast requires static_assert static_cast thread_local typeid wchar_t xor_eq
    or_eq and_eq not_eq bitand bitor compl main std string size_t nan nnet network config std hls data res weights
    biases
    """.split()
)

# Variables and types of hls4ml's own in the generated C++: weights, results, types, configurations, streams.
_GENERATED = re.compile(
    r"[wbs]\d+|layer\d+_(out|t|cpy\d+)|(input|weight|bias)\d*_t|result_t|model_default_t|\w*config\d+(_mult)?|\w+_ap"
)


def identifiers(names: Iterable[str]) -> dict[str, str]:
    """A distinct lower-case identifier for every name, close to the name.

    Args:
        names: distinct names in any characters.

    Returns:
        {name: identifier}; identifiers match `[a-z][a-z0-9_]*` and differ in more than case.
    """
    taken: set[str] = set()
    result: dict[str, str] = {}
    for name in names:
        identifier = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:48].strip("_") or "layer"
        if identifier[0].isdigit() or len(identifier) == 1:
            identifier = f"layer_{identifier}"
        if identifier in _RESERVED or _GENERATED.fullmatch(identifier):
            identifier += "_layer"
        candidate, count = identifier, 1
        while candidate in taken:
            count += 1
            candidate = f"{identifier}_{count}"
        taken.add(candidate)
        result[name] = candidate
    return result
