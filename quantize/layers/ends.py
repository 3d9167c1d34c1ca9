"""The host's part of a network as Keras layers: the first behind an input, the last before an output."""

from typing import Any

import keras

from netloom.common.ends import InputScale, OutputScale
from netloom.errors import SettingsError


@keras.saving.register_keras_serializable("netloom")
class HostQuantize(keras.layers.Layer):
    """Whole numbers of a network's input, which the host sends: `InputScale`.

    Args:
        scale: what its fields are, by name: `scale`, `zero_point`, `low`, `high`, `rounding`.

    Raises:
        SettingsError: if they are none.
    """

    def __init__(self, scale: Any, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.scale = _read(InputScale, scale, self.name)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's."""
        return shape

    def call(self, x: Any) -> Any:
        """In float32, whatever comes."""
        return keras.ops.cast(self.scale.raws(keras.ops.cast(x, "float32"), keras.ops), x.dtype)

    def get_config(self) -> dict[str, Any]:
        """The scale's fields."""
        return {**super().get_config(), "scale": self.scale.model_dump(mode="json")}


@keras.saving.register_keras_serializable("netloom")
class HostScale(keras.layers.Layer):
    """What the host makes of an output of the network: `OutputScale`.

    Args:
        scale: what its fields are, by name: `scale`, `shift`, `axis`, `floor`, `ceiling`.

    Raises:
        SettingsError: if they are none.
    """

    def __init__(self, scale: Any, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.scale = _read(OutputScale, scale, self.name)

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Hold the scale against the shape.

        Raises:
            SettingsError: if it is none of that.
        """
        try:
            self.scale.check([size or 0 for size in shape[1:]])
        except ValueError as error:
            raise SettingsError(f"layer {self.name!r}: {error}") from None
        self.built = True

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's."""
        return shape

    def call(self, x: Any) -> Any:
        """In the input's own float type."""
        scale, shift = (keras.ops.cast(one, x.dtype) for one in self.scale.rows(len(x.shape) - 1))
        result = x * scale + shift
        if self.scale.floor is not None:
            result = keras.ops.maximum(result, self.scale.floor)
        if self.scale.ceiling is not None:
            result = keras.ops.minimum(result, self.scale.ceiling)
        return result

    def get_config(self) -> dict[str, Any]:
        """The scale's fields."""
        return {**super().get_config(), "scale": self.scale.model_dump(mode="json")}


def _read(kind: Any, given: Any, name: str) -> Any:
    if isinstance(given, kind):
        return given
    try:
        return kind.model_validate(given)
    except ValueError as error:
        said = " ".join(str(error).split())[:200]
        raise SettingsError(f"layer {name!r}: {given!r} is no {kind.__name__}: {said}") from None
