"""The exact twin as ONNX: a converted network as a plain ONNX graph, and the engine that runs it in onnxruntime."""
