"""Recurrent layers of QKeras, number by number in fractions: written from what QKeras does, and from nothing here."""

import math
from fractions import Fraction

import numpy as np

FUNCTIONS = {
    "tanh": math.tanh,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "softsign": lambda x: x / (abs(x) + 1),
}


def rounded(value, bits, integer, signed):
    """To the nearest of a type, ties to even; the type's ends beyond."""
    step = Fraction(1, 2 ** (bits - signed)) * Fraction(2) ** integer
    least, most = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    return min(max(round(value / step), least), most) * step


def linear(quantizer):
    signed = bool(getattr(quantizer, "keep_negative", type(quantizer).__name__ != "quantized_relu"))
    return lambda value: rounded(value, int(quantizer.bits), int(quantizer.integer), signed)


def function(activation):
    if getattr(activation, "__name__", "") == "linear":
        return lambda value: value
    match type(activation).__name__:
        case "QuantizedFunction":
            before, after = linear(activation.index_quantizer), linear(activation.result_quantizer)
            return lambda value: after(Fraction(FUNCTIONS[activation.function](float(before(value)))))
        case "quantized_tanh":
            return lambda value: rounded(value, activation.bits, 0, True)
        case "quantized_sigmoid":
            return lambda value: rounded((value + 1) / 2, activation.bits, 0, False)
        case _:
            return linear(activation)


def results(layer, x):
    """What a layer gives for one sample: x (steps, inputs) of exact numbers; fractions."""
    cell, units = layer.cell, layer.units
    quantized = {
        name: np.vectorize(lambda value, q=quantizer: linear(q)(Fraction(float(value))), otypes=[object])(variable)
        for name, quantizer, variable in (
            ("w", cell.kernel_quantizer_internal, np.array(cell.kernel)),
            ("r", cell.recurrent_quantizer_internal, np.array(cell.recurrent_kernel)),
        )
    }
    w, r = quantized["w"], quantized["r"]
    biases = [[Fraction(0)] * w.shape[1]] * 2
    if cell.use_bias:
        rows = np.array(cell.bias).reshape(-1, w.shape[1])
        found = [[linear(cell.bias_quantizer_internal)(Fraction(float(value))) for value in row] for row in rows]
        biases[: len(found)] = found
    state, act = linear(cell.state_quantizer_internal), function(cell.activation)
    gate = function(getattr(cell, "recurrent_activation", None))
    h, c, seen = [Fraction(0)] * units, [Fraction(0)] * units, []
    for row in x[::-1] if layer.go_backwards else x:
        row, h, c = [Fraction(float(value)) for value in row], [state(v) for v in h], [state(v) for v in c]
        of_x = [sum(v * w[i, j] for i, v in enumerate(row)) + biases[0][j] for j in range(w.shape[1])]
        of_h = [sum(v * r[i, j] for i, v in enumerate(h)) + biases[1][j] for j in range(w.shape[1])]
        z = [a + b for a, b in zip(of_x, of_h, strict=True)]
        match type(cell).__name__:
            case "QSimpleRNNCell":
                h = [act(v) for v in z]
            case "QLSTMCell":
                i, f, g, o = ([*z[k * units : (k + 1) * units]] for k in range(4))
                c = [gate(f[u]) * c[u] + gate(i[u]) * act(g[u]) for u in range(units)]
                h = [gate(o[u]) * act(c[u]) for u in range(units)]
            case _:
                update, reset = [gate(v) for v in z[:units]], [gate(v) for v in z[units : 2 * units]]
                inner = [reset[u] * of_h[2 * units + u] for u in range(units)]
                if not cell.reset_after:
                    inner = [sum(reset[k] * h[k] * r[k, 2 * units + u] for k in range(units)) for u in range(units)]
                candidate = [act(of_x[2 * units + u] + inner[u]) for u in range(units)]
                h = [update[u] * h[u] + (1 - update[u]) * candidate[u] for u in range(units)]
        seen.append(h)
    return (
        np.array([[float(v) for v in row] for row in seen])
        if layer.return_sequences
        else np.array([float(v) for v in seen[-1]])
    )
