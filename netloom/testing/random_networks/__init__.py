"""Networks drawn at random, described by plain JSON so that one that fails can be shrunk and kept.

A specification is `{"seed", "input": {"shape", "bits", "signed"}, "layers": [...], "outputs", "settings", "lossy"}`.

kind            what a family of layers brings: how a layer is drawn, how it is built
products, convolutions, pools, moves, merges, functions, norms, attentions, recurrences
                the families; a new layer goes into one of them, or into one of its own
networks        `generate` draws a specification, `build_model` makes the QKeras model of it
checks          `check` holds the engines against each other, `shrink` drops what is not needed to fail
"""

from netloom.testing.random_networks.checks import check, overrides, random_samples, shrink
from netloom.testing.random_networks.networks import build_model, generate, means_the_same

__all__ = ["build_model", "check", "generate", "means_the_same", "overrides", "random_samples", "shrink"]
