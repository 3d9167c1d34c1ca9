"""netloom: deep networks into FPGA fabric."""
