"""Weaknesses of plain uvicorn and Starlette that Suhbat does not have.

Each has a probe: a function that gets a server, sends bytes to it, and returns what it found. Each test runs its probe on
three servers at once: `suhbat serve`, `uvicorn main:app`, and the chat that tutorials teach on plain uvicorn. The third must
show the weakness; that proves that the test can fail, and shows when uvicorn has fixed it.
"""
