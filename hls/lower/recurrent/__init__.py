"""hls4ml's own recurrent layers."""
