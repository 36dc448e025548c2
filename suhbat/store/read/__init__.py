"""What is read: each function is the work of one short read transaction."""
