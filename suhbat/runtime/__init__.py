"""From objects to a process: the parts of a node wired together, the application around them, start, stop and metrics."""
