"""What the registry knows of a network: where it comes from, how it is built, trained, judged and deployed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from netloom.models.data.dataset import DEFAULT_TASK, Dataset
from netloom.models.deformation import Deformation
from netloom.models.tasks import Score, find_task
from netloom.models.tasks.pictures.picture import Draw

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
        deformation: what is done to the samples of each step anew before they are trained on; None does nothing.
    """

    epochs: int
    batch_size: int
    optimizer: Callable[[int], "keras.optimizers.Optimizer"]
    validation_fraction: float = 0.1
    deformation: Deformation | None = None


class Trainer(Protocol):
    """Trains a model in place; arguments, results and errors are those of `netloom.models.train`."""

    def __call__(
        self,
        model: "keras.Model",
        dataset: Dataset,
        training: Training,
        seed: int = 0,
        callbacks: Sequence["keras.callbacks.Callback"] = (),
    ) -> dict[str, list[float]]:
        """As `netloom.models.train`."""


@dataclass(frozen=True)
class Target:
    """The board that a network is shown on, and how fast; at most one of `target_ii` and `target_fps`.

    Attributes:
        board: its name (`netloom boards`).
        target_ii: clock cycles between samples, at most; None leaves it to `target_fps` or to netloom.
        target_fps: samples a second, at least.
        clock_mhz: of the network, MHz; None is the board's own choice.
        rtl_samples: only so many test samples in RTL simulation; None is all.
    """

    board: str
    target_ii: int | None = None
    target_fps: float | None = None
    clock_mhz: float | None = None
    rtl_samples: int | None = None


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
        expected_score: what its task's first score comes to on the test split after training with seed 0, at least, or
            at most where less is better; a little off what was measured on the data named in docs/networks.md.
        bits: default width of weights, activations and inputs in the firmware, in bits.
        fine_tune_epochs: default epochs of quantization-aware training.
        target: the board that `netloom networks --run` takes it to; its clock and pace there, unless told otherwise.
        training_seconds: how long training took on two cores, s, as measured.
        task: name of what it is for.
        deterministic: whether the same seed gives the same weights, bit for bit, on one machine.
        io_type: how hls4ml's C++ takes a sample, `io_parallel` or `io_stream`, unless told otherwise. Whole large
            images take g++ many minutes.
        csim_samples: only so many test samples in hls4ml's C++, unless told otherwise; None is all.
        together: so many test samples in a row are of one thing, such as tiles of an image: standard errors are over
            things.
        allowed_loss: how much worse its first score may be in the firmware than in floats, in that score's unit (a
            point of a share is 0.01); None is not stated.
        trainer: trains it in its own way; None is `netloom.models.train`. Use `train`.
        pictures: draws what it shows, for the top of its report.
    """

    name: str
    title: str
    review: str
    description: str
    dataset: str
    builder: Callable[[], "keras.Model"]
    training: Training
    expected_score: float
    bits: int
    fine_tune_epochs: int
    target: Target
    training_seconds: int
    task: str = DEFAULT_TASK
    deterministic: bool = True
    io_type: Literal["io_parallel", "io_stream"] = "io_parallel"
    csim_samples: int | None = None
    together: int = 1
    allowed_loss: float | None = None
    trainer: Trainer | None = None
    pictures: Draw | None = None

    @property
    def score(self) -> Score:
        """What it is judged by first."""
        return find_task(self.task).scores[0]

    def reaches(self, score: float) -> bool:
        """Whether a value of `score` is as good as expected."""
        return (score - self.expected_score) * self.score.better >= 0

    def keeps(self, before: float, after: float) -> bool:
        """Whether `score` has lost no more than is allowed from `before` quantization to `after` it."""
        return self.allowed_loss is None or (before - after) * self.score.better <= self.allowed_loss + 1e-9

    def build(self, seed: int = 0) -> "keras.Model":
        """The untrained, uncompiled Keras model: inputs (batch, *sample shape), outputs as its task takes them.

        A classifier ends in logits, (batch, classes), because the firmware decides by their argmax: a softmax would not
        change the decision, but would cost tables and rounding. Seeds Python, NumPy and TensorFlow: equal seeds give
        equal weights.
        """
        import keras

        keras.utils.set_random_seed(seed)
        return self.builder()

    def train(
        self,
        model: "keras.Model",
        dataset: Dataset,
        training: Training | None = None,
        seed: int = 0,
        callbacks: Sequence["keras.callbacks.Callback"] = (),
    ) -> dict[str, list[float]]:
        """Train what `build` gave, in place, as this network is trained; see `netloom.models.train`.

        Args:
            model: built with the same seed.
            dataset: with this network's task.
            training: instead of its own.
            seed: of all that is drawn at random.
            callbacks: Keras callbacks.

        Raises:
            InputError: data and model do not fit, or the training diverged.
        """
        from netloom.models.training import train

        return (self.trainer or train)(model, dataset, training or self.training, seed, callbacks)
