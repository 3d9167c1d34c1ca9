"""`clutter`: the detector of faces once more, on digits of ten classes among scraps of digits."""

from typing import TYPE_CHECKING

from netloom.models.networks.faces import detector
from netloom.models.networks.network import Network, Target, Training
from netloom.models.networks.optimizers import adam

if TYPE_CHECKING:
    import keras


def build() -> "keras.Model":
    """48x48x1 -> 12x12 cells, each with ten scores and a box."""
    return detector("clutter", 48, (12, 24, 32, 32), 10)


NETWORK = Network(
    name="clutter",
    title="Digits in clutter",
    review="Convolutional neural networks: detection of objects in images",
    description="Where digits are among scraps of digits, and which they are: a network that slides over the picture.",
    dataset="clutter",
    task="detection",
    builder=build,
    training=Training(epochs=12, batch_size=32, optimizer=adam(3e-3)),
    expected_score=0.93,
    bits=8,
    fine_tune_epochs=2,
    target=Target("ULX3S-25F", target_ii=147456, rtl_samples=250),
    csim_samples=250,
    io_type="io_stream",
    training_seconds=80,
)
