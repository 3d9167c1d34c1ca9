"""Any Keras model as a flat functional model: what quantization and conversion start from."""

from netloom.quantize.flat.flatten import calls, check_call, flatten, is_own_layer, masked_results
from netloom.quantize.flat.host import host_ends
from netloom.quantize.flat.rows import RowsRead, check_rows, rows_read
from netloom.quantize.flat.trace import input_specs

__all__ = [
    "RowsRead",
    "calls",
    "check_call",
    "check_rows",
    "flatten",
    "host_ends",
    "input_specs",
    "is_own_layer",
    "masked_results",
    "rows_read",
]
