"""What can be counted about how the code is put together: `python -m tests.house`."""
