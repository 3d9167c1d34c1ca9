"""Model files: checked before anything is built from them, then loaded."""
