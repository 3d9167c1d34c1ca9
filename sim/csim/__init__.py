"""Engine `csim`: hls4ml's C++, compiled, in a process of its own."""
