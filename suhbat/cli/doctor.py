"""`suhbat doctor`: run the checks of `suhbat.cli.checks` and print their findings."""

from __future__ import annotations

import os

import typer

from suhbat.config import Settings

from .flags import with_settings
from .terminal import say


def install(app: typer.Typer) -> None:
    app.command("doctor")(with_settings(examine))


def examine(settings: Settings) -> None:
    """Check the requirements of a server on this machine, and say what to do. Exit code 1 if something is missing."""
    from . import checks

    failed = False
    for finding in checks.examine(settings, os.environ):
        say(f"{finding.level:4}  {finding.text}")
        failed = failed or finding.level == "FAIL"
    raise typer.Exit(1 if failed else 0)
