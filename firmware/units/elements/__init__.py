"""Units that work element by element, or move elements."""
