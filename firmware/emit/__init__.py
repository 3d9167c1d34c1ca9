"""Design to files: SystemVerilog, memories, design.json."""
