"""Simulation of the hardware description and of netlists, and of a board."""
