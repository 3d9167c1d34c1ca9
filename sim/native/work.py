"""A network as work for the C++: which nodes are one step together, and what no step has a form for."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from netloom.hls.dataflow import Dataflow, Node, Operation, Window
from netloom.sim.native.form import NativeForm, NativeSite, NoFormError
from netloom.sim.native.steps import NativeStage, StepKind

_STAGED = (StepKind.PRODUCT, StepKind.DEPTHWISE, StepKind.POOL, StepKind.EACH, StepKind.JOIN)
"""What may go on with numbers one by one."""


@dataclass
class Work:
    """One step to be.

    Attributes:
        form: what its operation is in C++.
        site: its operation, where it stands.
        node: what it computes.
        inputs: the tensors it reads, none of them a reshape of another.
        result: the tensor it leaves; of a loop, the first.
        stages: what numbers go through before they are stored; in a table, before they are looked up.
    """

    form: NativeForm
    site: NativeSite
    node: Node
    inputs: tuple[str, ...]
    result: str
    stages: list[NativeStage] = field(default_factory=list)

    @property
    def results(self) -> tuple[str, ...]:
        """All tensors it leaves."""
        return self.node.results if self.form.kind is StepKind.LOOP else (self.result,)

    @property
    def only_moves(self) -> bool:
        """Whether every number of the result is one of the inputs' numbers."""
        return self.form.moves(self.site) and not self.stages


def works_of(
    dataflow: Dataflow, outputs: tuple[str, ...], forms: Mapping[type[Operation], NativeForm]
) -> tuple[list[Work], dict[str, str]]:
    """The steps of a network in order, and {tensor: the stored one that has its numbers in its order}.

    Raises:
        NoFormError: if there is none for a node, or one is not exact in float32.
    """
    uses = Counter([name for node in dataflow.nodes for name in node.inputs] + list(outputs))
    windows: dict[str, Node] = {}
    stored = {name: name for name in dataflow.sources}
    alone = {name: uses[name] == 1 for name in uses}
    works: list[Work] = []
    by_result: dict[str, Work] = {}
    for node in dataflow.nodes:
        site = NativeSite(node.operation, dataflow.input_types(node), dataflow.input_bounds(node))
        if isinstance(node.operation, Window):
            if not site.exact_in_float32 or node.name in outputs:
                raise NoFormError
            windows[node.name] = node
            continue
        form = forms.get(type(node.operation))
        if form is None or not (form.exact(site) and form.fits(site)):
            raise NoFormError
        if form.kind is not StepKind.PRODUCT and not windows.keys().isdisjoint(node.inputs):
            raise NoFormError
        read = [windows[name].inputs[0] if name in windows else name for name in node.inputs]
        inputs = tuple(stored[name] for name in read)
        if form.reshapes(site):
            stored[node.name] = inputs[0]
            alone[node.name] &= alone[node.inputs[0]]
            continue
        work = by_result.get(inputs[0])
        if form.kind is StepKind.EACH and work is not None and work.form.kind in _STAGED and alone[node.inputs[0]]:
            work.stages += form.stages(site)
            work.result = node.name
        else:
            work = Work(form, site, node, inputs, node.name, form.stages(site))
            works.append(work)
        by_result[node.name] = work
        stored |= {name: name for name in node.results}
    return works, stored
