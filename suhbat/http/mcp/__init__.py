"""The Model Context Protocol over HTTP, at `/mcp`."""
