"""Webhooks: incoming ones, which post what other programs send, and outgoing ones, which tell other programs."""
