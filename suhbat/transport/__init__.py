"""WebSocket connections, from the HTTP upgrade to the bytes.

`admission` decides on the upgrade. `dialect` (with `simple` and `v1`) carries out what a client asks for, on any transport.
There are two transports: `asgi` with `queue_wire` runs under any ASGI server; `native` with `stream_wire` and `incoming`
takes the connection over from uvicorn, and is the only place that depends on uvicorn's internals.
"""
