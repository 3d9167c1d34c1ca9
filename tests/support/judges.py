"""`agree`: a QKeras model in float64, `fixed`, hls4ml's compiled C++ and, if asked, the RTL give one and the same."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from designs import check_design

from netloom.firmware.map.folding.folding import fold_for_interval, intervals
from netloom.firmware.map.layout import plan_design
from netloom.hls import Conversion, HlsSettings, convert
from netloom.sim import crosscheck, open_engine


def agree(
    model: Any,
    x: np.ndarray | Sequence[np.ndarray],
    folder: Path,
    io_type: str = "io_parallel",
    hardware: bool = False,
    precision: Mapping[str, Mapping[str, str]] | None = None,
) -> Conversion:
    """Convert a model and hold the judges against each other, every element of every layer compared as integers.

    Args:
        model: of QKeras layers.
        x: samples; some should lie beyond the range of the input's type, some between its steps.
        folder: empty; the conversion is written there.
        io_type: of the conversion.
        hardware: whether to run the design in Verilator as well, with stalls, and compare its cycles with the count.
        precision: of the conversion.
    """
    conversion = convert(model, HlsSettings(io_type=io_type, precision=precision or {}), folder / "conversion")
    with open_engine("fixed", conversion=conversion) as fixed:
        for judge, given in (("quantized", {"model": model}), ("csim", {"conversion": conversion})):
            with open_engine(judge, **given) as engine:
                fidelity = crosscheck(engine, fixed, x, trace=judge == "csim")
            assert fidelity.equal, f"{judge}: {fidelity.first_mismatch}"
    if hardware:
        choices = intervals(conversion.dataflow)
        folding = fold_for_interval(conversion.dataflow, choices[len(choices) // 2])
        check_design(conversion.dataflow, plan_design(conversion.dataflow, folding), folding, samples=4, seeds=(1,))
    return conversion


def behind_dense(shape: tuple[int, ...], layer: Any) -> Any:
    """An input with a quantizer, a dense layer on the last axis, and the layer that is tested."""
    import keras
    from qkeras import QActivation, QDense, quantized_bits

    keras.utils.set_random_seed(0)
    inputs = keras.Input(shape, name="source")
    x = QActivation(quantized_bits(8, 2, alpha=1), name="quantizer")(inputs)
    bits = quantized_bits(6, 1, alpha=1)
    x = QDense(shape[-1], kernel_quantizer=bits, bias_quantizer=bits, name="dense")(x)
    return keras.Model(inputs, layer(x))
