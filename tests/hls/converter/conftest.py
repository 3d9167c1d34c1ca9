"""A network that is quick to convert."""

import pytest
from zoo import linear, quant

keras = pytest.importorskip("keras")


@pytest.fixture(scope="session")
def small():
    """A network of one dense layer, the cheapest there is."""
    import qkeras

    keras.utils.set_random_seed(0)
    inputs = keras.Input((4,), name="source")
    x = quant(5, 0, "input_quantizer")(inputs)
    return keras.Model(inputs, qkeras.QDense(3, **linear(), name="fc")(x))
