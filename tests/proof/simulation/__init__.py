"""The real node with a simulated clock, disk, bus and network, so that each history is reproducible by its seed."""
