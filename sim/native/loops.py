"""`products_into_loops`: a rewrite that makes the simulation of loops faster and changes no number."""

from collections import Counter
from dataclasses import replace

from netloom.hls.dataflow import Dataflow, MatVec, Node, Scan, TensorType, Window


def products_into_loops(dataflow: Dataflow) -> Dataflow:
    """Products of all steps that only a loop reads, step by step, are taken in the loop, of a step at a time.

    Hardware computes them before, beside the loop; in a processor's cache there is not the room for all of them.
    """
    uses = Counter([name for node in dataflow.nodes for name in node.inputs] + list(dataflow.outputs))
    products = {
        node.name: node
        for node in dataflow.nodes
        if isinstance(node.operation, MatVec) and uses[node.name] == 1 and len(dataflow.types[node.name].shape) == 2
    }
    windows = {node.name for node in dataflow.nodes if isinstance(node.operation, Window)}
    moved: set[str] = set()
    nodes = []
    for node in dataflow.nodes:
        if isinstance(node.operation, Scan):
            fed = node.operation.fed
            inside = {
                source: products[name]
                for source, name in zip(fed, node.inputs, strict=False)
                if name in products and products[name].inputs[0] not in windows
            }
            moved |= {product.name for product in inside.values()}
            node = _with_products(dataflow, node, inside)
        nodes.append(node)
    return replace(dataflow, nodes=tuple(node for node in nodes if node.name not in moved), layers=())


def _with_products(dataflow: Dataflow, node: Node, products: dict[str, Node]) -> Node:
    """A loop whose body has products of its own for some of its sources."""
    scan = node.operation
    assert isinstance(scan, Scan)
    body = scan.body
    sources, made = {}, []
    for name, tensor in body.sources.items():
        if name not in products:
            sources[name] = tensor
            continue
        product = products[name]
        given = dataflow.types[product.inputs[0]]
        sources[f"{name}.given"] = TensorType(given.shape[1:], given.element)
        made.append(Node(name, product.operation, (f"{name}.given",), product.layer))
    by_source = dict(zip(scan.fed, node.inputs, strict=False))
    fed = [products[name].inputs[0] if name in products else by_source[name] for name in scan.fed]
    loop = replace(scan, body=replace(body, sources=sources, nodes=(*made, *body.nodes)))
    return replace(node, operation=loop, inputs=(*fed, *node.inputs[len(fed) :]))
