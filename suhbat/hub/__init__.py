"""The live connections of this process: channels, coalesced fan-out, and feeds that bring slow readers up to date.

`Hub.apply` is the only way in for events, whether they come from this node, the bus or the store. Only the hub changes
a connection's position; other code calls `follow`, `sync`, `catch_up` and `position`. The bounds on new connections
(`opening_limiter`, `unidentified`) are here too.
"""
