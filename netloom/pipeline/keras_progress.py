"""How far a training of Keras has got, as a run shows it."""

from typing import TYPE_CHECKING

from netloom.progress import Progress

if TYPE_CHECKING:
    import keras


def keras_progress(progress: Progress, what: str) -> "keras.callbacks.Callback":
    """A Keras callback that reports every step of a training."""
    import keras

    class Steps(keras.callbacks.Callback):
        epoch = 0

        def on_epoch_begin(self, epoch: int, logs: object = None) -> None:  # noqa: ARG002
            self.epoch = epoch

        def on_train_batch_end(self, batch: int, logs: object = None) -> None:  # noqa: ARG002
            steps = self.params["steps"]
            progress.advanced(what, self.epoch * steps + batch + 1, self.params["epochs"] * steps)

    return Steps()
