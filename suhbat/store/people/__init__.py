"""Accounts, login sessions, invites and guests in their tables."""
