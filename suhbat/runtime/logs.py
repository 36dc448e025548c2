"""Logging to standard error with structlog over the standard library, without secrets.

Query strings carry tickets. Paths carry the codes of invites, the tokens of webhooks and of bots
in the manner of Telegram, and other tokens if a client is mistaken. Debug output of the
WebSocket layer has messages and tokens. A filter on the loggers of the ASGI servers removes all of them, whoever configured
those loggers. Exceptions are logged with `log_text` instead of their own texts, and never with the local variables of their
frames: both have texts of messages.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Iterator
from typing import TextIO

import structlog

from suhbat.errors import log_text

SERVER_LOGGERS = (
    "uvicorn.access",
    "uvicorn.error",
    "hypercorn.access",
    "hypercorn.error",
    "_granian",
    "granian.access",
)
"""Loggers of ASGI servers that log request lines."""

_SECRET = re.compile(
    r"\?[^\s\"']*|(?<=/invites/)[^\s\"'?]+|(?<=/hooks/)[^\s\"'?/]+|(?<=/bot)(?:\d|s[sg]_)[^\s\"'?/]*"
    r"|(?<![A-Za-z0-9])s[sg]_[\w-]{20,}"
)
# Two lines for each connection are noise, and were the most expensive part of a connect.
_PER_CONNECTION = ('%s - "WebSocket %s" [accepted]', "connection open", "connection closed")


class SecretFilter(logging.Filter):
    """Removes query strings, codes of invites and tokens from records. Drops frames, headers and the lines per connection."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.msg if isinstance(record.msg, str) else ""
        if record.levelno <= logging.DEBUG and message[:2] in ("< ", "> "):
            return False
        if message in _PER_CONNECTION:
            return False
        if isinstance(record.args, tuple):
            record.args = tuple(_strip(argument) for argument in record.args)
        elif isinstance(record.args, dict):
            record.args = {name: _strip(argument) for name, argument in record.args.items()}
        if record.exc_info and record.exc_info[1] is not None:
            record.exc_text = "".join(
                _traceback(record.exc_info[1])
            ).rstrip()  # every formatter takes it, if it is there
        return True


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes to the current sys.stderr, not to the one at the time of `configure`."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, stream: TextIO) -> None:
        raise AttributeError("this handler always writes to sys.stderr")


def configure(level: str) -> None:
    """Set up the loggers `suhbat.*` at `level`, and add the filter to SERVER_LOGGERS. May be called again."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = _StandardError()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.dev.ConsoleRenderer(colors=False, exception_formatter=_write_traceback),
            ],
        )
    )
    logger = logging.getLogger("suhbat")
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(level.upper())
    for name in SERVER_LOGGERS:
        server = logging.getLogger(name)
        if not any(isinstance(existing, SecretFilter) for existing in server.filters):
            server.addFilter(SecretFilter())


def _strip(argument: object) -> object:
    if isinstance(argument, bytes):
        return _SECRET.sub("", argument.decode("latin-1"))
    return _SECRET.sub("", argument) if isinstance(argument, str) else argument


def _write_traceback(output: TextIO, exc_info: structlog.typing.ExcInfo) -> None:
    output.write("\n" + "".join(_traceback(exc_info[1])).rstrip())


def _traceback(error: BaseException, known: frozenset[int] = frozenset()) -> Iterator[str]:
    """The lines of Python's traceback, but with `log_text` for each exception."""
    known |= {id(error)}
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in known:
        yield from _traceback(before, known)
        yield "\nThe exception above is the cause, or was being handled, when this one was raised:\n\n"
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(error.__traceback__)
    yield f"{type(error).__module__}.{type(error).__qualname__}: {log_text(error)}\n"
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            if id(one) not in known:
                yield "\nIn this group:\n"
                yield from _traceback(one, known)
