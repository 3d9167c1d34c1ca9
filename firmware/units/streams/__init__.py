"""Units that pass beats on: buffers, forks, widths."""
