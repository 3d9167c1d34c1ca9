"""A Keras model as a list of steps, rewritten and built again."""
