"""The live connections of this process: channels, coalesced fan-out, slow readers fed from the log.

`hub.Hub.apply` is the only entrance for events, whether they come from this node, the bus or the store. The hub alone
changes a connection's position: others call `follow`, `sync`, `catch_up` and `position`.
"""
