"""The running nodes, the users connected to each, and the names it holds. The rows of a node are valid as long as its lease.

A node that was paused for longer than its lease learns so in the transaction in which it next writes, and must join again:
meanwhile the others have announced that its people left, and may have given away their names.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, text

from suhbat.chat.model import GUEST_KEPT, Actor, Lapsed, Milliseconds, NodeUpdate
from suhbat.errors import NameInUse

from .journal import NOW

LEASE: Milliseconds = 9_000
FORGOTTEN: Milliseconds = 60_000
"""How long the rows of a node are kept after its lease ended."""
TRACES = 1_000
"""For how many versions departures are kept. A node that is further behind reads everybody who is online."""
NAME_SECONDS = 10
"""After how many seconds a client that found a name held may try again."""

_BEAT = text(
    f"UPDATE nodes SET until = {NOW} + {LEASE}, version = version + :step WHERE id = :node AND until > {NOW} "  # noqa: S608
    "RETURNING version"
)
_ENTER = (
    "INSERT INTO online (node, uid, user_id, kind, lobby_from, here, version) "
    "SELECT %s, v.*, %s::bigint FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[], %s::boolean[]) AS v "
    "ON CONFLICT (node, uid) DO UPDATE SET here = excluded.here, version = excluded.version, user_id = excluded.user_id"
)
_OTHERS = text(f"SELECT id, joined, version FROM nodes WHERE until > {NOW} AND id <> :node")  # noqa: S608
_PEOPLE = text(
    "SELECT o.node, o.uid, o.user_id, o.kind, o.lobby_from, o.here FROM online AS o "
    "JOIN unnest(CAST(:nodes AS text[]), CAST(:known AS bigint[])) AS v(node, known) "
    "ON o.node = v.node AND o.version > v.known AND (o.here OR v.known > 0)"
)
_SET_ACTIVE = text(
    f"UPDATE online AS o SET active_until = CASE WHEN v.left_ > 0 THEN {NOW} + v.left_ ELSE 0 END "  # noqa: S608
    "FROM unnest(CAST(:uids AS text[]), CAST(:left AS bigint[])) AS v(uid, left_) WHERE o.node = :node AND o.uid = v.uid"
)
_ACTIVE = text(
    "SELECT DISTINCT o.uid FROM unnest(CAST(:uids AS text[])) AS v(uid) CROSS JOIN nodes AS n "  # noqa: S608
    f"JOIN online AS o ON o.node = n.id AND o.uid = v.uid WHERE n.until > {NOW} AND o.here AND o.active_until > {NOW}"
)
_ALL_NAMES = 0x5375_6862_6174  # "Suhbat"
_LOCK = text(
    f"SELECT pg_advisory_xact_lock_shared({_ALL_NAMES}), pg_advisory_xact_lock(hashtextextended(:skeleton, 0))"
)
# One lock for any number of names, because the locks of a database are limited.
_LOCK_ALL = text(f"SELECT pg_advisory_xact_lock({_ALL_NAMES})")
_ALIVE = text(f"SELECT 1 FROM nodes WHERE id = :node AND until > {NOW} FOR SHARE")  # noqa: S608
_ASKED = "unnest(CAST(:skeletons AS text[]), CAST(:uids AS text[])) AS v(skeleton, uid)"
# An open transaction may be renewing an expired lease; FOR SHARE waits for its outcome.
_HELD = text(
    f"SELECT v.skeleton FROM {_ASKED} WHERE "  # noqa: S608
    "EXISTS (SELECT FROM accounts AS a WHERE a.skeleton = v.skeleton AND a.uid <> v.uid) OR "
    "EXISTS (SELECT FROM guests AS g WHERE g.skeleton = v.skeleton AND g.uid <> v.uid "
    f"AND g.last_used_at > {NOW} - {GUEST_KEPT}) OR "
    "EXISTS (SELECT FROM names AS n WHERE n.skeleton = v.skeleton AND n.uid <> v.uid "
    f"AND (SELECT until FROM nodes WHERE id = n.node FOR SHARE) > {NOW})"
)
_HOLDERS = text(
    "SELECT uid FROM accounts WHERE skeleton = ANY(:skeletons) UNION "  # noqa: S608
    f"SELECT uid FROM guests WHERE skeleton = ANY(:skeletons) AND last_used_at > {NOW} - {GUEST_KEPT}"
)
_TAKE = text(
    f"INSERT INTO names (skeleton, node, uid) SELECT v.skeleton, :node, v.uid FROM {_ASKED} "  # noqa: S608
    "ON CONFLICT (skeleton) DO UPDATE SET node = excluded.node, uid = excluded.uid"
)


def join(connection: Connection, node: str, people: Collection[Actor], names: Mapping[str, str]) -> set[str]:
    """Begin a lease with these people and these names (skeleton to uid). Returns the names that others hold by now: guests of
    other nodes, token guests, accounts."""
    if names:
        connection.execute(_LOCK_ALL)  # before any row, in the order of `require_free`
    connection.execute(text("DELETE FROM nodes WHERE id = :node"), {"node": node})
    connection.execute(text(f"DELETE FROM nodes WHERE until < {NOW} - {FORGOTTEN}"))  # noqa: S608
    # Above every version that the node had before, so nodes that know an older version read everybody.
    made = text(
        "INSERT INTO nodes (id, until, joined, version) "  # noqa: S608
        f"SELECT :node, now + {LEASE}, now, now FROM (SELECT {NOW} AS now) AS clock RETURNING version"
    )
    _write(connection, node, connection.execute(made, {"node": node}).scalar_one(), people, ())
    lost = _held(connection, names)
    _take(connection, node, {name: uid for name, uid in names.items() if name not in lost})
    return lost


def beat(connection: Connection, node: str, entered: Sequence[Actor], left: Sequence[Actor]) -> None:
    """Renew the lease and write who connected and disconnected. Raises Lapsed if the lease has expired."""
    version = connection.execute(_BEAT, {"node": node, "step": 1 if entered or left else 0}).scalar()
    if version is None:
        raise Lapsed()
    _write(connection, node, version, entered, left)
    if left:
        forgotten = text("DELETE FROM online WHERE node = :node AND NOT here AND version < :version")
        connection.execute(forgotten, {"node": node, "version": version - TRACES})


def set_active(connection: Connection, node: str, seconds: Mapping[str, float]) -> None:
    """See chat.ports.Cluster."""
    uids, left = list(seconds), [round(one * 1000) for one in seconds.values()]
    connection.execute(_SET_ACTIVE, {"node": node, "uids": uids, "left": left})


def active(connection: Connection, uids: Collection[str]) -> set[str]:
    """See chat.ports.Cluster."""
    return set(connection.execute(_ACTIVE, {"uids": list(uids)}).scalars())


def leave(connection: Connection, node: str) -> None:
    """End the lease; its rows go with it."""
    connection.execute(text("DELETE FROM nodes WHERE id = :node"), {"node": node})


def others(connection: Connection, node: str, known: Mapping[str, int]) -> dict[str, NodeUpdate]:
    """The other running nodes, each with who connected and disconnected since its `known` version, or with everybody online."""
    nodes = connection.execute(_OTHERS, {"node": node}).all()
    versions: dict[str, int] = {row.id: row.version for row in nodes}
    since = {
        row.id: known[row.id] if max(row.joined, row.version - TRACES) <= known.get(row.id, 0) <= row.version else 0
        for row in nodes
    }
    entered: dict[str, list[Actor]] = {id_: [] for id_ in versions}
    left: dict[str, list[str]] = {id_: [] for id_ in versions}
    changed = [id_ for id_, version in versions.items() if since[id_] < version]
    if changed:
        rows = connection.execute(_PEOPLE, {"nodes": changed, "known": [since[id_] for id_ in changed]})
        for row in rows:
            if row.here:
                entered[row.node].append(Actor(row.uid, row.user_id, row.kind, row.lobby_from))
            else:
                left[row.node].append(row.uid)
    return {
        id_: NodeUpdate(version, tuple(entered[id_]), tuple(left[id_]), whole=since[id_] == 0)
        for id_, version in versions.items()
    }


def hold(connection: Connection, node: str, skeleton: str, user_id: str, uid: str) -> None:
    """Hold a name for a bare guest; the guest may hold it already. Raises NameInUse; Lapsed if the node must join first."""
    require_free(connection, skeleton, user_id, uid)
    if connection.execute(_ALIVE, {"node": node}).first() is None:
        raise Lapsed()
    _take(connection, node, {skeleton: uid})


def holders(connection: Connection, skeletons: Collection[str]) -> set[str]:
    """See chat.ports.Cluster."""
    return set(connection.execute(_HOLDERS, {"skeletons": list(skeletons)}).scalars())


def release(connection: Connection, skeleton: str, uid: str) -> None:
    """Release the name if this uid holds it."""
    deleted = text("DELETE FROM names WHERE skeleton = :skeleton AND uid = :uid")
    connection.execute(deleted, {"skeleton": skeleton, "uid": uid})


def require_free(connection: Connection, skeleton: str, user_id: str, uid: str) -> None:
    """Raise NameInUse if another uid has this name: an account or a guest, on any node. A second transaction that asks for the
    name waits for the end of the first, and for a node that is joining with its names."""
    connection.execute(_LOCK, {"skeleton": skeleton})
    if _held(connection, {skeleton: uid}):
        raise NameInUse(user_id=user_id, retry_after=NAME_SECONDS)


def _held(connection: Connection, names: Mapping[str, str]) -> set[str]:
    """Those of these names that another uid has. The caller has locked them."""
    parameters = {"skeletons": list(names), "uids": list(names.values())}
    return set(connection.execute(_HELD, parameters).scalars()) if names else set()


def _take(connection: Connection, node: str, names: Mapping[str, str]) -> None:
    """Write these names, which are locked and free: existing rows are their own, or of an expired lease."""
    if names:
        connection.execute(_TAKE, {"node": node, "skeletons": list(names), "uids": list(names.values())})


def _write(
    connection: Connection, node: str, version: int, entered: Collection[Actor], left: Collection[Actor]
) -> None:
    people = {actor.uid: (actor, True) for actor in entered} | {actor.uid: (actor, False) for actor in left}
    if not people:
        return
    columns = zip(
        *((one.uid, one.user_id, one.kind, one.lobby_from, here) for _, (one, here) in sorted(people.items())),
        strict=True,
    )
    connection.exec_driver_sql(_ENTER, (node, version, *map(list, columns)))
