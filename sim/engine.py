"""What every simulator is: `predict` and `trace` on float arrays."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from netloom.common.arrays import checked_samples
from netloom.common.closable import Closable
from netloom.common.ends import Ends
from netloom.errors import InputError

EngineInputs = np.ndarray | Sequence[np.ndarray] | Mapping[str, np.ndarray]
SamplesDone = Callable[[int, int], None]
"""Called with the number of samples done and the number of all."""


def _silent(done: int, total: int) -> None:
    del done, total


class Engine(Closable):
    """One way to compute the network. A context manager: some engines hold a process.

    Attributes:
        name: one of `ENGINES` or `HARDWARE_ENGINES`.
        input_names: of every input, as the user's model names them.
        input_shapes: of every input, without the batch axis.
        ends: what the host does before and after what this engine computes.
    """

    name: str
    input_names: Sequence[str]
    input_shapes: Sequence[tuple[int, ...]]
    ends: Ends = Ends()

    def predict(self, x: EngineInputs, progress: SamplesDone | None = None) -> np.ndarray | list[np.ndarray]:
        """The network's output.

        Args:
            x: inputs, (samples, *input shape), any numeric dtype; a list of them, or a dict by the
                inputs' names, for several inputs. Values between the steps of the input's type are rounded and
                saturated as its quantizer does.
            progress: called as samples are done.

        Returns:
            float64 (samples, *output shape); a list of them for several outputs. Exact multiples of the output type's
            step in all engines but `float` and `quantized`, unless the host scales them; rounded to the nearest float64
            where the type is wider than float64's 53 bits (see `exact`).

        Raises:
            InputError: for a wrong number of inputs, name, shape, dtype, or values that are not finite.
        """
        outputs = [np.asarray(output, dtype=np.float64) for output in self.exact(x, progress)]
        return outputs[0] if len(outputs) == 1 else outputs

    def exact(self, x: EngineInputs, progress: SamplesDone | None = None) -> list[np.ndarray]:
        """All outputs without loss: as `predict`, but fractions (dtype object) where a type is wider than float64."""
        return self.ends.received(self._predict(self.sent_inputs(x), progress or _silent))

    def trace(self, x: EngineInputs, progress: SamplesDone | None = None) -> dict[str, np.ndarray]:
        """The result of every layer: {layer: float64 (samples, *shape)}. Arguments and errors as in `predict`.

        Of a layer wider than 53 bits it has the nearest float64 (see `exact_trace`).
        """
        layers = self.exact_trace(x, progress)
        return {name: np.asarray(values, dtype=np.float64) for name, values in layers.items()}

    def exact_trace(self, x: EngineInputs, progress: SamplesDone | None = None) -> dict[str, np.ndarray]:
        """Every layer without loss: as `trace`, but fractions (dtype object) where a type is wider than float64."""
        return self._trace(self.sent_inputs(x), progress or _silent)

    @abstractmethod
    def _predict(self, inputs: list[np.ndarray], progress: SamplesDone) -> list[np.ndarray]:
        """All outputs, for checked inputs, as `exact` gives them."""

    @abstractmethod
    def _trace(self, inputs: list[np.ndarray], progress: SamplesDone) -> dict[str, np.ndarray]:
        """All layers' results, for checked inputs, as `exact_trace` gives them."""

    def close(self) -> None:
        """Release what the engine holds."""

    def sent_inputs(self, x: EngineInputs) -> list[np.ndarray]:
        """`checked_inputs`, those with a scale of the host's as the whole numbers that it sends.

        Raises:
            InputError: as `checked_inputs`.
        """
        return self.ends.sent(self.checked_inputs(x))

    def checked_inputs(self, x: EngineInputs) -> list[np.ndarray]:
        """Inputs as a list of float arrays (float32 stays, all else becomes float64).

        Raises:
            InputError: for a wrong number of inputs, shape, dtype, or values that are not finite.
        """
        if isinstance(x, Mapping):
            if set(x) != set(self.input_names):
                raise InputError(
                    f"the network's inputs are {', '.join(map(repr, self.input_names))}, not "
                    f"{', '.join(map(repr, x)) or 'none'}"
                )
            x = [x[name] for name in self.input_names]
        arrays = list(x) if isinstance(x, list | tuple) else [np.asarray(x)]
        if len(arrays) != len(self.input_shapes):
            raise InputError(f"the network has {len(self.input_shapes)} inputs, not {len(arrays)}")
        checked = [
            _checked(array, shape, index)
            for index, (array, shape) in enumerate(zip(arrays, self.input_shapes, strict=True))
        ]
        samples = {array.shape[0] for array in checked}
        if len(samples) > 1:
            raise InputError(f"inputs must have one number of samples, not {sorted(samples)}")
        return checked


def _checked(array: np.ndarray, shape: tuple[int, ...], index: int) -> np.ndarray:
    array = checked_samples(array, shape, f"input {index}")
    array = array if array.dtype == np.float32 else array.astype(np.float64)
    if not _all_finite(array):
        bad = int(np.argwhere(~np.isfinite(array))[0][0])
        raise InputError(f"input {index} must be finite; sample {bad} has NaN or infinity: remove or replace it")
    return array


def _all_finite(array: np.ndarray) -> bool:
    """Whether no number is NaN or infinite. Then the sum is neither, unless it overflows; it takes less time to see."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(np.add.reduce(array, axis=None)) or np.isfinite(array).all())
