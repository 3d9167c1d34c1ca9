"""What each ONNX operator becomes in Keras; `table.py` has them all."""
