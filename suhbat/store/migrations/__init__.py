"""Alembic revisions, one file each in `versions/`, named by their number."""

HEAD = "0030"
"""The revision this code works with."""
