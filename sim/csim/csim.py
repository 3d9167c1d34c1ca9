"""Engine `csim`: hls4ml's C++, compiled, in a process of its own."""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import IO

import numpy as np

from netloom.common.files import open_log
from netloom.common.process import PYTHON, end, start
from netloom.errors import StorageError, ToolFailedError
from netloom.hls import Conversion
from netloom.hls.conversion import PROJECT
from netloom.hls.dataflow import TensorType
from netloom.sim.csim import csim_worker
from netloom.sim.csim.csim_build import compiled_library
from netloom.sim.csim.csim_exact import ELEMENT_BYTES, EXACT_FUNCTION, WORDS, exact_values
from netloom.sim.engine import Engine, SamplesDone
from netloom.sim.values import empty_values

_CHUNK = 256


class CsimEngine(Engine):
    """hls4ml's C-simulation: the judge of numbers. Compiles on first use, and keeps the library in the cache.

    Raises:
        ToolMissingError: if there is no g++.
        ToolFailedError: if the C++ does not compile, or aborts while it runs.
    """

    name = "csim"

    def __init__(self, conversion: Conversion) -> None:
        self._conversion = conversion
        self._dataflow = conversion.dataflow
        self.input_names = self._dataflow.input_names
        self.input_shapes = [tensor.shape for tensor in self._dataflow.sources.values()]
        self.ends = self._dataflow.ends
        self._outputs = [self._dataflow.types[name] for name in self._dataflow.outputs]
        results = [*self._outputs, *(self._dataflow.types[layer.node] for layer in self._dataflow.layers)]
        self._exact = not all(tensor.element.fits_float64 for tensor in results)
        self._library = compiled_library(conversion.project, exact=self._exact)
        self._log = self._library.with_suffix(".log")
        self._process: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] | None = None

    def _predict(self, inputs: list[np.ndarray], progress: SamplesDone) -> list[np.ndarray]:
        return self._run(b"P", inputs, self._outputs, progress)

    def _trace(self, inputs: list[np.ndarray], progress: SamplesDone) -> dict[str, np.ndarray]:
        traced = self._traced()
        return dict(zip(traced, self._run(b"T", inputs, list(traced.values()), progress), strict=True))

    def _traced(self) -> dict[str, TensorType]:
        """Layers whose results the C++ keeps; the others (reshapes) are no code there."""
        bridge = self._bridge()
        return {
            layer.name: self._dataflow.types[layer.node]
            for layer in self._dataflow.layers
            if f'("{layer.name}", (void *) malloc' in bridge
        }

    def _bridge(self) -> str:
        path = self._conversion.project / f"{PROJECT}_bridge.cpp"
        try:
            return path.read_text(encoding="utf-8")
        except OSError as error:
            raise StorageError(f"{path}: {error.strerror}; convert the model again") from None

    def _run(
        self, command: bytes, inputs: list[np.ndarray], types: list[TensorType], progress: SamplesDone
    ) -> list[np.ndarray]:
        samples = inputs[0].shape[0]
        if any(node.operation.keeps for node in self._dataflow.nodes):
            self.close()  # the C++ keeps its state as long as the process lives: begin anew
        results = [empty_values(samples, tensor) for tensor in types]
        for first in range(0, samples, _CHUNK):
            part = slice(first, min(first + _CHUNK, samples))
            arrays = self._request(command, [array[part] for array in inputs], [self._words(one) for one in types])
            for result, array, tensor in zip(results, arrays, types, strict=True):
                values = exact_values(array, tensor.element) if self._exact else array
                result[part] = values.reshape(-1, *tensor.shape)
            progress(part.stop, samples)
        return results

    def _words(self, tensor: TensorType) -> int:
        """64-bit words that the C++ gives for a sample's tensor."""
        return tensor.size * (WORDS if self._exact else 1)

    def _request(self, command: bytes, inputs: list[np.ndarray], sizes: list[int]) -> list[np.ndarray]:
        process = self._worker()
        samples = inputs[0].shape[0]
        try:
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write(command + samples.to_bytes(8, "little"))
            for array in inputs:
                # hls4ml's bridge in double precision: in single precision wide outputs lose their last bits.
                process.stdin.write(np.asarray(array, dtype=np.float64).tobytes())
            process.stdin.flush()
            return [np.frombuffer(process.stdout.read(samples * size * 8)).reshape(samples, size) for size in sizes]
        except (OSError, ValueError):
            code = process.wait()
            where = self._keep_log()
            self.close()
            raise ToolFailedError(f"the C-simulation died with exit code {code}; {where}") from None
        except BaseException:
            # Interrupted in mid-request, the process would answer the next request with the rest of this one.
            self.close()
            raise

    def _worker(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            traced = self._traced()
            spec = {
                "function": EXACT_FUNCTION if self._exact else f"{PROJECT}_double",
                "inputs": [tensor.size for tensor in self._dataflow.sources.values()],
                "outputs": [self._words(tensor) for tensor in self._outputs],
                "trace": {name: self._words(tensor) for name, tensor in traced.items()},
                "element_bytes": ELEMENT_BYTES if self._exact else 8,
                "traced": self._bridge().count("trace_outputs->insert"),
            }
            # In a file without a name: a library that is there runs from a directory that cannot be written, too.
            self._said = tempfile.TemporaryFile()  # noqa: SIM115  (`close` does)
            self._process = start(
                [*PYTHON, str(Path(csim_worker.__file__).resolve()), str(self._library)],
                self._conversion.project,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
            )
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(spec).encode() + b"\n")
        return self._process

    def _keep_log(self) -> str:
        """Where what the process said is to be found now; its last line, if it can be kept nowhere."""
        assert self._said is not None
        self._said.seek(0)
        text = self._said.read()
        try:
            with open_log(self._log) as log:
                log.write(text)
        except OSError:
            lines = text.decode(errors="replace").split("\n")
            return f"its last words: {next((line for line in reversed(lines) if line.strip()), 'none').strip()}"
        return f"what it said is in {self._log}"

    def close(self) -> None:
        """End the process."""
        if self._process is not None and self._said is not None:
            end(self._process)
            self._process.communicate()
            self._said.close()
            self._process = self._said = None
