"""How bytes reach a connection.

`dialect` (and `simple`, `v1`) carry out what a dialect's machine says, whatever carries the bytes; `asgi` is the shell
around them that any ASGI server can run; `native` is the one place that reaches into uvicorn.
"""
