"""Which of two classes a network's single output means."""

from netloom.hls.dataflow import Cast, Clamp, Dataflow, Lookup, Permute


def decision_thresholds(dataflow: Dataflow) -> list[float]:
    """Of every output."""
    return [decision_threshold(dataflow, output) for output in dataflow.outputs]


def decision_threshold(dataflow: Dataflow, output: str) -> float:
    """Above which a single output means class 1: 0.5 for a probability, 0 for a logit.

    A probability is what a sigmoid gives, by a table or as a clipped line, whatever types it is rounded to after that.
    """
    givers = {node.name: node for node in dataflow.nodes}
    node = givers.get(output)
    while node is not None and isinstance(node.operation, Cast | Permute):
        node = givers.get(node.inputs[0])
    if node is None or not isinstance(node.operation, Lookup | Clamp):
        return 0.0
    if isinstance(node.operation, Clamp) and node.operation.high is None:
        return 0.0
    bounds, step = dataflow.bounds[node.name], dataflow.types[node.name].element.step
    return 0.5 if bounds.low.min() >= 0 and bounds.high.max() * step <= 1 else 0.0
