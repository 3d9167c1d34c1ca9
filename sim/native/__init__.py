"""Engine `fixed` in C++: a whole network of numbers that float32 holds, in one call."""
