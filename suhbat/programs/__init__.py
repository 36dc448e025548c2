"""Programs that speak in the chat: bots and webhooks. Translations onto the use cases of `chat`, without rules of their own."""
