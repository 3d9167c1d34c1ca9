"""Engines `float`, a Keras model in float32, and `quantized`, a QKeras model's exact meaning in float64."""

from contextlib import nullcontext
from typing import Any

import numpy as np

from netloom.quantize.double import double_precision
from netloom.quantize.files.hgq2 import is_hgq
from netloom.quantize.flat import check_rows, flatten, rows_read
from netloom.sim.engine import Engine, EngineInputs, SamplesDone
from netloom.sim.exact_model import exact_model

_CHUNK = 1024


class KerasEngine(Engine):
    """Runs a Keras model, flattened, eagerly; the trace has every layer's output under the name it has there.

    Args:
        name: 'float' or 'quantized'; the latter computes in float64 what the model means (`exact_model`), of HGQ2's
            models in float32, as they themselves do.
        model: a Keras, QKeras or HGQ2 model.
    """

    def __init__(self, name: str, model: Any) -> None:
        self.name = name
        of_hgq = is_hgq(model)
        model = model if of_hgq else flatten(model, single_use=True)
        self.input_names = [tensor.name for tensor in model.inputs]
        self.input_shapes = [tuple(tensor.shape[1:]) for tensor in model.inputs]
        self._rows = rows_read(model)
        self._exact = name == "quantized" and not of_hgq
        self._model = exact_model(model) if self._exact else model
        self._keeping = [layer for layer in self._model.layers if getattr(layer, "stateful", False)]
        self._traced: Any = None

    def checked_inputs(self, x: EngineInputs) -> list[np.ndarray]:
        """As every engine's.

        Raises:
            InputError: as every engine's, and for what is no row of an `Embedding`; a `QEmbedding` reads the nearest.
        """
        arrays = super().checked_inputs(x)
        check_rows(self._rows, arrays, [f"input {index}" for index in range(len(arrays))])
        return arrays

    def _run(self, model: Any, inputs: list[np.ndarray], progress: SamplesDone) -> list[np.ndarray]:
        import keras

        samples = inputs[0].shape[0]
        results: list[np.ndarray] = []
        for layer in self._keeping:
            layer.reset_state()
        chunk = 1 if self._keeping else _CHUNK
        for start in range(0, samples, chunk):
            dtype = np.float64 if self._exact else np.float32
            batch = [array[start : start + chunk].astype(dtype) for array in inputs]
            # Called eagerly: a compiled function reorders sums, and refuses layer names with spaces or quotes.
            with double_precision() if self._exact else nullcontext():
                outputs = model(keras.tree.pack_sequence_as(model.input, batch), training=False)
            outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
            found = [keras.ops.convert_to_numpy(output) for output in outputs]
            # Filled as they come: of a language model, all are not to be in memory twice.
            results = results or [np.empty((samples, *one.shape[1:])) for one in found]
            for result, one in zip(results, found, strict=True):
                result[start : start + chunk] = one
            progress(min(start + chunk, samples), samples)
        return results or [np.zeros((0, *tensor.shape[1:])) for tensor in model.outputs]

    def _predict(self, inputs: list[np.ndarray], progress: SamplesDone) -> list[np.ndarray]:
        return self._run(self._model, inputs, progress)

    def _trace(self, inputs: list[np.ndarray], progress: SamplesDone) -> dict[str, np.ndarray]:
        import keras

        layers = [layer for layer in self._model.layers if not isinstance(layer, keras.layers.InputLayer)]
        if self._traced is None:
            with double_precision() if self._exact else nullcontext():
                self._traced = keras.Model(self._model.inputs, [layer.output for layer in layers])
        outputs = self._run(self._traced, inputs, progress)
        return {layer.name: output for layer, output in zip(layers, outputs, strict=True)}
