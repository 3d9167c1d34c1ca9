"""The process that runs hls4ml's compiled C++: its asserts abort, and that must not take the caller along.

Started as `python -P csim_worker.py LIBRARY`, in the project's folder. Reads one JSON line with the array sizes, then
requests: a byte (`P` predict, `T` trace), the number of samples (8 bytes) and the inputs as plain float64; answers with
the results as plain float64, in order. Whatever the C++ prints goes to stderr.

Needs NumPy only: it starts in a fraction of a second.
"""

import ctypes
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np


class _TraceData(ctypes.Structure):
    _fields_ = (("name", ctypes.c_char_p), ("data", ctypes.c_void_p))


def _pointer(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def serve(library_path: Path, requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answer requests until the stream ends."""
    spec = json.loads(requests.readline())
    library = ctypes.CDLL(str(library_path))
    function = getattr(library, spec["function"])

    def call(inputs: list[np.ndarray], outputs: list[np.ndarray], sample: int) -> None:
        function(*(_pointer(array[sample]) for array in inputs), *(_pointer(array[sample]) for array in outputs))

    while command := requests.read(1):
        samples = int.from_bytes(requests.read(8), "little")
        inputs = [np.frombuffer(requests.read(samples * size * 8)).reshape(samples, size) for size in spec["inputs"]]
        outputs = [np.zeros((samples, size)) for size in spec["outputs"]]
        if command == b"P":
            for sample in range(samples):
                call(inputs, outputs, sample)
            results = outputs
        else:
            results = _traced(library, call, inputs, outputs, spec)
        for result in results:
            answers.write(result.tobytes())
        answers.flush()


def _traced(
    library: ctypes.CDLL,
    call: Callable[[list[np.ndarray], list[np.ndarray], int], None],
    inputs: list[np.ndarray],
    outputs: list[np.ndarray],
    spec: dict[str, Any],
) -> list[np.ndarray]:
    samples = inputs[0].shape[0]
    results = {name: np.zeros((samples, size)) for name, size in spec["trace"].items()}
    library.allocate_trace_storage(ctypes.c_size_t(spec["element_bytes"]))
    collected = (_TraceData * spec["traced"])()
    for sample in range(samples):
        call(inputs, outputs, sample)
        library.collect_trace_output(collected)
        for entry in collected:
            result = results.get(entry.name.decode())
            if result is not None:
                ctypes.memmove(_pointer(result[sample]), entry.data, result.shape[1] * 8)
    library.free_trace_storage()
    return list(results.values())


if __name__ == "__main__":
    # Keep the answers' channel to ourselves: the C++ prints to stdout.
    channel = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(Path(sys.argv[1]), sys.stdin.buffer, channel)
