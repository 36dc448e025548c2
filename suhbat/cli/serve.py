"""`suhbat serve`: start the server."""

from __future__ import annotations

import typer

from suhbat.config import Settings

from . import listening
from .flags import with_settings
from .terminal import stop


def install(app: typer.Typer) -> None:
    app.command("serve")(with_settings(serve))


def serve(settings: Settings) -> None:
    """Start the server. Ctrl-C stops it."""
    # Imported here, so that `suhbat version` does not wait for it.
    from suhbat.files.places import require_extra
    from suhbat.runtime import serving

    require_extra(settings)
    if (reason := serving.refusal(settings)) is not None:
        stop(reason)
    if (reason := listening.refusal(settings.host, settings.port)) is not None:
        stop(reason, code=1)
    if settings.workers > 1:
        serving.run_workers(settings, settings.flags)
    else:
        serving.run(settings)
