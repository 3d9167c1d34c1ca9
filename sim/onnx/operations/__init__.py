"""What every operation of the dataflow graph is in ONNX, one a file."""
