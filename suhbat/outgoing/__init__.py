"""Requests of this server to addresses that users give: push services, webhooks, link previews."""
