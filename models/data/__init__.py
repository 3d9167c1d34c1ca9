"""The data sets: where each is found, and users' own."""
