"""Engine `onnx`: the exact twin in onnxruntime."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from netloom.common.ends import Ends
from netloom.errors import ToolMissingError
from netloom.hls import Conversion
from netloom.hls.dataflow import Dataflow, traced
from netloom.sim.engine import Engine, SamplesDone
from netloom.sim.values import empty_values, set_values, to_raws

_CHUNK_BYTES = 2**25
_ERRORS_ALONE = 3
"""onnxruntime's level of logging."""


class OnnxEngine(Engine):
    """The network's exact twin, computed by onnxruntime; equals `fixed` on every element."""

    name = "onnx"

    def __init__(self, conversion: Conversion) -> None:
        self._dataflow = conversion.dataflow
        self.input_names = self._dataflow.input_names
        self.input_shapes = [tensor.shape for tensor in self._dataflow.sources.values()]
        self.ends = self._dataflow.ends
        self._twin = Twin(replace(self._dataflow, ends=Ends()))

    def _predict(self, inputs: list[np.ndarray], progress: SamplesDone) -> list[np.ndarray]:
        return self._twin.run(inputs, progress)

    def _trace(self, inputs: list[np.ndarray], progress: SamplesDone) -> dict[str, np.ndarray]:
        dataflow = traced(replace(self._dataflow, ends=Ends()))
        twin = Twin(dataflow, {f"layer{index}": layer.node for index, layer in enumerate(dataflow.layers)})
        results = twin.run(inputs, progress)
        return {layer.name: result for layer, result in zip(dataflow.layers, results, strict=True)}


class Twin:
    """An exact twin, made ready in onnxruntime.

    Args:
        dataflow: the network.
        outputs: as `onnx_model` takes them.

    Raises:
        ToolMissingError: without onnxruntime.
        LayerNotSupportedError: as `onnx_model`.
    """

    def __init__(self, dataflow: Dataflow, outputs: Mapping[str, str] | None = None) -> None:
        try:
            import onnxruntime
        except ImportError:
            raise ToolMissingError(
                "engine 'onnx' runs in onnxruntime, which is not installed: pip install onnxruntime"
            ) from None
        from netloom.sim.onnx.model import SESSION, onnx_model, twin_outputs

        self._sources = dataflow.sources
        self._types = [dataflow.types[node] for node in (outputs or twin_outputs(dataflow)).values()]
        options = onnxruntime.SessionOptions()
        options.log_severity_level = _ERRORS_ALONE
        model = onnx_model(dataflow, outputs).SerializeToString()
        self._session = onnxruntime.InferenceSession(model, options, SESSION["providers"])
        self._inputs = [
            (one.name, {"tensor(float)": np.float32}.get(one.type, np.float64)) for one in self._session.get_inputs()
        ]
        largest = max(tensor.size for tensor in dataflow.types.values())
        self._chunk = max(1, _CHUNK_BYTES // (4 * largest))

    def run(self, inputs: list[np.ndarray], progress: SamplesDone) -> list[np.ndarray]:
        """Its outputs for all samples; values as `FixedPoint.to_exact` gives them."""
        samples = inputs[0].shape[0]
        results = [empty_values(samples, tensor) for tensor in self._types]
        for start in range(0, samples, self._chunk):
            part = slice(start, min(start + self._chunk, samples))
            found = self._session.run(None, self._given([array[part] for array in inputs]))
            for result, tensor, values in zip(results, self._types, found, strict=True):
                if values.dtype == np.int64:
                    set_values(result[part], values, tensor.element)
                else:
                    result[part] = values
            progress(part.stop, samples)
        return results

    def _given(self, inputs: list[np.ndarray]) -> dict[str, np.ndarray]:
        """Arrays in the dtypes that the graph takes; first on the grid, where float64 would be rounded twice."""
        given = {}
        for (name, dtype), array, tensor in zip(self._inputs, inputs, self._sources.values(), strict=True):
            if array.dtype != dtype and dtype is np.float32:
                array = to_raws(array, tensor) * tensor.element.step
            given[name] = array.astype(dtype, copy=False)
        return given
