"""hls4ml's backend `netloom`."""
