"""Mails: what they say, how they look, and how they reach the mail server."""
