"""A design clock by clock without its data: latency, interval, depths of buffers."""
