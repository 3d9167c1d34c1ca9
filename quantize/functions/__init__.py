"""Functions that the firmware computes by tables and lines, and the entries of their tables."""
