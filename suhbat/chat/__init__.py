"""The domain: rules, use cases, presence and sync. It knows no SQL, no sockets and no HTTP.

Its needs are the protocols in `ports`, which higher layers implement.
"""
