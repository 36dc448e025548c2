"""Prepared statements that share a round trip to PostgreSQL ("pipeline mode" of libpq), for the writer's path.

A message needs a dozen statements. Each one through SQLAlchemy costs the node more than it costs PostgreSQL, and each round
trip is time in which other nodes wait for the locked rows. So the writer's connection has a `Pipeline`: statements are queued,
sent together, and prepared once per connection. Everything else uses SQLAlchemy on the same connection and transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from psycopg import Connection as Driver
from psycopg import Error, pq
from psycopg.abc import PQGen
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.waiting import Ready, Wait
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError

Rows = list[tuple[Any, ...]]
Asked = tuple[str, tuple[str, ...], tuple[str, ...]]
"""The table, the key columns and the columns of a question."""

SYNC_BYTES = 16 * 1024
"""After so many bytes a Sync message follows. While PostgreSQL waits for a statement in the middle of a pipeline, it looks
busy, and its timeout for idle transactions has no effect; after a Sync it looks idle. Fewer bytes go out in one call, so a node
cannot be paused between them."""

_KEY = "suhbat pipeline"
_numbers = count(1)


class Statement:
    """A statement with the parameters $1, $2, ... Make it once, in a constant or a bounded cache: each connection keeps what
    it has prepared."""

    __slots__ = ("name", "text")

    def __init__(self, text: str) -> None:
        self.text = text.encode()
        self.name = b"suhbat%d" % next(_numbers)


BEGIN = Statement("BEGIN")


class Pipeline:
    """Queued statements of a connection that uses READ COMMITTED, and what it knows for the present transaction.

    `is_held`: whether statements without results stay queued until the next statement with results, or until `run`.
    `round_trips`: how often it waited for PostgreSQL, for tests.
    """

    def __init__(self, connection: Connection) -> None:
        self._driver: Driver[Any] = connection.connection.driver_connection  # type: ignore[assignment]  # psycopg's; see url_of
        # After a rollback to a savepoint psycopg would deallocate all prepared statements, ours as well.
        self._driver.prepare_threshold = None
        self._prepared: set[bytes] = set()
        self._queued: list[tuple[Statement, Sequence[bytes | None]]] = []
        self._read_ahead: dict[Asked, tuple[set[tuple[Any, ...]], Rows]] = {}
        self.is_held = False
        self.round_trips = 0

    def begin(self) -> None:
        """Queue BEGIN. Forgets what is queued and what was read ahead."""
        self._queued = [(BEGIN, ())]
        self._read_ahead = {}
        self.is_held = False

    def add(self, statement: Statement, *parameters: bytes | None) -> None:
        """Queue a statement. Parameters are in PostgreSQL's text format."""
        self._queued.append((statement, parameters))

    def run(self) -> list[Rows]:
        """Send what is queued; returns the rows of each statement. Raises DBAPIError with the error of the first statement
        that failed; the others had no effect, and the transaction can only be rolled back."""
        queued, self._queued = self._queued, []
        if not queued:
            return []
        self.round_trips += 1
        pgconn = self._driver.pgconn
        try:
            pgconn.enter_pipeline_mode()
            fresh, syncs = self._send(pgconn, queued)
            results = self._driver.wait(_results(pgconn, syncs))
            pgconn.exit_pipeline_mode()
            for result in results:
                if result.status == pq.ExecStatus.FATAL_ERROR:
                    raise error_from_result(result, self._driver.info.encoding)
        except Error as error:
            text = "; ".join(statement.text.decode() for statement, _ in queued)
            raise DBAPIError(text, None, error, connection_invalidated=self._driver.closed) from error
        rows: list[Rows] = []
        answers = iter(results)
        for statement, _ in queued:
            if statement.name in fresh:
                fresh.discard(statement.name)
                self._prepared.add(statement.name)
                next(answers)
            rows.append(self._rows(next(answers)))
        return rows

    def remember(self, asked: Asked, wanted: Sequence[tuple[Any, ...]], found: Rows) -> None:
        """Keep an answer for the next question of this kind in this transaction."""
        self._read_ahead[asked] = (set(wanted), found)

    def recall(self, asked: Asked, wanted: Sequence[tuple[Any, ...]]) -> Rows | None:
        """The answer that was read ahead, if it covers these keys. It is given once, because the transaction may change it."""
        known, found = self._read_ahead.pop(asked, (set(), []))
        return found if known.issuperset(wanted) else None

    def forget(self) -> None:
        """Forget what was read ahead."""
        self._read_ahead = {}

    def _send(
        self, pgconn: pq.abc.PGconn, queued: Sequence[tuple[Statement, Sequence[bytes | None]]]
    ) -> tuple[set[bytes], int]:
        """Returns the names of the statements that are prepared first, and how many Sync messages were sent."""
        fresh: set[bytes] = set()
        syncs, size = 0, 0
        for statement, parameters in queued:
            if size > SYNC_BYTES:
                pgconn.pipeline_sync()
                syncs, size = syncs + 1, 0
            if statement.name not in self._prepared and statement.name not in fresh:
                pgconn.send_prepare(statement.name, statement.text)
                fresh.add(statement.name)
            pgconn.send_query_prepared(statement.name, parameters or None)
            size += sum(len(value) for value in parameters if value is not None)
        pgconn.pipeline_sync()
        return fresh, syncs + 1

    def _rows(self, result: pq.abc.PGresult) -> Rows:
        if not result.nfields:
            return []
        loader = Transformer(self._driver)
        loader.set_pgresult(result)
        return loader.load_rows(0, result.ntuples, tuple)


def _results(pgconn: pq.abc.PGconn, syncs: int) -> PQGen[list[pq.abc.PGresult]]:
    """Send what libpq has buffered, and read the results up to the last Sync. (psycopg waits for the socket.)"""
    results: list[pq.abc.PGresult] = []
    while pgconn.flush():  # reads as well: PostgreSQL may wait until its answers are taken
        if (yield Wait.RW) & Ready.R:
            pgconn.consume_input()
    while syncs:
        while pgconn.is_busy():
            if (yield Wait.R) & Ready.R:
                pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:
            continue  # the end of the results of one statement
        if result.status == pq.ExecStatus.PIPELINE_SYNC:
            syncs -= 1
        else:
            results.append(result)
    return results


def attach(connection: Connection) -> Pipeline:
    """Give a new connection its pipeline."""
    pipeline = connection.info[_KEY] = Pipeline(connection)
    return pipeline


def listen(engine: Engine) -> None:
    """Keep the pipelines of an engine's connections in step with the statements of SQLAlchemy."""
    event.listen(engine, "before_cursor_execute", _send_queued)


def _send_queued(connection: Connection, *_: object) -> None:
    """Send what is queued before a statement of SQLAlchemy: it was written earlier."""
    pipeline = of(connection)
    if pipeline is not None:
        pipeline.run()


def of(connection: Connection) -> Pipeline | None:
    """The pipeline of the writer's connection; None for other connections."""
    found: Pipeline | None = connection.info.get(_KEY)
    return found


def forget_read_ahead(connection: Connection) -> None:
    """Forget what was read ahead, because the transaction has waited for another one since."""
    pipeline = of(connection)
    if pipeline is not None:
        pipeline.forget()


def together(connection: Connection, statements: Sequence[Callable[[], None]]) -> None:
    """Run functions whose statements return no rows, in one round trip if the connection has a pipeline."""
    pipeline = of(connection)
    held = pipeline is None or pipeline.is_held
    if pipeline is not None:
        pipeline.is_held = True
    for run in statements:
        run()
    if pipeline is not None and not held:
        pipeline.is_held = False
        pipeline.run()
