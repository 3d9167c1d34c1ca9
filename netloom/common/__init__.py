"""What all stages stand on: files, processes, what is made once."""
