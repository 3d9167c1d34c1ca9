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


def stepper(cell):
    """What a cell computes in a step: (row, h, c) of fractions -> (h, c), neither of which is read yet."""
    units = cell.units
    w, r = (
        np.vectorize(lambda value, q=quantizer: linear(q)(Fraction(float(value))), otypes=[object])(np.array(variable))
        for quantizer, variable in (
            (cell.kernel_quantizer_internal, cell.kernel),
            (cell.recurrent_quantizer_internal, cell.recurrent_kernel),
        )
    )
    biases = [[Fraction(0)] * w.shape[1]] * 2
    if cell.use_bias:
        rows = np.array(cell.bias).reshape(-1, w.shape[1])
        found = [[linear(cell.bias_quantizer_internal)(Fraction(float(value))) for value in row] for row in rows]
        biases[: len(found)] = found
    state, act = linear(cell.state_quantizer_internal), function(cell.activation)
    gate = function(getattr(cell, "recurrent_activation", None))

    def step(row, h, c):
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
        return h, c

    return step


def results(layer, x, mask=None):
    """What a layer gives for one sample, in fractions.

    Args:
        layer: of QKeras.
        x: (steps, inputs) of exact numbers.
        mask: for each step whether it is taken; all are if None.
    """
    step, seen = stepper(layer.cell), []
    h, c = [Fraction(0)] * layer.units, [Fraction(0)] * layer.units
    taken = [True] * len(x) if mask is None else mask
    for row, counts in list(zip(x, taken, strict=True))[:: -1 if layer.go_backwards else 1]:
        if counts:
            h, c = step(row, h, c)
        seen.append(h if counts or not layer.zero_output_for_mask else [Fraction(0)] * layer.units)
    return (
        np.array([[float(v) for v in row] for row in seen])
        if layer.return_sequences
        else np.array([float(v) for v in seen[-1]])
    )


def said(decoder, states, noise):
    """What a `RecurrentDecoder` says of one sample.

    Args:
        decoder: of QKeras's layers.
        states: to begin with, lists of numbers; none for zeros.
        noise: rows of numbers, or None.
    """

    def on_grid(quantizer, variable):
        return [[linear(quantizer)(Fraction(float(v))) for v in row] for row in np.atleast_2d(np.array(variable))]

    step, head = stepper(decoder.cell), decoder.logits
    table = on_grid(decoder.embedding.embeddings_quantizer_internal, decoder.embedding.embeddings)
    kernel = on_grid(head.kernel_quantizer_internal, head.kernel)
    bias = on_grid(head.bias_quantizer_internal, head.bias)[0] if head.use_bias else [0] * head.units
    read = linear(decoder.quantizer.activation) if decoder.quantizer is not None else lambda value: value
    h, c = ([Fraction(float(v)) for v in one] for one in [*states, *[[0] * decoder.cell.units] * 2][:2])
    symbol, over, symbols = decoder.start, False, []
    for place in range(decoder.steps):
        h, c = step(table[symbol], h, c)
        scores = [sum(read(v) * row[s] for v, row in zip(h, kernel, strict=True)) + b for s, b in enumerate(bias)]
        if noise is not None:
            scores = [score + Fraction(float(one)) for score, one in zip(scores, noise[place], strict=True)]
        symbol = decoder.stop if over else scores.index(max(scores))
        over = over or symbol == decoder.stop
        symbols.append(symbol)
    return symbols
