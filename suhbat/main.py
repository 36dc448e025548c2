"""The application for any ASGI server, also from an installed wheel: `uvicorn suhbat.main:app`."""

from __future__ import annotations

import os
import sys

from suhbat.config import ConfigError, Settings

from .runtime.app import create_app
from .runtime.startup import told_root_path

try:
    settings = Settings()
    if settings.root_path is None and (path := told_root_path(sys.argv, os.environ)) is not None:
        settings = Settings(root_path=path)
    app = create_app(settings)
except ConfigError as error:
    sys.exit(f"Suhbat cannot start: {error}")
