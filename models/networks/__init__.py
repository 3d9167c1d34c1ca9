"""The networks: how each is built and trained, and what for."""
