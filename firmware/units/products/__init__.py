"""Units that multiply."""
