"""Which memory a table or buffer is kept in."""
