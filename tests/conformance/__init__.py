"""The requirements of RFC 6455 on a server, case by case, with the numbers of Autobahn's testsuite.

A case (case.py) is what a client sends and what it must receive. The tables framing, utf8, closing, sizes, limits, deflate and
deflate_own have all cases; play.py performs one over a socket. deviations.py lists the accepted deviations of each transport.
Compression (Autobahn's 12 and 13) is tested on Suhbat's own transports only; elsewhere it is that of the ASGI server.
"""
