"""What is written: one writer, one way to append an event, and the commands in their transactions."""
