"""`suhbat config show`: the settings and their sources."""

from __future__ import annotations

import typer

from suhbat.config import FILE, PREFIX, Settings

from .flags import group, with_settings
from .terminal import say


def install(app: typer.Typer) -> None:
    config = group("Show the settings.")
    config.command("show")(with_settings(show))
    app.add_typer(config, name="config")


def show(settings: Settings) -> None:
    """Show each setting, its value, and where it came from."""
    rows = settings.provenance()
    wide = max(len(row.name) for row in rows)
    wider = max(len(row.value) for row in rows)
    for row in rows:
        say(f"{row.name:{wide}}  {row.value:{wider}}  {row.source}")
    say(f"\nA flag wins over {PREFIX}..., that over {FILE} in this directory, that over the default.")
