"""`python -m suhbat` is `suhbat`."""

from suhbat.cli import main

if __name__ == "__main__":
    main()
