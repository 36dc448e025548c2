"""What `uvicorn main:app` runs, as the first README of this project says."""

import sys

if sys.version_info < (3, 11):
    # This file alone must parse on an old Python, so that it can say what is needed.
    sys.exit(
        "Suhbat needs Python 3.11 or newer; this is Python %d.%d.\n"
        "Install it from python.org (or your system's packages), make a new virtual environment with it,\n"
        "and run: pip install -r requirements.txt" % sys.version_info[:2]
    )

from suhbat.main import app

__all__ = ["app"]
