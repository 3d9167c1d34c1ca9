"""What netloom takes: every layer and option by name; the rest is refused, with the reason and the way out."""
