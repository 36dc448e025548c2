"""The application for any ASGI server, also from an installed wheel: `uvicorn suhbat.main:app`."""

from __future__ import annotations

import sys

from suhbat.config import ConfigError

from .runtime.app import create_app

try:
    app = create_app()
except ConfigError as error:
    sys.exit(f"Suhbat cannot start: {error}")
