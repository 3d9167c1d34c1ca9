"""Engines on the test set, held against each other, and what is kept of it."""
