"""A user's model, and short ways to write one down."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Brought:
    """A user's model.

    Attributes:
        build: makes the float Keras model.
        suffix: of the file it is saved to and given as; empty for a model in memory.
        shapes: of its inputs, where it leaves sizes open.
        integers: whether its data are whole numbers from 0 to 255.
    """

    build: Callable[[], Any]
    suffix: str = ""
    shapes: tuple[tuple[int, ...], ...] | None = None
    integers: bool = False


def keras_layers() -> Any:
    import keras

    return keras.layers


def dense(*after: str | Callable[[], Any], units: int = 6, last: Any = None) -> Callable[[], Any]:
    """input 5 -> Dense -> what is given -> Dense 3."""

    def build() -> Any:
        import keras

        L = keras.layers
        made = [L.Activation(one) if isinstance(one, str) else one() for one in after]
        return keras.Sequential([keras.Input((5,)), L.Dense(units), *made, L.Dense(3, activation=last)])

    return build


def sequence(*build_layers: Callable[[Any], Any], shape: tuple[int | None, ...]) -> Callable[[], Any]:
    """A `Sequential` of layers, each from `keras.layers`."""

    def build() -> Any:
        import keras

        return keras.Sequential([keras.Input(shape), *(make(keras.layers) for make in build_layers)])

    return build


def functional(
    body: Callable[..., Any], *shapes: tuple[int | None, ...], dtype: str | None = None, name: str | None = None
) -> Callable[[], Any]:
    """A functional model: `body` takes `keras` and the inputs, named a, b, ..."""

    def build() -> Any:
        import keras

        inputs = [keras.Input(shape, name=letter, dtype=dtype) for letter, shape in zip("abc", shapes, strict=False)]
        return keras.Model(inputs if len(inputs) > 1 else inputs[0], body(keras, *inputs), name=name)

    return build
