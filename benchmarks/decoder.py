"""A decoder in hardware against one that the host drives: numbers in English words into French ones.

    python benchmarks/decoder.py [--epochs N] [--samples N] [--target-ii N]

A recurrent net reads the words, another one says the French ones: no attention (`translation` has it). Both are taught
with the right words before each place, quantized to 8 bits and fine-tuned. The layers of the twin then go on as those
of a `RecurrentDecoder`. The script fails if on the numbers held out that one says another word than the host does,
which asks the taught twin eight times and appends the likeliest word; or if `rtl` differs from `fixed`.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from netloom.firmware.generate import generate_design
from netloom.hls import Conversion, HlsSettings, convert
from netloom.models import load_dataset, train
from netloom.models.data.number_words import ENGLISH, ENGLISH_WORDS, FRENCH, FRENCH_WORDS
from netloom.models.data.vocabulary import END, START
from netloom.models.networks.network import Training
from netloom.models.networks.optimizers import adam
from netloom.models.tasks.sentences import Sentences
from netloom.quantize import Policy, quantize
from netloom.quantize.layers import RecurrentDecoder
from netloom.sim import open_engine
from netloom.sim.hardware.rtl import RtlEngine

UNITS, EMBEDDED, SHOWN = 64, 16, 4


def taught() -> Any:
    """Reads English words and, at each place, the French one before: the decoder begins where the encoder ends."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    english = keras.Input((ENGLISH_WORDS,), dtype="uint8", name="english")
    said = keras.Input((FRENCH_WORDS,), dtype="uint8", name="said")
    thought = layers.GRU(UNITS, name="encoder")(layers.Embedding(len(ENGLISH), EMBEDDED, name="english_words")(english))
    words = layers.Embedding(len(FRENCH), EMBEDDED, name="french_words")(said)
    state = layers.GRU(UNITS, return_sequences=True, name="decoder")(words, initial_state=thought)
    return keras.Model([english, said], layers.Dense(len(FRENCH), name="logits")(state), name="taught")


def alone(twin: Any) -> Any:
    """The same quantized layers, which read English words and say the French ones."""
    import keras

    words, cell, logits, read = (
        twin.get_layer(name) for name in ("french_words", "decoder", "logits", "decoder_quantizer")
    )
    writer = RecurrentDecoder(
        words, cell, logits, steps=FRENCH_WORDS, start=START, stop=END, quantizer=read, name="writer"
    )
    return keras.Model(twin.inputs[0], writer(twin.get_layer("encoder").output), name="alone")


def predicted(conversion: Conversion, x: Any) -> np.ndarray:
    """What `fixed` gives."""
    with open_engine("fixed", conversion=conversion) as fixed:
        return np.asarray(fixed.predict(x))


def main() -> int:
    """Train, quantize, compare, and print what was found; 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=20, help="of training")
    parser.add_argument("--samples", type=int, default=20, help="for the RTL")
    parser.add_argument("--target-ii", type=int, default=40_000, help="clock cycles a sentence, at most")
    options = parser.parse_args()
    data = load_dataset("number-words")
    model = taught()
    train(model, data, Training(epochs=options.epochs, batch_size=64, optimizer=adam(4e-3)))
    twin = quantize(model, Policy(), data, fine_tune_epochs=4)
    english = data.x_test["english"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        driven = convert(twin, HlsSettings(), folder / "taught")
        conversion = convert(alone(twin), HlsSettings(), folder / "alone")
        by_the_host = Sentences().said(lambda x: predicted(driven, x), data.x_test)
        said = predicted(conversion, english)
        print(f"exact sentences of {len(said):,} held out: {(said == data.y_test).all(axis=1).mean():.1%}")
        print(f"words that differ from the host's: {int((said != by_the_host).sum()):,} of {said.size:,}")
        designs = [generate_design(one.dataflow, interval=options.target_ii) for one in (conversion, driven)]
        designs[0].write(folder / "design")
        few = english[: options.samples]
        heard = np.asarray(RtlEngine(folder / "design", cache=folder / "models").predict(few))
        print(f"words of rtl that differ from fixed: {int((heard != said[: len(few)]).sum())} of {heard.size}")
        for what, one in zip(("decoder in hardware, a sentence", "driven by the host, a word"), designs, strict=True):
            cycles = one.cycles
            print(f"{what}: latency {cycles.latency:,}, interval {cycles.interval:,} clock cycles")
        for row, words in zip(few[:SHOWN], heard, strict=False):
            print(f"{ENGLISH.sentence(row.astype(int))} -> {FRENCH.sentence(words.astype(int))}")
    return int((said != by_the_host).any() or (heard != said[: len(few)]).any())


if __name__ == "__main__":
    sys.exit(main())
