"""Suhbat: a self-hosted real-time chat server. Start at `app.py`, which wires the parts together."""

__version__ = "0.1.0"
