"""The hardware units: every module of the SystemVerilog library, with its parameters, timing and cost."""
