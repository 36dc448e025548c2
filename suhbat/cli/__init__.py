"""The command line: `suhbat serve`, `user`, `room`, `export`, `migrate`, `doctor`, `config` … One module for each
command.

These modules import the server only inside their functions, so that `suhbat version` and `--help` stay fast."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from suhbat import __version__

from . import config, doctor, export, files, mail, migrate, migrate_store, room, serve, user
from .terminal import say


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of the command `suhbat`. `arguments`: those of the process by default. Raises SystemExit."""
    build()(args=arguments)


def build() -> typer.Typer:
    """Build the command line. Help and tracebacks are plain ASCII, the same on every terminal."""
    app = typer.Typer(
        help="Suhbat: a self-hosted chat server.",
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        no_args_is_help=True,
        add_completion=False,
    )
    app.callback()(_first)
    for verb in (serve, user, room, export, files, mail, migrate, migrate_store, doctor, config):
        verb.install(app)
    app.command("version")(version)
    return app


def version() -> None:
    """Print the version."""
    say(f"suhbat {__version__}")


def _version_flag(wanted: bool) -> None:
    if wanted:
        version()
        raise typer.Exit()


def _first(
    version: bool = typer.Option(False, "--version", is_eager=True, callback=_version_flag, help="Print the version."),
) -> None:
    """Suhbat: a self-hosted chat server."""
