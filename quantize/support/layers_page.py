"""docs/layers.md, made from the table and from what was tried: `python -m netloom.quantize.support.layers_page`.

docs/layers.json says how far an example of each layer went; `tests/support/layers_tried.py` writes it.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from netloom.quantize.functions.one_value import NOT_ELEMENTWISE, OF_LAYERS
from netloom.quantize.support.arguments import INSTEAD
from netloom.quantize.support.rules import Rule
from netloom.quantize.support.table import LAYERS, REFUSED

TRIED = Path("docs/layers.json")

_ABSTRACT = frozenset({"Layer", "Wrapper", "InputSpec"})

_HEAD = """# Layers

Every public layer of Keras 3: taken, exact as far as is said, or refused by name, before anything is trained or
written. Of what is taken a small example (`tests/support/layer_examples.py`) was quantized and converted, and the
results of `fixed` were held against those of the engines in its row, as integers, all equal: the quantized model,
hls4ml's compiled C++ (`csim`, with every layer's values) and the Verilog in Verilator (`rtl`, with its cycles). All
operations that layers become have hardware: a row without `csim` and `rtl` is one whose example has not been compiled
yet, not one that cannot be.

This file is made from `quantize/support/` and from `docs/layers.json`, which `python tests/support/layers_tried.py`
writes, by `python -m netloom.quantize.support.layers_page > docs/layers.md`.

| layer | exact in | values compared | or why not | way out |
|---|---|---|---|---|"""

_ACTIVATIONS = """
## Activations

By their names in `keras.activations`.

| activation | exact in | values compared | or why not |
|---|---|---|---|"""

_OPERATIONS = """
## Operations

Of `keras.ops`, on symbolic tensors; each becomes layers that equal it. Others are refused by name.

| operation | exact in | values compared |
|---|---|---|"""

_RECURRENT = """
## Recurrent layers

Options that the examples above leave out.

| layer | exact in | values compared |
|---|---|---|"""

_QUANTIZED = """
QKeras's own layers are taken as they are, `QBidirectional` and `RNN` of a `QLSTMCell` among them:

| layer | exact in | values compared |
|---|---|---|"""

_DECODERS = """
## Decoders

`netloom.quantize.layers.RecurrentDecoder` writes a sequence by itself, in one inference: a layer that is fed the symbol
it has just said, for a fixed number of steps. It shares its layers with one that is taught with the right symbols:

```python
import keras
from keras.layers import GRU, Dense, Embedding
from netloom.quantize.layers import RecurrentDecoder

x, before = keras.Input((10,), name="x"), keras.Input((8,), dtype="uint8", name="before")
thought = Dense(48, activation="tanh", name="thought")(x)
words, speaker, logits = Embedding(32, 16), GRU(48, return_sequences=True), Dense(32)
taught = keras.Model([x, before], logits(speaker(words(before), initial_state=thought)))
taught.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
# taught.fit([samples, right_words_one_place_on], right_words): the place before the first has symbol 1
writer = RecurrentDecoder(words, speaker, logits, steps=8, start=1, stop=0)
network = keras.Model(x, writer(thought))  # gives 8 symbols; quantize it with fine_tune_epochs=0, and convert it
```

Of equal logits the first is said; behind `stop` nothing but `stop`, and the time is the same. The cell is that of a
`SimpleRNN`, `LSTM` (`writer([h, c])`) or `GRU`, forward; states to begin with are all brought, or zeros. What it says
has no gradient, so it is the taught network that is fine-tuned: quantize that, and make a decoder of the twin's layers,
with the `QActivation` between cell and logits as its `quantizer` (`benchmarks/decoder.py`). `netloom run FILE --task
written` judges its symbols one by one.

It samples if it is called with `noise`, (steps, symbols), an input that the host fills: `writer(thought, noise=noise)`
says the symbol of the greatest logit + noise. With T times Gumbel noise, -T log(-log(u)) of uniform u, that is a draw
from the softmax of logits / T: the temperature is the noise's factor, and nothing in the network changes with it; zeros
say the likeliest. The noise is quantized as any input is, by its samples among the data: of 8 bits the shares of eight
symbols were off by up to 0.007, of 12 by less than 0.001 (`tests/quantize/layers/test_decoder.py`); give it more by
`Policy(overrides={"noise": {"activations": 12}})`.
"""

_TAKEN_HEAD = """
## Classes, by stage

| by | layers |
|---|---|"""

_TAKEN = {
    None: "`quantize` and `convert`",
    "quantize": "`quantize` alone, as a layer of floats",
    "convert": "`convert` alone, after quantization",
}

_OPTIONS = """
## Options that are refused

What is said of a layer holds for its QKeras twins.

| layers | refused | why | way out |
|---|---|---|---|"""

_ARGUMENTS = """
## Arguments

Arguments are admitted by name: those that are read, and those that change nothing at inference (initializers,
regularizers, and their like). Any other must be at its default, so that what a new version of Keras or QKeras adds is
refused until somebody reads it.

| argument | way out |
|---|---|"""

Tried = Mapping[str, Mapping[str, Mapping[str, int]]]

_ENGINES = ("quantized", "csim (io_parallel)", "csim (io_stream)", "rtl")


def public_layers() -> list[str]:
    """Names of the classes of `keras.layers`, each once; those that are for deriving others are left out."""
    import keras

    found = {thing.__name__ for thing in vars(keras.layers).values() if isinstance(thing, type)}
    return sorted(found - _ABSTRACT)


def public_activations() -> list[str]:
    """Names of the functions of `keras.activations`, each once."""
    import keras

    functions = {name: thing for name, thing in vars(keras.activations).items() if callable(thing)}
    return sorted({thing.__name__ for thing in functions.values()} - {"get", "serialize", "deserialize"})


def layers_page(tried: Tried) -> str:
    """The whole of docs/layers.md.

    Args:
        tried: docs/layers.json: by kind (`layers`, `activations`, ...) and name, the values compared by
            engine, all of them equal.
    """
    layers = [
        f"| `{kind}` | | | {REFUSED[kind].reason} | {REFUSED[kind].instead} |"
        if kind in REFUSED
        else f"| `{kind}` | {_engines(tried, 'layers', kind)} | | |"
        for kind in public_layers()
    ]
    activations = [
        f"| `{name}` | | | {NOT_ELEMENTWISE[name]} |"
        if name in set(NOT_ELEMENTWISE) - OF_LAYERS
        else f"| `{name}` | {_engines(tried, 'activations', name)} | |"
        for name in public_activations()
    ]
    operations, recurrent, quantized = (
        [f"| {name} | {_engines(tried, kind, name)} |" for name in tried.get(kind, {})]
        for kind in ("operations", "recurrent", "quantized")
    )
    taken = [
        f"| {meaning} | {_names(kind for kind, entry in LAYERS.items() if entry.stage == stage)} |"
        for stage, meaning in _TAKEN.items()
    ]
    rules = dict.fromkeys(rule for entry in LAYERS.values() for rule in entry.rules)
    options = [f"| {_names(_with(rule))} | {rule.refused} | {rule.reason} | {rule.instead} |" for rule in rules]
    arguments = [f"| `{name}` | {instead} |" for name, instead in sorted(INSTEAD.items())]
    parts = [_HEAD, *layers, _ACTIVATIONS, *activations, _OPERATIONS, *operations]
    parts += [_RECURRENT, *recurrent, _QUANTIZED, *quantized, _DECODERS.rstrip()]
    parts += [_TAKEN_HEAD, *taken]
    return "\n".join([*parts, _OPTIONS, *options, _ARGUMENTS, *arguments, ""])


def _engines(tried: Tried, kind: str, name: str) -> str:
    found = tried.get(kind, {}).get(name, {})
    compared = {engine: found[engine] for engine in _ENGINES if engine in found} or {"not tried in any engine": 0}
    return f"{', '.join(compared)} | {', '.join(map(str, compared.values()))}"


def _with(rule: Rule) -> list[str]:
    """The layers that have a rule; twins are left out where Keras's layer has it."""
    kinds = [kind for kind, entry in LAYERS.items() if rule in entry.rules]
    return [kind for kind in kinds if kind[1:].removesuffix("Batchnorm") not in kinds]


def _names(kinds: Iterable[str]) -> str:
    return ", ".join(f"`{kind}`" for kind in kinds)


if __name__ == "__main__":
    print(layers_page(json.loads(TRIED.read_text(encoding="utf-8"))), end="")
