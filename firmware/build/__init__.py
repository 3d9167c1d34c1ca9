"""From files to a bitstream, by the tools that do it."""
