"""The formats of incoming webhooks: the body of a request becomes the Markdown of a message. Pure, and bounded by the size of
the body."""
