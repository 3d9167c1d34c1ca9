"""Without its extras netloom does all but what they are for, and says which is missing."""

import subprocess
import sys
from pathlib import Path

MODEL = Path(__file__).parent / "support" / "onnx" / "onnx_models" / "brevitas_dense.onnx"

PROGRAM = f"""
import sys
for name in ("hgq", "onnxruntime", "qonnx", "rdkit", "skimage"):
    sys.modules[name] = None
import numpy as np
import netloom
from netloom.errors import ToolMissingError
from netloom.hls import HlsSettings, convert
from netloom.models import get_network
from netloom.quantize import Policy, load_model, quantize
from netloom.sim import open_engine
x = np.random.default_rng(0).normal(0, 1, (40, 16)).astype(np.float32)
model = quantize(get_network("jets").build(), Policy.uniform(6), x, fine_tune_epochs=0)
conversion = convert(model, HlsSettings(), sys.argv[1] + "/conversion")
with open_engine("quantized", model=model) as quantized, open_engine("fixed", conversion=conversion) as fixed:
    assert (quantized.predict(x) == fixed.predict(x)).all()
for missing in (lambda: load_model({str(MODEL)!r}), lambda: open_engine("onnx", conversion=conversion)):
    try:
        missing()
    except ToolMissingError as error:
        print(error)
"""


def test_a_network_of_keras_needs_none(tmp_path):
    ran = subprocess.run([sys.executable, "-c", PROGRAM, str(tmp_path)], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert ran.stdout.splitlines() == [
        "ONNX models are read with qonnx, which is not installed: pip install qonnx",
        "engine 'onnx' runs in onnxruntime, which is not installed: pip install onnxruntime",
    ]
