"""Logging: structlog over the standard library, to standard error; and what must never be in a log is taken out.

Query strings carry tickets, paths codes of invitations (and tokens, where a client is mistaken), debug output of the
WebSocket layer messages and tokens: a filter on the servers' loggers removes them, whoever configured those loggers.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import TextIO

import structlog

SERVER_LOGGERS = (
    "uvicorn.access",
    "uvicorn.error",
    "hypercorn.access",
    "hypercorn.error",
    "_granian",
    "granian.access",
)
"""Loggers of ASGI servers that write down request lines."""

_SECRET = re.compile(r"\?[^\s\"']*|(?<=/invites/)[^\s\"'?]+|(?<![A-Za-z0-9])s[sg]_[\w-]{20,}")
# A line for each connection that comes and goes is noise, and the dearest part of a connect.
_PER_CONNECTION = ('%s - "WebSocket %s" [accepted]', "connection open", "connection closed")


class Discreet(logging.Filter):
    """Takes query strings, invitations' codes and tokens out; drops frames, headers and (above debug) a line per connection."""

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
        return True


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes to what sys.stderr is now, not to what it was when logging was configured."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, stream: TextIO) -> None:
        raise AttributeError("this handler always writes to sys.stderr")


def configure(level: str) -> None:
    """Set up the loggers `suhbat.*` at `level` and make the servers' loggers discreet. May be called again."""
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
                structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
            ],
        )
    )
    logger = logging.getLogger("suhbat")
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(level.upper())
    for name in SERVER_LOGGERS:
        server = logging.getLogger(name)
        if not any(isinstance(existing, Discreet) for existing in server.filters):
            server.addFilter(Discreet())


def _strip(argument: object) -> object:
    if isinstance(argument, bytes):
        return _SECRET.sub("", argument.decode("latin-1"))
    return _SECRET.sub("", argument) if isinstance(argument, str) else argument
