"""Moves a store from a SQLite file into PostgreSQL (`suhbat migrate-store`).

It copies table by table in chunks; a table comes after those to which it refers. Each chunk is one transaction, which also
updates the mark: a row of `meta` that stores the source and the progress. So a move may be killed at any moment, and
continues when it is started again. Then both databases are read completely and compared. While the mark exists no server
opens the target. The SQLite file is only read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, Engine, Table, case, delete, insert, literal, select, text, tuple_, update
from sqlalchemy.exc import DBAPIError

from suhbat.protocol.types import LOBBY

from . import kept, search
from .dialect import Row, insert_rows, is_postgres
from .errors import UnusableStore
from .migrate import MOVING, revision
from .migrations import HEAD
from .people import mail, push
from .postgres.journal import NOW
from .tables import conversations, cursors, events, journal, meta, metadata, push_due, push_due_rooms, search_rows
from .write import files

CHUNK = 2_000
"""Rows per transaction."""
_LEFT = (meta, cursors, journal, push_due, push_due_rooms)
TABLES = tuple(table for table in metadata.sorted_tables if table not in _LEFT)
"""The tables that are moved, in this order, but not those about the database itself, and not what is to be pushed: nobody is
told of old messages after a move. Without its cursor the indexer finds then which messages are not in the index yet."""
_SECRETS = (push.KEY, mail.KEY, files.LINKS)
"""The keys in `meta` that are moved, too."""
_NAMES = tuple(table.name for table in TABLES)
_MOVED = "moved"
"""The key in `meta` of the source of a finished move."""
_SERVED = text(f"SELECT 1 FROM nodes WHERE until > {NOW}")  # noqa: S608 (a constant)
_EMPTY = "give a new, empty database"


@dataclass(frozen=True, slots=True)
class Mark:
    """The progress of a move. `source`: see `source_of`; `table`: the table that is being copied, None after the last;
    `after`: the primary key of its last copied row, () at its beginning."""

    source: str
    table: str | None = _NAMES[0]
    after: Row = ()


@dataclass(frozen=True, slots=True)
class Compared:
    """The comparison of a table. `rows`: how many the source has; `same`: whether the target has exactly the same rows."""

    table: str
    rows: int
    same: bool


def source_of(old: Connection) -> str:
    """The identity of a source: epoch, count of starts, schema. It differs after any change, because every server that writes
    to the file counts a start first. Raises UnusableStore if the schema is not of this version."""
    known: dict[str, str] = {}
    if revision(old) == HEAD:
        known = {row.key: row.value for row in old.execute(select(meta))}
    if "epoch" not in known:
        raise UnusableStore(
            "the SQLite database is not of this version: start the server on it once, without database_url; "
            "then stop that and do this again"
        )
    return f"{known['epoch']}/{known['starts']}/{HEAD}"


def copy(source: Engine, target: Engine) -> Iterator[tuple[str, int]]:
    """Copy everything that is not copied yet. Yields after each chunk its table, and how many rows of it this call has copied.

    Closing the iterator stops the move there. Raises UnusableStore: the target holds other data, the source is not of this
    version, or one of the databases is in trouble.
    """
    with source.connect() as old, old.begin(), target.connect() as new:
        with _explaining("the beginning"), new.begin():
            mark = _begin(new, source_of(old))
        count = 0
        while mark.table is not None:
            table = metadata.tables[mark.table]
            with _explaining(f"copying {table.name}"):
                rows = _read(old, table, mark.after)
                with new.begin():
                    following = _update_mark(new, mark, _mark_after(mark, table, rows))
                    _write(old, new, table, rows, is_first=not mark.after)
            yield table.name, count + len(rows)
            count = count + len(rows) if following.table == table.name else 0
            mark = following
        with _explaining("the end"), new.begin():
            _set_sequences(new)
            _copy_secrets(old, new)


def compare(source: Engine, target: Engine) -> Iterator[Compared]:
    """Compare each table of both databases, row by row. Raises UnusableStore."""
    with source.connect() as old, old.begin(), target.connect() as new, new.begin():
        for table in TABLES:
            with _explaining(f"comparing {table.name}"):
                was, arrived = _checksum(old, table), _checksum(new, table)
            yield Compared(table.name, was[0], was == arrived)


def finish(target: Engine) -> None:
    """Let servers open the target after everything was copied and compared. They begin a new epoch."""
    with _explaining("the end"), target.begin() as new:
        mark = _mark(new)
        assert mark is not None and mark.table is None, "the move is not complete"
        # Without a stored identity the store begins a new epoch: see `postgres.database_identity`.
        new.execute(delete(meta).where(meta.c.key.in_((MOVING, _MOVED, "place", "epoch"))))
        new.execute(insert(meta), {"key": _MOVED, "value": mark.source})


def _begin(new: Connection, source: str) -> Mark:
    """The mark at which to continue; in an empty database, the first one."""
    mark = _mark(new)
    if mark is None:
        _require_empty(new, source)
        mark = Mark(source)
        new.execute(insert(meta), {"key": MOVING, "value": _json(mark)})
    elif _installation(mark.source) != _installation(source):
        raise UnusableStore(f"the database holds a part of another installation, half moved: {_EMPTY}")
    elif mark.source != source:
        # The server has run since, so the copied rows may be out of date. Only the move has written here, so start again.
        mark = _update_mark(new, mark, Mark(source))
    return mark


def _require_empty(new: Connection, source: str) -> None:
    """Raise UnusableStore if the target holds more than an empty lobby, or if a server is running on it."""
    moved = new.execute(select(meta.c.value).where(meta.c.key == _MOVED)).scalar()
    if moved is not None and _installation(moved) == _installation(source):
        raise UnusableStore("this was moved to the database before: start the server with the same database_url")
    if new.execute(_SERVED).first() is not None:
        raise UnusableStore(f"a server works with the database: {_EMPTY}, or stop it, and try again after 10 seconds")
    fresh = (conversations.c.name == LOBBY) & (conversations.c.head == 0)
    for table in TABLES:
        row = select(literal(1)).select_from(table).limit(1)
        if new.execute(row.where(~fresh) if table is conversations else row).first() is not None:
            raise UnusableStore(f"the database is in use, its table {table.name} is not empty: {_EMPTY}")


def _installation(source: str) -> str:
    return source.partition("/")[0]


def _mark(new: Connection) -> Mark | None:
    value = new.execute(select(meta.c.value).where(meta.c.key == MOVING)).scalar()
    if value is None:
        return None
    known = json.loads(value)
    return Mark(known["source"], known["table"], tuple(known["after"]))


def _json(mark: Mark) -> str:
    return json.dumps(asdict(mark))


def _update_mark(new: Connection, known: Mark, mark: Mark) -> Mark:
    """Replace the mark `known`. Raises UnusableStore if another move, from a copy of the directory, has changed it."""
    unchanged = (meta.c.key == MOVING, meta.c.value == _json(known))
    if new.execute(update(meta).where(*unchanged).values(value=_json(mark))).rowcount != 1:
        raise UnusableStore("something else writes to the database: stop that, then do this again")
    return mark


def _mark_after(mark: Mark, table: Table, rows: Sequence[Row]) -> Mark:
    """The mark after these rows; that of the next table, if these are the last rows of this one."""
    if len(rows) == CHUNK:
        last = dict(zip(table.columns, rows[-1], strict=True))
        return replace(mark, after=tuple(last[column] for column in table.primary_key))
    number = _NAMES.index(table.name) + 1
    return Mark(mark.source, _NAMES[number] if number < len(_NAMES) else None)


def _read(old: Connection, table: Table, after: Row) -> list[Row]:
    """The next rows, with values of the types of their columns (in SQLite booleans are numbers)."""
    key = tuple(table.primary_key)
    query = select(table).order_by(*key).limit(CHUNK)
    if after:
        query = query.where(tuple_(*key) > tuple_(*map(literal, after)))
    return [tuple(row) for row in old.execute(query)]


def _write(old: Connection, new: Connection, table: Table, rows: Sequence[Row], *, is_first: bool) -> None:
    if is_first:
        # Removes the lobby made with the tables, and rows copied before the server ran again.
        new.execute(text(f"TRUNCATE {table.name} CASCADE"))
    insert_rows(new, table, rows)
    if table is search_rows and rows:
        search.feed(new, _messages_of(old, rows[0][0], rows[-1][0]))


def _messages_of(old: Connection, first: int, last: int) -> list[tuple[Any, ...]]:
    """The messages of these rows of `search_rows`, in the form that `search.feed` takes."""
    same = (events.c.conversation_id == search_rows.c.conversation_id) & (events.c.seq == search_rows.c.seq)
    columns = (search_rows.c.id, events.c.conversation_id, events.c.actor_uid, events.c.text, events.c.data)
    thread = case((events.c.thread_ordinal.is_not(None), events.c.thread))
    query = select(*columns, thread).join(events, same).where(search_rows.c.id.between(first, last))
    return [
        (id_, log_id, uid, search.searchable(words, data), root)
        for id_, log_id, uid, words, data, root in old.execute(query)
    ]


def _set_sequences(new: Connection) -> None:
    """Set the sequences above the copied ids. Also update the planner's statistics, because the first queries come soon."""
    for table in TABLES:
        if table.autoincrement_column is not None:
            where = f"pg_get_serial_sequence('{table.name}', 'id')"
            new.execute(text(f"SELECT setval({where}, coalesce(max(id), 1), max(id) IS NOT NULL) FROM {table.name}"))  # noqa: S608 (names)
    new.execute(text("ANALYZE"))


def _copy_secrets(old: Connection, new: Connection) -> None:
    """Subscriptions to pushes are bound to the key, and links to files to their secret, so a new one would end them all."""
    for key in _SECRETS:
        if (value := kept.read(old, key)) is not None:
            new.execute(delete(meta).where(meta.c.key == key))
            kept.keep(new, key, value)


def _checksum(connection: Connection, table: Table) -> tuple[int, int]:
    """The number of rows and the sum of their hashes. A sum does not depend on the order, which differs between the
    databases."""
    query = select(table)
    if table is search_rows and is_postgres(connection):
        query = query.where(text("words IS NOT NULL"))  # rows that are not indexed yet are not complete
    count = total = 0
    for row in connection.execute(query, execution_options={"yield_per": CHUNK}):
        line = json.dumps(tuple(row), default=bytes.hex)
        total += int.from_bytes(blake2b(line.encode(), digest_size=16).digest(), "big")
        count += 1
    return count, total % (1 << 128)


@contextmanager
def _explaining(doing: str) -> Iterator[None]:
    """Raise UnusableStore for a database error, with the error and what to do."""
    try:
        yield
    except DBAPIError as error:
        raise UnusableStore(
            f"{doing} failed ({str(error.orig).strip()}); nothing is lost: put that right and do this again, "
            "it goes on where it stopped"
        ) from error
