"""Gives a command a flag for every setting, and arguments that several commands share."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import typer

from suhbat.config import PREFIX, ConfigError, Settings, flag_of

from .terminal import stop


def argument(name: str, text: str, kind: type = str, **limits: Any) -> inspect.Parameter:
    """A positional argument, which is required."""
    return _parameter(name, typer.Argument(..., help=text, **limits), kind)


def option(name: str, default: Any, text: str, kind: type = str) -> inspect.Parameter:
    """A flag of one command. The default `...` makes it required."""
    return _parameter(name, typer.Option(default, f"--{name.replace('_', '-')}", help=text), kind)


def _parameter(name: str, default: Any, kind: type) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)


NAME = argument("name", "The account's name.")
YES = option("yes", False, "Do not ask for confirmation.", bool)


def with_settings(command: Callable[..., None], *own: inspect.Parameter) -> Callable[..., None]:
    """The command with a flag for every field of Settings. `own`: its other parameters."""
    names = {parameter.name for parameter in own}

    def run(**given: Any) -> None:
        flags = {name: value for name, value in given.items() if name not in names and value is not None}
        try:
            settings = Settings(**flags)
            command(settings, **{name: given[name] for name in names})
        except ConfigError as error:
            stop(str(error))

    run.__doc__ = command.__doc__
    run.__name__ = command.__name__
    # Every flag is text here; Settings validates it, so that a wrong value gets the same text from every source.
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


def group(text: str) -> typer.Typer:
    """A command with subcommands. `text`: its help."""
    return typer.Typer(help=text, rich_markup_mode=None, no_args_is_help=True)


def _help(name: str) -> str:
    field = Settings.model_fields[name]
    default: Any = field.default
    shown = ",".join(default) if isinstance(default, tuple) else str(default)
    return f"{field.description} [{PREFIX}{name.upper()}]" + (
        f" [default: {shown}]" if default not in (None, ()) else ""
    )


def _metavar(name: str) -> str:
    return name.rpartition("_")[2].upper()
