"""A run: stages, resumable, in one directory."""
