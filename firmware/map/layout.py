"""`plan_design`: from the dataflow graph to hardware units, node by node."""

from collections.abc import Mapping
from dataclasses import replace

from netloom.errors import LayerNotSupportedError
from netloom.firmware.design import Design
from netloom.firmware.families import GENERIC, Family
from netloom.firmware.map.builder import DesignBuilder
from netloom.firmware.map.cycles.buffers import sized_and_counted
from netloom.firmware.map.folding.fold import Folding
from netloom.firmware.map.folding.products import products
from netloom.firmware.map.operations.table import MAPPINGS, mapping_of
from netloom.hls.dataflow import Dataflow


def plan_design(
    dataflow: Dataflow,
    folding: Folding,
    target: Family = GENERIC,
    dsps: Mapping[str, int] | None = None,
    blocks: int | None = None,
) -> Design:
    """Lay a network out in hardware units.

    Args:
        dataflow: the network.
        folding: of every product: `fold_for_interval`, `fold_for_reuse`, or `fit`.
        target: the device family.
        dsps: node name -> how many of its multipliers sit in DSP blocks; see `share_dsps`. None is all of them.
        blocks: DSP blocks there are in all: what products leave of them goes to multipliers of elements. None is as
            many as those have.

    Returns:
        The design, its buffers sized so that it cannot deadlock and keeps its pace.

    Raises:
        LayerNotSupportedError: for an operation with no hardware unit, or a network that computes nothing.
        DeadlockError: never, unless a unit is wrong.
    """
    return sized_and_counted(lay_out(dataflow, folding, target, dsps, blocks))[0]


def lay_out(
    dataflow: Dataflow,
    folding: Folding,
    target: Family,
    dsps: Mapping[str, int] | None = None,
    blocks: int | None = None,
) -> Design:
    """`plan_design`, with FIFOs behind forks still as deep as a whole tensor."""
    if dsps is None:
        dsps = {name: fold.multipliers for name, fold in folding.items()}
    builder = DesignBuilder(dataflow, folding, target, dsps, _gathering(dataflow), _lay_out_nodes)
    _lay_out_nodes(builder)
    design = builder.build()
    if not design.units:
        raise LayerNotSupportedError(
            "the network gives its input, only rounded or under another shape: hardware has nothing to compute; "
            "give it a layer that computes something"
        )
    return design if blocks is None else _within(design, blocks)


def _within(design: Design, blocks: int) -> Design:
    """With as many multipliers of elements in DSP blocks as products leave, the first ones first; others in LUTs."""
    left = blocks - sum(unit.with_dsps(0).least_resources().dsp for unit in design.units)
    units = []
    for unit in design.units:
        taking = unit.with_dsps(max(left, 0))
        if taking is not unit:
            left -= taking.resources().dsp
        units.append(taking)
    return replace(design, units=tuple(units))


def _lay_out_nodes(builder: DesignBuilder) -> None:
    """Add the units of all nodes."""
    by_node = {product.node.name: product for product in products(builder.dataflow)}
    absorbed = {name for product in by_node.values() for name in product.absorbs}
    for node in builder.dataflow.nodes:
        if node.name in absorbed:
            continue
        if node.name in by_node:
            by_node[node.name].lay_out(builder)
        elif lay_out_node := mapping_of(node).lay_out:
            lay_out_node(builder, node, node.operation)


def _gathering(dataflow: Dataflow) -> set[str]:
    """Nodes that only gather windows, or pad what windows slide over, those in bodies included."""
    found = {node.name for node in dataflow.nodes if (one := MAPPINGS.get(type(node.operation))) and one.gathers}
    found.update(name for product in products(dataflow) for name in product.absorbs)
    return found.union(*(_gathering(body) for node in dataflow.nodes for body in node.operation.bodies))
