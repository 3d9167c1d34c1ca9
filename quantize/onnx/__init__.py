"""ONNX models, QONNX and QCDQ: checked, cleaned by qonnx's passes, and built as QKeras models that equal them."""
