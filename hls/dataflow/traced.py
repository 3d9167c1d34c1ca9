"""`traced`: a graph that also gives what the layers inside its bodies compute."""

from dataclasses import replace

from netloom.hls.dataflow.graph import Dataflow, Layer, Node
from netloom.hls.dataflow.operations.scan import Scan


def traced(dataflow: Dataflow) -> Dataflow:
    """The same network; every layer of a body is a further result of the node that holds it, all steps of it.

    These layers stand in `layers` before the one they are part of, under their own names, which are paths.
    """
    nodes: list[Node] = []
    inner: dict[str, list[Layer]] = {}
    for node in dataflow.nodes:
        if isinstance(node.operation, Scan):
            scan, body = node.operation, traced(node.operation.body)
            outputs = (*body.outputs, *(layer.node for layer in body.layers))
            every = (*scan.every, *(True for _ in body.layers))
            node = replace(node, operation=replace(scan, body=replace(body, outputs=outputs), every=every))
            found = [
                replace(layer, node=name) for layer, name in zip(body.layers, node.results[scan.results :], strict=True)
            ]
            inner.setdefault(node.layer, []).extend(found)
        nodes.append(node)
    layers = [each for layer in dataflow.layers for each in (*inner.get(layer.name, []), layer)]
    return replace(dataflow, nodes=tuple(nodes), layers=tuple(layers))
