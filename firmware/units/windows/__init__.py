"""Units that gather windows, and pool them."""
