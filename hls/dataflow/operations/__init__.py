"""The operations of the dataflow graph, one a file: meaning on integers, proven range, types."""
