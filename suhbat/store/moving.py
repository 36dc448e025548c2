"""Moving everything from a SQLite file into PostgreSQL: what `suhbat migrate-store` does.

Table by table, those first to which others refer, in chunks. Each chunk is one transaction, which also moves the mark: a row
of `meta` that says what is being moved, and how far that came. So it may be killed at any moment, and goes on when it is
called again. Then both sides are read from end to end, and compared. While the mark is there no server opens the database;
the SQLite file is only read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b

from sqlalchemy import Connection, Engine, Table, delete, insert, literal, select, text, tuple_, update
from sqlalchemy.exc import DBAPIError

from suhbat.protocol.types import LOBBY

from . import search
from .dialect import Row, insert_rows, is_postgres
from .errors import UnusableStore
from .migrate import MOVING, revision
from .migrations import HEAD
from .postgres.journal import NOW
from .tables import conversations, events, meta, metadata, search_rows

CHUNK = 2_000
"""Rows of one transaction."""
TABLES = tuple(table for table in metadata.sorted_tables if table is not meta)
"""What is moved, in this order. `meta` is not: it is about the database itself."""
_NAMES = tuple(table.name for table in TABLES)
_MOVED = "moved"
"""The row of `meta` that says what was moved into the database, when all of it is there."""
_SERVED = text(f"SELECT 1 FROM nodes WHERE until > {NOW}")  # noqa: S608 (a constant)
_EMPTY = "give a new, empty database"


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a move came. `source`: see `source_of`; `table`: the one that is being copied, None when all are; `after`: the
    primary key of its last row that has arrived, () at its beginning."""

    source: str
    table: str | None = _NAMES[0]
    after: Row = ()


@dataclass(frozen=True, slots=True)
class Compared:
    """A table of both sides. `rows`: those that were to be moved; `same`: the other side has them as they are, and no more."""

    table: str
    rows: int
    same: bool


def source_of(old: Connection) -> str:
    """What is moved: epoch, count of starts, schema. With every change of the data it is another, for whoever writes to the
    file has counted a start. Raises UnusableStore if it is not of this version."""
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
    """Copy what has not arrived yet; after each chunk gives its table, and how many rows of that were copied by this call.

    Whoever asks for no more has stopped the move there. Raises UnusableStore: the target holds something else, the source
    is not of this version, one of the two is in trouble.
    """
    with source.connect() as old, old.begin(), target.connect() as new:
        with _explained("the beginning"), new.begin():
            mark = _begin(new, source_of(old))
        count = 0
        while mark.table is not None:
            table = metadata.tables[mark.table]
            with _explained(f"copying {table.name}"):
                rows = _read(old, table, mark.after)
                with new.begin():
                    following = _put(new, mark, _behind(mark, table, rows))
                    _write(old, new, table, rows, is_first=not mark.after)
            yield table.name, count + len(rows)
            count = count + len(rows) if following.table == table.name else 0
            mark = following
        with _explained("the end"), new.begin():
            _count_on(new)


def compare(source: Engine, target: Engine) -> Iterator[Compared]:
    """Read every table of both sides, row by row, and say whether they hold the same. Raises UnusableStore."""
    with source.connect() as old, old.begin(), target.connect() as new, new.begin():
        for table in TABLES:
            with _explained(f"comparing {table.name}"):
                was, arrived = _sum(old, table), _sum(new, table)
            yield Compared(table.name, was[0], was == arrived)


def finish(target: Engine) -> None:
    """Let servers open the database, now that everything was copied and compared. They begin a new epoch there."""
    with _explained("the end"), target.begin() as new:
        mark = _mark(new)
        assert mark is not None and mark.table is None, "it is not all there"
        # Without its place the store takes the database for one that has just come from elsewhere: see `postgres`.
        new.execute(delete(meta).where(meta.c.key.in_((MOVING, _MOVED, "place", "epoch"))))
        new.execute(insert(meta), {"key": _MOVED, "value": mark.source})


def _begin(new: Connection, source: str) -> Mark:
    """Where to go on; in an empty database, at the beginning."""
    mark = _mark(new)
    if mark is None:
        _require_empty(new, source)
        mark = Mark(source)
        new.execute(insert(meta), {"key": MOVING, "value": _json(mark)})
    elif _installation(mark.source) != _installation(source):
        raise UnusableStore(f"the database holds a part of another installation, half moved: {_EMPTY}")
    elif mark.source != source:
        # The server has run again since, so what arrived may be out of date; and nobody but a move has written here.
        mark = _put(new, mark, Mark(source))
    return mark


def _require_empty(new: Connection, source: str) -> None:
    """Raises UnusableStore where something is there but the lobby, in which nothing was said, or a server is at work."""
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


def _put(new: Connection, known: Mark, mark: Mark) -> Mark:
    """Move the mark. Of two moves at once, from copies of a directory, one finds it moved by the other."""
    place = (meta.c.key == MOVING, meta.c.value == _json(known))
    if new.execute(update(meta).where(*place).values(value=_json(mark))).rowcount != 1:
        raise UnusableStore("something else writes to the database: stop that, then do this again")
    return mark


def _behind(mark: Mark, table: Table, rows: Sequence[Row]) -> Mark:
    """Behind these rows; behind the table, if they are its last."""
    if len(rows) == CHUNK:
        last = dict(zip(table.columns, rows[-1], strict=True))
        return replace(mark, after=tuple(last[column] for column in table.primary_key))
    number = _NAMES.index(table.name) + 1
    return Mark(mark.source, _NAMES[number] if number < len(_NAMES) else None)


def _read(old: Connection, table: Table, after: Row) -> list[Row]:
    """The next rows, each value as the type of its column has it: SQLite's truths are numbers."""
    key = tuple(table.primary_key)
    query = select(table).order_by(*key).limit(CHUNK)
    if after:
        query = query.where(tuple_(*key) > tuple_(*map(literal, after)))
    return [tuple(row) for row in old.execute(query)]


def _write(old: Connection, new: Connection, table: Table, rows: Sequence[Row], *, is_first: bool) -> None:
    if is_first:
        # The lobby that was made with the tables; and what arrived before the server ran again.
        new.execute(text(f"TRUNCATE {table.name} CASCADE"))
    insert_rows(new, table, rows)
    if table is search_rows and rows:
        search.feed(new, _said(old, rows[0][0], rows[-1][0]))


def _said(old: Connection, first: int, last: int) -> list[tuple[int, int, str, str]]:
    """The messages of these rows of `search_rows`, as the index takes them."""
    place = (events.c.conversation_id == search_rows.c.conversation_id) & (events.c.seq == search_rows.c.seq)
    columns = (search_rows.c.id, events.c.conversation_id, events.c.actor_uid, events.c.text)
    query = select(*columns).join(events, place).where(search_rows.c.id.between(first, last))
    return [(row[0], row[1], row[2], row[3]) for row in old.execute(query)]


def _count_on(new: Connection) -> None:
    """Number new rows above those that came with their numbers. And figures for the planner: the first queries come soon."""
    for table in TABLES:
        if table.autoincrement_column is not None:
            where = f"pg_get_serial_sequence('{table.name}', 'id')"
            new.execute(text(f"SELECT setval({where}, coalesce(max(id), 1), max(id) IS NOT NULL) FROM {table.name}"))  # noqa: S608
    new.execute(text("ANALYZE"))


def _sum(connection: Connection, table: Table) -> tuple[int, int]:
    """How many rows, and the sum of their hashes: in any order, for each database sorts texts in its own."""
    query = select(table)
    if table is search_rows and is_postgres(connection):
        query = query.where(text("words IS NOT NULL"))  # what the index does not know has not arrived
    count = total = 0
    for row in connection.execute(query, execution_options={"yield_per": CHUNK}):
        line = json.dumps(tuple(row), default=bytes.hex)
        total += int.from_bytes(blake2b(line.encode(), digest_size=16).digest(), "big")
        count += 1
    return count, total % (1 << 128)


@contextmanager
def _explained(doing: str) -> Iterator[None]:
    """What a database says of its trouble, and what to do."""
    try:
        yield
    except DBAPIError as error:
        raise UnusableStore(
            f"{doing} failed ({str(error.orig).strip()}); nothing is lost: put that right and do this again, "
            "it goes on where it stopped"
        ) from error
