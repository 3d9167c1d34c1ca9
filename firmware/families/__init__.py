"""What is particular to a family of FPGAs, a file a family."""
