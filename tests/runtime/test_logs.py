"""Logs have no query strings, messages or tokens."""

from __future__ import annotations

import logging
import sqlite3
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import TracebackType

import pytest
import structlog
from sqlalchemy import create_engine, text

from suhbat.errors import log_text
from suhbat.identity.tokens import random_token
from suhbat.protocol import commands
from suhbat.runtime import logs
from suhbat.store.postgres.connect import connect as postgres_at
from suhbat.store.write.batch import internal_error
from tests import engines


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


@pytest.mark.parametrize("token", ["12:s3cret", "ss_s3cret", "sg_s3cret", "ss_" + "s3cret" * 8])
@pytest.mark.parametrize("path", ["/bot{token}/getMe", "/file/bot{token}/f1/a.png"])
def test_tokens_are_removed_from_paths_of_telegram(token: str, path: str) -> None:
    """Of bots, and of people who took their own token for one of a bot."""
    left = through(logging.INFO, '%s - "%s %s HTTP/%s" %d', "1.2.3.4:5", "POST", path.format(token=token), "1.1", 404)
    assert left is not None and "s3cret" not in left and path.rpartition("}")[2] in left


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


SECRET = "maxfiy-soz"


def _of_pydantic() -> None:
    commands.Send.model_validate({"type": "send", "text": {"maxfiy": SECRET}, SECRET: 1})


def _of_sqlite() -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection, connection.begin():
        connection.execute(text("SELECT :words FROM nothing"), {"words": SECRET})


def _of_undecodable_text() -> None:
    with closing(sqlite3.connect(":memory:")) as file:
        file.execute(f"SELECT CAST(X'{SECRET.encode().hex()}ff' AS text) AS text").fetchone()


def _of_a_group() -> None:
    try:
        _of_pydantic()
    except ValueError as error:
        raise ExceptionGroup("several", [error]) from error


def _of_postgres() -> None:
    engine = postgres_at(engines.database())
    with engine.connect() as connection, connection.begin():
        connection.execute(text("CREATE TEMPORARY TABLE said (words text UNIQUE, number integer NOT NULL)"))
        connection.execute(text("INSERT INTO said VALUES (:words, NULL)"), {"words": SECRET})


def _of_a_value_in_postgres() -> None:
    engine = postgres_at(engines.database())
    with engine.connect() as connection, connection.begin():
        connection.execute(text("SELECT CAST(:words AS integer)"), {"words": SECRET})


@pytest.mark.parametrize("logger", ["suhbat.store", "uvicorn.error"])
@pytest.mark.parametrize(
    "fail",
    [_of_pydantic, _of_sqlite, _of_undecodable_text, _of_a_group, _of_postgres, _of_a_value_in_postgres],
)
def test_texts_are_not_in_tracebacks(fail: Callable[[], None], logger: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An unexpected exception is logged with the place and its kind. Its own text may repeat what a user has written, and so
    may the local variables of its frames and the exceptions before it: none of them is in the log."""
    logs.configure("info")
    said = SECRET  # a local variable
    try:
        try:
            fail()
        except Exception as error:
            raise RuntimeError("item failed") from error
    except RuntimeError as error:
        assert said in "".join(traceback.format_exception(error))
        if logger == "suhbat.store":
            internal_error(error)
        else:
            record = logging.LogRecord(logger, logging.ERROR, "", 0, "Exception in ASGI application", (), _info(error))
            assert logs.SecretFilter().filter(record)
            sys.stderr.write(logging.Formatter().format(record))
    written = capsys.readouterr().err
    assert said not in written
    assert "RuntimeError: item failed" in written and fail.__name__ in written


@pytest.mark.parametrize(
    "fail", [_of_pydantic, _of_sqlite, _of_undecodable_text, _of_postgres, _of_a_value_in_postgres]
)
def test_texts_are_not_in_what_is_logged_of_errors(fail: Callable[[], None]) -> None:
    """So it is where a log names an error in one line; and it still says what it was."""
    with pytest.raises(Exception) as failed:
        fail()
    said = log_text(failed.value)
    assert SECRET not in said and len(said) > 10


def test_no_error_is_logged_with_its_own_text() -> None:
    """Every place that logs an error of the store, the bus or the hub takes `log_text`."""
    root = Path(logs.__file__).parent.parent
    for package in ("store", "bus", "hub", "cluster"):
        for path in (root / package).rglob("*.py"):
            assert "error=str(error)" not in path.read_text(encoding="utf-8"), path


def _info(error: BaseException) -> tuple[type[BaseException], BaseException, TracebackType | None]:
    return type(error), error, error.__traceback__
