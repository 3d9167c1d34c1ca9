"""The board around a network: pins, clock, host link."""
