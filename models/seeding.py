"""`seed_training`: what makes a training repeatable."""


def seed_training(seed: int) -> None:
    """Seed Python, NumPy and TensorFlow, and switch on TensorFlow's deterministic operations, for the process."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
