"""Logs have no query strings, messages or tokens."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog

from suhbat.identity.tokens import random_token
from suhbat.runtime import logs


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Restore the global state of logging."""
    logger = logging.getLogger("suhbat")
    before = logger.handlers, logger.propagate, logger.level
    filters = {name: list(logging.getLogger(name).filters) for name in logs.SERVER_LOGGERS}
    yield
    logger.handlers, logger.propagate = list(before[0]), before[1]
    logger.setLevel(before[2])
    for name, kept in filters.items():
        logging.getLogger(name).filters = kept
    structlog.reset_defaults()


def through(level: int, message: str, *arguments: object) -> str | None:
    """The message of a record after the filter; None if it is dropped."""
    record = logging.LogRecord("uvicorn.error", level, "", 0, message, arguments, None)
    return record.getMessage() if logs.SecretFilter().filter(record) else None


@pytest.mark.parametrize(
    ("message", "arguments"),
    [
        ('%s - "%s %s HTTP/%s" %d', ("1.2.3.4:5", "GET", "/api/v1/ws?ticket=secret", "1.1", 403)),
        ('%s - "WebSocket %s" 403', ("1.2.3.4:5", "/api/v1/ws?ticket=secret&lang=uz")),
        ('%s - "WebSocket %s" [rejected]', ("1.2.3.4:5", b"/api/v1/ws?ticket=secret")),
    ],
)
def test_query_strings_are_removed(message: str, arguments: tuple[object, ...]) -> None:
    """The line is kept without the ticket."""
    left = through(logging.INFO, message, *arguments)
    assert left is not None and "secret" not in left and "/api/v1/ws" in left


def test_codes_of_invites_are_removed() -> None:
    """A code is in the path, and whoever has it can register."""
    left = through(
        logging.INFO, '%s - "%s %s HTTP/%s" %d', "1.2.3.4:5", "GET", "/api/v1/invites/c0de?lang=uz", "1.1", 200
    )
    assert left is not None and "c0de" not in left and "/api/v1/invites/" in left


@pytest.mark.parametrize("prefix", ["ss_", "sg_"])
@pytest.mark.parametrize("path", ["/api/v1/conversations/{token}/messages", "/ws/{token}", "/{token}"])
def test_tokens_are_removed_from_paths(prefix: str, path: str) -> None:
    """A mistaken client puts a token into a path. A reader of the log must not get it."""
    token = prefix + random_token()
    left = through(logging.INFO, '%s - "%s %s HTTP/%s" %d', "1.2.3.4:5", "GET", path.format(token=token), "1.1", 404)
    assert left is not None and token[3:] not in left and "404" in left


@pytest.mark.parametrize(
    ("message", "arguments"), [("< %s", ("TEXT 'a private message'",)), ("< %s: %s", ("authorization", "Bearer x"))]
)
def test_frames_and_headers_are_dropped(message: str, arguments: tuple[object, ...]) -> None:
    """The debug output of a socket layer does not reveal messages."""
    assert through(logging.DEBUG, message, *arguments) is None


def test_a_line_per_connection_is_dropped() -> None:
    """Thousands of reconnects do not fill the disk."""
    assert through(logging.INFO, '%s - "WebSocket %s" [accepted]', "1.2.3.4:5", "/ws/user1") is None
    assert through(logging.INFO, "connection open") is None


def test_other_lines_stay() -> None:
    """Other records are unchanged."""
    assert through(logging.INFO, "Started server process [%d]", 7) == "Started server process [7]"


def test_configure_writes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    """A line has level, logger and fields. After two calls it is written once. Lines below the level are not written."""
    logs.configure("info")
    logs.configure("info")
    log = structlog.get_logger("suhbat.test")
    log.info("it happened", user="oʻtkir")
    log.debug("a detail")
    try:
        raise RuntimeError("broken")
    except RuntimeError:
        log.exception("it failed")
    written = capsys.readouterr().err
    assert written.count("it happened") == 1 and "oʻtkir" in written and "suhbat.test" in written
    assert "a detail" not in written
    assert "RuntimeError: broken" in written and "Traceback" in written


def test_server_loggers_get_the_filter_once() -> None:
    """A second `configure` adds no second filter."""
    for _ in range(2):
        logs.configure("info")
    for name in logs.SERVER_LOGGERS:
        assert sum(isinstance(each, logs.SecretFilter) for each in logging.getLogger(name).filters) == 1
