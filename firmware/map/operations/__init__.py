"""How each operation is laid out in units."""
