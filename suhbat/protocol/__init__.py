"""The wire contract as code: pure, without asyncio, clock or I/O.

`types`, `sent_types` and `objects` are the vocabulary. Clients send `commands` and receive `events`, `notices` and `replies`.
`simple` and `v1` are the two dialects, each with its codec and its state machine per connection. `closes` has the close codes.
"""
