"""The domain: who may do what, the use cases, presence and sync. Knows no SQL, no socket and no HTTP.

What it needs of the outside stands in `ports.py`; the floors above implement it.
"""
