"""The wire contract as code: pure, no asyncio, no clock, no I/O.

`types` and `objects` are the vocabulary; `commands` is what clients may say, `events`, `notices` and `replies` what they
hear; `simple` and `v1` are the two dialects (codec and per-connection state machine); `closes` says how a connection ends.
"""
