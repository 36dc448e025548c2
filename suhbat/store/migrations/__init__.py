"""Alembic revisions, one file each in `versions/`, named by their number."""

HEAD = "0031"
"""The revision this code works with."""
