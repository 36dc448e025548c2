"""Bytes with a name: their types, pictures and thumbnails. Nothing is imported here: the child process must stay small."""
