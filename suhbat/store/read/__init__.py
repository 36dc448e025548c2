"""Reads. Each function is the work of one short read transaction."""
