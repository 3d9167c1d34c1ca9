"""One comparison of two engines from the comparisons of consecutive chunks of a data set."""

from collections.abc import Sequence
from itertools import accumulate

from netloom.sim import Fidelity, LayerDifference, Mismatch


def merge(chunks: Sequence[Fidelity]) -> Fidelity:
    """What comparing all samples at once finds.

    Args:
        chunks: of the same two engines, in the order of the samples, at least one; later ones may lack layers. They
            have no scores: few are a mean over samples.
    """
    samples = sum(chunk.samples for chunk in chunks)
    weights = [chunk.samples / samples for chunk in chunks]
    agreements = [
        (weight, chunk.argmax_agreement)
        for weight, chunk in zip(weights, chunks, strict=True)
        if chunk.argmax_agreement is not None
    ]
    return Fidelity(
        engines=chunks[0].engines,
        samples=samples,
        elements=sum(chunk.elements for chunk in chunks),
        mismatches=sum(chunk.mismatches for chunk in chunks),
        max_difference_steps=max(chunk.max_difference_steps for chunk in chunks),
        argmax_agreement=_mean(agreements) if agreements else None,
        first_mismatch=_first_mismatch(chunks),
        layers=[
            _layer([one for chunk in chunks for one in chunk.layers if one.layer == layer.layer])
            for layer in chunks[0].layers
        ],
    )


def _mean(weighted: Sequence[tuple[float, float]]) -> float:
    # Shares of all samples: exactly 1 if every chunk's is.
    missing = sum(weight * (1 - value) for weight, value in weighted)
    return 1 - missing


def _first_mismatch(chunks: Sequence[Fidelity]) -> Mismatch | None:
    """The first in the order of layers, then samples, as within a chunk."""
    order = {layer.layer: place for place, layer in enumerate(chunks[0].layers)}
    starts = accumulate((chunk.samples for chunk in chunks[:-1]), initial=0)
    mismatches = [
        chunk.first_mismatch.model_copy(update={"sample": start + chunk.first_mismatch.sample})
        for start, chunk in zip(starts, chunks, strict=True)
        if chunk.first_mismatch is not None
    ]
    return min(mismatches, key=lambda one: order.get(one.layer, len(order)), default=None)


def _layer(parts: Sequence[LayerDifference]) -> LayerDifference:
    elements = sum(part.elements for part in parts)
    return LayerDifference(
        layer=parts[0].layer,
        elements=elements,
        mismatches=sum(part.mismatches for part in parts),
        max_difference_steps=max(part.max_difference_steps for part in parts),
        mean_difference_steps=sum(part.elements * part.mean_difference_steps for part in parts) / max(1, elements),
    )
