import numpy as np
import pytest

from netloom.errors import SettingsError
from netloom.models.deformation import Deformation
from netloom.quantize import LayerBits, Policy, quantize, summarize
from netloom.quantize.files.inspection import layer_quantizers

keras = pytest.importorskip("keras")


def accuracy(model, digits):
    x, y = digits
    return np.mean(np.argmax(model.predict(x[1400:], verbose=0), axis=1) == y[1400:])


def training(digits):
    return digits[0][:1400], digits[1][:1400]


def test_fine_tuning_recovers_what_3_bits_cost(trained, digits):
    policy = Policy.uniform(3)
    before = accuracy(quantize(trained, policy, training(digits), fine_tune_epochs=0), digits)
    after = accuracy(quantize(trained, policy, training(digits), fine_tune_epochs=4), digits)
    assert after > before


def test_eight_bits_cost_less_than_two_points(trained, digits):
    twin = quantize(trained, Policy(), training(digits)[0], fine_tune_epochs=0)
    assert accuracy(twin, digits) > accuracy(trained, digits) - 0.02


def test_without_labels_the_float_model_teaches(trained, digits):
    x = training(digits)[0]
    twins = [quantize(trained, Policy.uniform(3), x, fine_tune_epochs=epochs) for epochs in (0, 3)]
    target = trained.predict(x, verbose=0)
    errors = [np.mean((twin.predict(x, verbose=0) - target) ** 2) for twin in twins]
    assert errors[1] < errors[0]


def test_same_seed_same_weights_and_another_seed_others(trained, digits):
    first, again, other = (
        quantize(trained, Policy.uniform(4), training(digits), fine_tune_epochs=1, seed=seed).get_weights()
        for seed in (3, 3, 4)
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_a_harmful_learning_rate_leaves_the_start(trained, digits):
    start = quantize(trained, Policy(), training(digits), fine_tune_epochs=0)
    kept = quantize(trained, Policy(), training(digits), fine_tune_epochs=1, learning_rate=50.0)
    assert all(np.array_equal(a, b) for a, b in zip(start.get_weights(), kept.get_weights(), strict=True))


def test_kept_batch_norms_keep_their_statistics_through_fine_tuning(trained, digits):
    twin = quantize(trained, Policy(batch_norm="keep"), training(digits), fine_tune_epochs=1)
    for name in ("bn1", "bn2"):
        layer = twin.get_layer(name)
        assert np.array_equal(layer.moving_mean, np.zeros(layer.moving_mean.shape))
        assert np.all(np.sqrt(layer.moving_variance.numpy() + np.float32(layer.epsilon)) == np.float32(1))


def test_stored_weights_are_what_the_layer_computes_with(trained, digits):
    twin = quantize(trained, Policy.uniform(4), training(digits), fine_tune_epochs=1)
    for layer in twin.layers:
        for variable, quantizer in layer_quantizers(layer).values():
            assert np.array_equal(np.asarray(quantizer(variable.value)), variable.numpy())


def test_progress_is_keras_callbacks(trained, digits):
    epochs = []
    callback = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: epochs.append(epoch))
    quantize(trained, Policy(), training(digits), fine_tune_epochs=2, progress=[callback])
    assert epochs == [0, 1]


def test_summary_states_types_and_batch_norms(trained, digits):
    policy = Policy(overrides={"fc2": LayerBits(weights=5)})
    lines = summarize(quantize(trained, policy, training(digits)[0], fine_tune_epochs=0), trained)
    assert any(line.startswith("fc2 (QDense): kernel fixed<5,") and "bias fixed<13," in line for line in lines)
    assert "bn1 (BatchNormalization): folded into the layer before it" in lines
    assert "bn2 (BatchNormalization): kept as a scale and a shift" in lines


def test_a_sigmoid_for_each_class_learns_alike_from_class_numbers_and_from_one_hot_labels(digits):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(10, activation="sigmoid")])
    x, labels = training(digits)
    one, other = (
        quantize(model, Policy(), (x, targets), fine_tune_epochs=3, learning_rate=1e-2)
        for targets in (labels, np.eye(10, dtype=np.int64)[labels])
    )
    assert accuracy(one, digits) > accuracy(model, digits) + 0.2
    for weights, same in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(weights, same)


@pytest.mark.slow
def test_labels_that_are_not_known_teach_nothing():
    """Where a label is known it can be told from one input; fine-tuning changes the weights and keeps them finite."""
    x = np.random.default_rng(0).choice([-1.0, 1.0], (200, 3)).astype(np.float32)
    y = (x > 0).astype(np.float32)
    y[::2, 0] = y[1::3, 2] = np.nan
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3, name="labels")])
    twin = quantize(model, Policy.uniform(6), (x, y), fine_tune_epochs=30, learning_rate=0.05)
    right = ((np.array(twin(x)) > 0) == y)[~np.isnan(y)]
    assert right.mean() == 1


class Watching(Deformation):
    """Notes what it deforms."""

    def __init__(self, seen):
        super().__init__(shift=1)
        object.__setattr__(self, "seen", seen)

    def __call__(self, images, random):
        self.seen.append(images)
        return super().__call__(images, random)


def test_deformed_images_are_tuned_on_anew_in_each_epoch_and_held_out_deformed(digits):
    x, y = digits[0][:200].reshape(-1, 8, 8, 1), digits[1][:200]
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(10, name="logits")])
    seen, start = [], []

    def tuned(deformation):
        settings = {"fine_tune_epochs": 2, "learning_rate": 1e-2, "calibrated": lambda t: start.append(t.get_weights())}
        return quantize(model, Policy(), (x, y), deformation=deformation, **settings).get_weights()

    deformed, again, plain = tuned(Watching(seen)), tuned(Deformation(shift=1)), tuned(None)
    tuned_on = [image.tobytes() for batch in seen[1:] for image in batch]
    assert len(seen[0]) == 20 and len(tuned_on) >= 2 * 180 and len(set(tuned_on)) == 180
    assert not {image.tobytes() for image in seen[0]} & set(tuned_on)
    assert all(np.array_equal(a, b) for a, b in zip(deformed, again, strict=True))
    for other in (start[0], plain):
        assert not all(np.array_equal(a, b) for a, b in zip(deformed, other, strict=True))


@pytest.mark.parametrize("images, labelled", [(False, True), (True, False)])
def test_what_are_no_images_with_labels_cannot_be_deformed(trained, digits, images, labelled):
    x, y = digits
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(10)])
    model, x = (model, x.reshape(-1, 8, 8, 1)) if images else (trained, x)
    with pytest.raises(SettingsError, match="deformation is of images with labels"):
        quantize(model, Policy(), (x, y) if labelled else x, deformation=Deformation(shift=1))
