import pytest

from netloom.errors import SettingsError
from netloom.quantize.policy import Policy


def test_uniform_sets_the_multipliers_and_leaves_inputs_at_8_bits():
    assert Policy.uniform(4) == Policy(weights=4, activations=4, input=8)
    assert Policy.uniform(12).input == 12


def test_a_name_wins_over_a_class_and_a_class_over_the_policy():
    policy = Policy(weights=8, overrides={"Dense": {"weights": 6, "activations": 5}, "last": {"weights": 4}})
    assert policy.bits("weights", "last", "Dense") == 4
    assert policy.bits("activations", "last", "Dense") == 5
    assert policy.bits("weights", "first", "Dense") == 6
    assert policy.bits("weights", "conv", "Conv2D") == 8
    assert policy.bits("biases", "last", "Dense") == 4 + 5
    assert policy.bits("biases", "conv", "Conv2D") == 16
    assert Policy(biases=6).bits("biases", "conv", "Conv2D") == 6
    assert policy.bits("activations", "image", "InputLayer") == policy.input


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"weights": 1}, "weights: Input should be greater than or equal to 2 (got 1)"),
        ({"weights": 17}, "less than or equal to 16"),
        ({"activations": 4.5}, "activations"),
        ({"input": "8"}, "input"),
        ({"wieghts": 8}, "wieghts"),
        ({"batch_norm": "drop"}, "'fold' or 'keep'"),
        ({"overrides": {"fc1": {"weights": 99}}}, "(got 99)"),
        ({"overrides": {"fc1": {"kernel": 4}}}, "kernel"),
        ({"weights": True}, "weights"),
    ],
)
def test_wrong_settings_are_one_line(settings, message):
    with pytest.raises(SettingsError) as error:
        Policy(**settings)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("bits", [1, 17, 0, -3, 7.5, None])
def test_uniform_checks_its_bits(bits):
    with pytest.raises(SettingsError):
        Policy.uniform(bits)


def test_settings_are_frozen():
    with pytest.raises(Exception, match="frozen"):
        Policy().weights = 4


def test_overrides_of_unknown_layers_name_the_closest():
    with pytest.raises(SettingsError, match="'conv_1'"):
        Policy(overrides={"conv1": {"weights": 4}}).check_overrides(["conv_1", "fc"], ["Conv2D", "Dense"])
    Policy(overrides={"Dense": {"weights": 4}}).check_overrides(["fc"], ["Dense"])
