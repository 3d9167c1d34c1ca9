"""Recurrent layers in QKeras's style: QKeras's own under the names they are given, and the functions in their cells."""

from typing import Any

import keras
import numpy as np
import qkeras
from qkeras import get_quantizer

from netloom.errors import SettingsError
from netloom.quantize.double import double_precision
from netloom.quantize.functions.one_value import function_names
from netloom.quantize.quantizer_types import quantizer_type


@keras.saving.register_keras_serializable("netloom")
class QuantizedFunction:
    """An activation for QKeras layers, result(function(index(x))): as many values as the index has, a table's entries.

    Its gradient is the function's, between those of its quantizers.

    Args:
        function: a function of one value, by its name in `keras.activations`.
        index_quantizer: a `quantized_bits` of what the function takes, or its text.
        result_quantizer: of what it gives.

    Raises:
        QuantizerNotSupportedError: if no fixed-point type equals a quantizer.
        SettingsError: if there is no such function.
    """

    def __init__(self, function: str, index_quantizer: Any, result_quantizer: Any) -> None:
        if function not in function_names():
            raise SettingsError(f"function must be one of {', '.join(sorted(function_names()))}, not {function!r}")
        self.function = function
        self.index_quantizer, self.result_quantizer = get_quantizer(index_quantizer), get_quantizer(result_quantizer)
        self.index, self.result = quantizer_type(self.index_quantizer), quantizer_type(self.result_quantizer)

    def __call__(self, x: Any) -> Any:
        """The function, quantized before and after."""
        return self.result_quantizer(getattr(keras.activations, self.function)(self.index_quantizer(x)))

    def entries(self) -> np.ndarray:
        """Raws of the result for all raws of the index, in their order; computed in float64."""
        least = self.index.with_modes().raw_min
        values = self.index.to_float(np.arange(least, least + 2**self.index.width))
        with double_precision():
            found = self(keras.ops.convert_to_tensor(values, dtype="float64"))
        return self.result.from_float(keras.ops.convert_to_numpy(found).astype(np.float64))

    def get_config(self) -> dict[str, Any]:
        """The arguments, the quantizers as text."""
        quantizers = {name: str(getattr(self, name)) for name in ("index_quantizer", "result_quantizer")}
        return {"function": self.function, **quantizers}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "QuantizedFunction":
        """For Keras's `deserialize`."""
        return cls(**config)


class _Named:
    """Mixed in before a recurrent layer of QKeras, which takes a name for its cell's."""

    def __init__(self, units: int, name: str | None = None, **options: Any) -> None:
        super().__init__(units, **options)  # type: ignore[call-arg]
        if name is not None:
            self.name = name


class _Both:
    """A cell that gives all of its state after a step, side by side."""

    def __init__(self, cell: Any, training: bool) -> None:
        self.cell, self.training, self.state_size = cell, training, cell.state_size

    def call(self, inputs: Any, states: Any) -> tuple[Any, Any]:
        _, after = self.cell(inputs, states, training=self.training)
        return keras.ops.concatenate(after, axis=-1), after

    __call__ = call


class _WithMemory:
    """Mixed in before an LSTM: it gives the memory behind the result, twice as many values."""

    def inner_loop(self, sequences: Any, initial_state: Any, mask: Any, training: bool = False) -> Any:
        """Keras's loop over steps."""
        options = {name: getattr(self, name) for name in ("return_sequences", "go_backwards", "unroll")}
        loop = keras.layers.RNN(_Both(self.cell, training), **options)  # type: ignore[attr-defined]
        return loop.inner_loop(sequences, initial_state, mask)

    def compute_output_shape(self, sequences_shape: Any, initial_state_shape: Any = None) -> Any:
        """That of result and memory, and of the states if they are returned."""
        del initial_state_shape
        shapes = super().compute_output_shape(sequences_shape)  # type: ignore[misc]
        shape, *states = shapes if self.return_state else [shapes]  # type: ignore[attr-defined]
        shape = (*shape[:-1], 2 * shape[-1])
        return (shape, *states) if states else shape


class _Masked:
    """Mixed in before a recurrent layer: which steps it takes is an input like any other, (steps, 1).

    One that is 0 leaves the states as they are, and gives what the step before it gave: zeros at first. Keras's own
    mask would go on beside the result, unseen, and into what reads that.
    """

    def call(self, sequences: Any, initial_state: Any = None, taken: Any = None, training: bool = False) -> Any:
        """As Keras computes it with a mask."""
        given = {"initial_state": initial_state, "mask": taken, "training": training}
        return super().call(sequences, **given)  # type: ignore[misc]


@keras.saving.register_keras_serializable("netloom")
class MemoryLSTM(_WithMemory, keras.layers.LSTM):
    """Keras's `LSTM`; gives (..., 2 * units): the result, then the memory, which `return_state` gives as the second."""


@keras.saving.register_keras_serializable("netloom")
class QSimpleRNN(_Named, qkeras.QSimpleRNN):
    """QKeras's `QSimpleRNN`."""


@keras.saving.register_keras_serializable("netloom")
class QLSTM(_Named, qkeras.QLSTM):
    """QKeras's `QLSTM`."""


@keras.saving.register_keras_serializable("netloom")
class QMemoryLSTM(_WithMemory, QLSTM):
    """The same of a `QLSTM`; the memory as it is summed up, before it is read through the state's quantizer."""


@keras.saving.register_keras_serializable("netloom")
class QGRU(_Named, qkeras.QGRU):
    """QKeras's `QGRU`."""


@keras.saving.register_keras_serializable("netloom")
class MaskedSimpleRNN(_Masked, keras.layers.SimpleRNN):
    """Keras's `SimpleRNN`, called with `taken` as well."""


@keras.saving.register_keras_serializable("netloom")
class MaskedLSTM(_Masked, keras.layers.LSTM):
    """Keras's `LSTM`, called with `taken` as well."""


@keras.saving.register_keras_serializable("netloom")
class MaskedMemoryLSTM(_Masked, MemoryLSTM):
    """`MemoryLSTM`, called with `taken` as well."""


@keras.saving.register_keras_serializable("netloom")
class MaskedGRU(_Masked, keras.layers.GRU):
    """Keras's `GRU`, called with `taken` as well."""


@keras.saving.register_keras_serializable("netloom")
class QMaskedSimpleRNN(_Masked, QSimpleRNN):
    """`QSimpleRNN`, called with `taken` as well."""


@keras.saving.register_keras_serializable("netloom")
class QMaskedLSTM(_Masked, QLSTM):
    """`QLSTM`, called with `taken` as well."""


@keras.saving.register_keras_serializable("netloom")
class QMaskedMemoryLSTM(_Masked, QMemoryLSTM):
    """`QMemoryLSTM`, called with `taken` as well."""


@keras.saving.register_keras_serializable("netloom")
class QMaskedGRU(_Masked, QGRU):
    """`QGRU`, called with `taken` as well."""
