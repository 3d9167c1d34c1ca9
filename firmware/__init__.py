"""Dataflow to hardware: folding, SystemVerilog, boards, bitstreams."""
