"""`Window` in hardware, where no product slides over its input instead."""

import numpy as np

from netloom.firmware.map.builder import DesignBuilder
from netloom.firmware.map.mapping import OperationMapping
from netloom.firmware.map.operations.permute import lay_out_permute
from netloom.hls.dataflow import Node, Permute, Window


def _lay_out(builder: DesignBuilder, node: Node, operation: Window) -> None:
    """Gathered in the order in which a saturating accumulator must meet it."""
    tensor = builder.dataflow.types[node.inputs[0]]
    index = 1 + np.arange(tensor.size).reshape(1, *tensor.shape)
    run, _ = operation.prepare([tensor], builder.dataflow.input_bounds(node))
    lay_out_permute(builder, node, Permute(run([index])[0][0] - 1))


WINDOW = OperationMapping(_lay_out, gathers=True)
