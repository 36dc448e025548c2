"""Writes: one writer, one way to append an event, and the commands in the writer's transaction."""
