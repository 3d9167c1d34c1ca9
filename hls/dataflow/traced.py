"""`traced`: a graph that also gives what the layers inside its bodies compute."""

from dataclasses import replace

from netloom.hls.dataflow.graph import Dataflow, Layer, Node


def traced(dataflow: Dataflow) -> Dataflow:
    """The same network; every layer of a body is a further result of the node that holds it, all steps of it.

    These layers stand in `layers` before the one they are part of, under their own names, which are paths.
    """
    nodes: list[Node] = []
    inner: dict[str, list[Layer]] = {}
    for node in dataflow.nodes:
        if node.operation.bodies:
            own, bodies = node.operation.results, [traced(body) for body in node.operation.bodies]
            node = replace(node, operation=node.operation.watched(bodies))
            layers = [layer for body in bodies for layer in body.layers]
            found = [replace(layer, node=name) for layer, name in zip(layers, node.results[own:], strict=True)]
            inner.setdefault(node.layer, []).extend(found)
        nodes.append(node)
    all_layers = tuple(each for layer in dataflow.layers for each in (*inner.get(layer.name, []), layer))
    return replace(dataflow, nodes=tuple(nodes), layers=all_layers)
