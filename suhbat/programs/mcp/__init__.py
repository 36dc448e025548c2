"""The Model Context Protocol: tools with which a language model reads and writes as the owner of a token. Pure; `http.mcp`
carries the tools out.

The protocol of the official package `mcp` is spoken here in a few hundred lines of our own: as a server the package costs
27 MB of memory and 0.8 s at the start, brings seven further packages, and has tasks and sessions that five tools without state
do not need. The tests use its client.
"""
