"""Tasks: what a network is for."""
