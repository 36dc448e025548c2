"""What RFC 6455 asks of a server, case by case, by the numbers that Autobahn's testsuite made known.

A case (case.py) is what a client says and what must come back; the tables (framing, utf8, closing, sizes, limits,
deflate, deflate_own) are all of them; play.py has the conversation over a socket. deviations.py names what is accepted
instead, and where.
Compression (Autobahn's 12 and 13) is tried where the transport is Suhbat's own: elsewhere it is that server's.
"""
