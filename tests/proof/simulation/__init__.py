"""The real node under a simulated clock, disk, bus and network, so that chance is a number and a failure can be had again."""
