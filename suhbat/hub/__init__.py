"""The live connections of this process: rooms, coalesced fan-out, slow readers fed from the log.

`hub.Hub.apply` is the only entrance for events, whether they come from this node, the bus or the store.
"""
