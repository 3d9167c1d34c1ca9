"""What every operation of the dataflow graph is in netloom's C++, one a file."""
