"""The command line: `suhbat serve`, `user`, `room`, `export`, `migrate`, `doctor`, `config`… ASCII only, for every terminal."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from suhbat import __version__, doctor, listening, rights, users
from suhbat.config import FILE, PREFIX, ConfigError, Settings, flag_of

UNUSABLE = 2
"""Exit code when what was asked for cannot be done as it was asked."""

ROLES = ("owner", "moderator", "member")
NAME = inspect.Parameter(
    "name", inspect.Parameter.KEYWORD_ONLY, default=typer.Argument(..., help="The account's name."), annotation=str
)
ROLE = inspect.Parameter(
    "role",
    inspect.Parameter.KEYWORD_ONLY,
    default=typer.Option("member", help=f"On the server: {', '.join(ROLES)}."),
    annotation=str,
)
ROOM = inspect.Parameter(
    "room", inspect.Parameter.KEYWORD_ONLY, default=typer.Argument(..., help="The conversation's id."), annotation=str
)
DAYS = inspect.Parameter(
    "days",
    inspect.Parameter.KEYWORD_ONLY,
    default=typer.Argument(
        ..., min=0, max=36_500, help="Days that messages are kept; 0: as the server's setting says."
    ),
    annotation=int,
)
OUT = inspect.Parameter(
    "out",
    inspect.Parameter.KEYWORD_ONLY,
    default=typer.Option(..., "--out", help="The file to write; it must not be there yet."),
    annotation=Path,
)
MESSAGES = inspect.Parameter(
    "messages",
    inspect.Parameter.KEYWORD_ONLY,
    default=typer.Option(False, "--messages", help="Take away what they wrote, too."),
    annotation=bool,
)


def main() -> None:
    """What the command `suhbat` runs."""
    build()()


def build() -> typer.Typer:
    """The commands. Plain help and plain tracebacks: both are ASCII, and the same everywhere."""
    app = typer.Typer(
        help="Suhbat: a self-hosted chat server.",
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        no_args_is_help=True,
        add_completion=False,
    )
    config = typer.Typer(help="Look at the settings.", rich_markup_mode=None, no_args_is_help=True)
    config.command("show")(with_settings(show))
    user = typer.Typer(help="Look after accounts.", rich_markup_mode=None, no_args_is_help=True)
    user.command("add")(with_settings(add, NAME, ROLE))
    user.command("passwd")(with_settings(passwd, NAME))
    user.command("list")(with_settings(show_accounts))
    user.command("disable")(with_settings(disable, NAME))
    user.command("enable")(with_settings(enable, NAME))
    user.command("role")(with_settings(give_role, NAME, ROLE))
    user.command("erase")(with_settings(erase, NAME, MESSAGES))
    room = typer.Typer(help="Look after rooms.", rich_markup_mode=None, no_args_is_help=True)
    room.command("list")(with_settings(show_rooms))
    room.command("erase")(with_settings(erase_room, ROOM))
    room.command("retention")(with_settings(keep, ROOM, DAYS))
    export = typer.Typer(help="Write what the server holds into a file.", rich_markup_mode=None, no_args_is_help=True)
    export.command("user")(with_settings(export_user, NAME, OUT))
    export.command("room")(with_settings(export_room, ROOM, OUT))
    app.command("serve")(with_settings(serve))
    app.add_typer(user, name="user")
    app.add_typer(room, name="room")
    app.add_typer(export, name="export")
    app.command("migrate")(with_settings(migrate))
    app.command("migrate-store")(with_settings(migrate_store))
    app.command("doctor")(with_settings(examine))
    app.add_typer(config, name="config")
    app.command("version")(version)
    return app


def with_settings(command: Callable[..., None], *own: inspect.Parameter) -> Callable[..., None]:
    """The same command with a flag for every setting, made from the one list of them. `own`: what it takes besides."""
    names = {parameter.name for parameter in own}

    def run(**given: Any) -> None:
        flags = {name: value for name, value in given.items() if name not in names and value is not None}
        try:
            settings = Settings(**flags)
        except ConfigError as error:
            _stop(str(error))
        command(settings, **{name: given[name] for name in names})

    run.__doc__ = command.__doc__
    run.__name__ = command.__name__
    # Everything is text here, so that a wrong value is explained in one way wherever it came from.
    parameters = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=typer.Option(None, flag_of(name), help=_help(name), show_default=False, metavar=_metavar(name)),
            annotation=str | None,
        )
        for name in Settings.model_fields
    ]
    parameters = [*own, *parameters]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what typer reads
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def serve(settings: Settings) -> None:
    """Start the server. Ctrl-C stops it."""
    if settings.workers > 1 and (settings.bus_url is None or settings.database_url is None):
        _stop(
            f"workers = {settings.workers} needs bus_url and database_url: without a bus between them, people on different "
            "workers would not hear each other at once, and a SQLite file belongs to one process. "
            "Use one worker; it serves thousands of connections."
        )
    reason = listening.refusal(settings.host, settings.port)
    if reason is not None:
        _stop(reason, code=1)
    # Here and not above: `suhbat version` need not wait for it.
    from suhbat import serving

    if settings.workers > 1:
        serving.run_workers(settings, settings.flags)
    else:
        serving.run(settings)


def migrate(settings: Settings) -> None:
    """Prepare the PostgreSQL database of database_url for this version. Run it before the nodes of this version start;
    those of the version before may go on working."""
    if settings.database_url is None:
        _stop("there is no database_url; a SQLite database is migrated when its server starts")
        return
    from suhbat.store.errors import StoreUnavailable
    from suhbat.store.migrations import HEAD
    from suhbat.store.postgres import prepare

    try:
        before = prepare(settings.database_url)
    except StoreUnavailable as error:
        _stop(str(error), code=1)
        return
    _say(f"Nothing to do: it is at {HEAD}." if before == HEAD else f"Migrated from {before or 'nothing'} to {HEAD}.")


def migrate_store(settings: Settings) -> None:
    """Move everything from the SQLite database in data to the PostgreSQL database of database_url, with the server stopped.
    What was broken off goes on where it stopped."""
    if settings.database_url is None:
        _stop("there is no database_url: say where to, --database-url postgresql://user:password@host/database")
    from suhbat import moving

    try:
        for line in moving.move(settings):
            _say(line)
    except users.Refused as error:
        _stop(str(error), code=1)


def add(settings: Settings, name: str, role: str) -> None:
    """Make an account. The password is asked for, or read from standard input."""
    _require_role(role)
    _carry_out(settings, verb="add", user_id=name, role=role, password=_password())


def passwd(settings: Settings, name: str) -> None:
    """Give an account another password, which is asked for or read from standard input; every session ends."""
    _carry_out(settings, verb="passwd", user_id=name, password=_password())


def show_accounts(settings: Settings) -> None:
    """List the accounts."""
    _carry_out(settings, verb="list")


def disable(settings: Settings, name: str) -> None:
    """Shut an account out: every session ends at once, the name stays theirs."""
    _carry_out(settings, verb="disable", user_id=name)


def enable(settings: Settings, name: str) -> None:
    """Let an account in again."""
    _carry_out(settings, verb="enable", user_id=name)


def give_role(settings: Settings, name: str, role: str) -> None:
    """Make somebody owner, moderator or member of the server."""
    _require_role(role)
    _carry_out(settings, verb="role", user_id=name, role=role)


def erase(settings: Settings, name: str, messages: bool) -> None:
    """Take an account away for good, and its name from everything it wrote."""
    _carry_out(settings, verb="erase", user_id=name, with_messages=messages)


def show_rooms(settings: Settings) -> None:
    """List the rooms."""
    _room(settings, verb="list")


def erase_room(settings: Settings, room: str) -> None:
    """Take a room away for everybody, with all that was said in it."""
    _room(settings, verb="erase", conversation=room)


def keep(settings: Settings, room: str, days: int) -> None:
    """Say for how many days the messages of a room are kept."""
    _room(settings, verb="retention", conversation=room, days=days)


def export_user(settings: Settings, name: str, out: Path) -> None:
    """Write everything the server holds of an account into a file, as JSON Lines. Goes on where it was broken off."""
    _export(settings, out, user_id=name)


def export_room(settings: Settings, room: str, out: Path) -> None:
    """Write a room, a direct or the lobby into a file, as JSON Lines. Goes on where it was broken off."""
    _export(settings, out, conversation=room)


def examine(settings: Settings) -> None:
    """Look whether everything is here that a server needs, and say what to do. Exit code 1 if not."""
    failed = False
    for finding in doctor.examine(settings, os.environ):
        _say(f"{finding.level:4}  {finding.text}")
        failed = failed or finding.level == "FAIL"
    raise typer.Exit(1 if failed else 0)


def show(settings: Settings) -> None:
    """Each setting, its value, and where it came from."""
    rows = settings.provenance()
    wide = max(len(row.name) for row in rows)
    wider = max(len(row.value) for row in rows)
    for row in rows:
        _say(f"{row.name:{wide}}  {row.value:{wider}}  {row.source}")
    _say(f"\nA flag wins over {PREFIX}..., that over {FILE} in this directory, that over the default.")


def version() -> None:
    """Print the version."""
    _say(f"suhbat {__version__}")


def _require_role(role: str) -> None:
    if role not in ROLES:
        _stop(f"{role} is no role; there are {', '.join(ROLES)}")


def _carry_out(settings: Settings, **fields: str | bool) -> None:
    try:
        for line in users.table(users.order(settings, **fields)):
            _say(line)
    except users.Refused as error:
        _stop(str(error), code=1)


def _room(settings: Settings, **fields: str | int) -> None:
    try:
        rooms = rights.order(settings, **fields)
    except users.Refused as error:
        _stop(str(error), code=1)
    for line in ["Erased."] if fields["verb"] == "erase" else rights.table(rooms):
        _say(line)


def _export(settings: Settings, out: Path, **whose: str) -> None:
    try:
        _say(f"{rights.export(settings, out, **whose)} lines in {out}")
    except users.Refused as error:
        _stop(str(error), code=1)


def _password() -> str:
    try:
        return users.ask_password()
    except users.Refused as error:
        _stop(str(error), code=1)
        raise


def _help(name: str) -> str:
    field = Settings.model_fields[name]
    default: Any = field.default
    shown = ",".join(default) if isinstance(default, tuple) else str(default)
    return f"{field.description} [{PREFIX}{name.upper()}]" + (
        f" [default: {shown}]" if default not in (None, ()) else ""
    )


def _metavar(name: str) -> str:
    return name.rpartition("_")[2].upper()


def _stop(reason: str, code: int = UNUSABLE) -> Any:
    for line in reason.splitlines():
        _say(f"suhbat: {line}", error=True)
    raise typer.Exit(code)


def _say(line: str, error: bool = False) -> None:
    typer.echo(line.encode("ascii", "backslashreplace").decode(), err=error)
