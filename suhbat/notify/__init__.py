"""Reaching people who are away: their push subscriptions, and what is sent to them."""
