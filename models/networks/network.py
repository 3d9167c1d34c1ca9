"""What the registry knows of a network: where it comes from, how it is built, how it is trained."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # Keras brings TensorFlow, which takes seconds to import; listing networks must not.
    import keras


@dataclass(frozen=True)
class Training:
    """How a network is trained, with the loss of its task.

    Attributes:
        epochs: passes over the train split.
        batch_size: samples a step.
        optimizer: makes the optimizer; its argument is the number of steps in the whole training, so that a
            learning-rate schedule can end with it.
        validation_fraction: share of the train split, 0 to below 1, that is held out to report on. It is not
            trained on and decides nothing.
    """

    epochs: int
    batch_size: int
    optimizer: Callable[[int], "keras.optimizers.Optimizer"]
    validation_fraction: float = 0.1


@dataclass(frozen=True)
class Network:
    """One network of the registry.

    Attributes:
        name: what the command line calls it.
        title: a few words.
        review: where it stands in LeCun, Bengio, Hinton, "Deep learning", Nature 521 (2015).
        description: a sentence or two.
        dataset: name for `load_dataset`.
        builder: makes the untrained model; use `build`, which seeds it.
        training: how it is trained.
        expected_accuracy: share of the test split, 0 to 1, that training with seed 0 gets right at least, as
            measured on the data named in docs/networks.md.
        bits: default width of weights, activations and inputs in the firmware, in bits.
        fine_tune_epochs: default epochs of quantization-aware training.
        task: name of what it is for.
    """

    name: str
    title: str
    review: str
    description: str
    dataset: str
    builder: Callable[[], "keras.Model"]
    training: Training
    expected_accuracy: float
    bits: int
    fine_tune_epochs: int
    task: str = "classification"

    def build(self, seed: int = 0) -> "keras.Model":
        """The untrained, uncompiled Keras model: inputs (batch, *sample shape), outputs as its task takes them.

        A classifier ends in logits, (batch, classes), because the firmware decides by their argmax: a softmax would not
        change the decision, but would cost tables and rounding. Seeds Python, NumPy and TensorFlow: equal seeds give
        equal weights.
        """
        import keras

        keras.utils.set_random_seed(seed)
        return self.builder()
