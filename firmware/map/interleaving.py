"""`interleaved`: loops whose hardware works on several sequences in turn, so that its multipliers need not wait."""

from dataclasses import replace

from netloom.errors import SettingsError
from netloom.hls.dataflow import MOST_INTERLEAVED, Dataflow


def interleaved(dataflow: Dataflow, sequences: int) -> Dataflow:
    """The same network; each of its loops goes through a step of so many samples before the next step of the first.

    A step takes as long as a state takes around the loop. Meanwhile the multipliers work on the other samples; with
    enough of them they are never idle. Hardware then takes samples in groups of so many, and gives none of a group
    before all of it is there.

    Args:
        dataflow: the network.
        sequences: samples of a group; 1 is the network as it is.

    Raises:
        SettingsError: if that is out of range, or there is no loop, or one that keeps its state from sample to sample.
    """
    if not 1 <= sequences <= MOST_INTERLEAVED:
        raise SettingsError(f"interleave must be 1 to {MOST_INTERLEAVED} sequences, not {sequences}")
    if sequences == 1:
        return dataflow
    nodes = []
    for node in dataflow.nodes:
        if node.operation.keeps:
            raise SettingsError(
                f"layer {node.layer!r} keeps its state from sample to sample: the next sample cannot begin before;"
                " leave interleave out"
            )
        nodes.append(replace(node, operation=node.operation.interleaved(sequences)))
    if nodes == list(dataflow.nodes):
        raise SettingsError("there is no loop over steps whose sequences could be interleaved: leave interleave out")
    return replace(dataflow, nodes=tuple(nodes))
