"""What plain uvicorn and Starlette leave open, and Suhbat does not.

Each weakness has a probe: a function that is given a server, talks bytes to it, and says what it found. Each test runs
its probe on three servers at once: `suhbat serve`, `uvicorn main:app`, and the chat that tutorials teach on plain
uvicorn. The third must show the weakness: that proves that the test can fail, and tells when uvicorn has mended it.
"""
