"""The servers under comparison, and what each one guarantees for a message."""

from __future__ import annotations

from typing import NamedTuple


class Guarantee(NamedTuple):
    """What holds for a message, as configured here. `flushes`: it is on the disk before its sender is told."""

    short: str
    stored: str
    flushed: str
    order: str
    resume: str
    acknowledged: str
    flushes: bool = False


class Server(NamedTuple):
    """A competing server. `health`: a path that answers 200 when it is ready; `dialect`: the one that the load
    generator uses; `rooms`: whether each sender can have a conversation of its own."""

    key: str
    title: str
    guarantee: Guarantee
    health: str | None = None
    dialect: str = "simple"
    rooms: bool = False


FLUSHED = ("flushed before delivery", "before delivery", "each batch, before delivery", "one for everybody (`seq`)")
SIMPLE = Guarantee(*FLUSHED, "no", "own copy, flushed", flushes=True)
V1 = Guarantee(*FLUSHED, "from any `seq`, exactly", "`ok`, flushed", flushes=True)
NOTHING = Guarantee("stores nothing", "no", "no", "of each sender", "no", "own copy")
FROM_STREAM = ("of each sender", "from any `seq`, by a consumer")
IN_MEMORY = Guarantee("in memory", "memory, beside delivery", "no", *FROM_STREAM, "reply, stored")
IN_FILE = Guarantee(
    "in a file, flushed every 2 minutes", "file, beside delivery", "every 2 minutes", *FROM_STREAM, "reply, stored"
)
FILE_ALWAYS = Guarantee(
    "flushed after delivery",
    "file, beside delivery",
    "each, before the reply only",
    *FROM_STREAM,
    "reply, flushed",
    flushes=True,
)
FILE_FIRST = Guarantee(
    "flushed before delivery",
    "file, before delivery",
    "each, before delivery",
    "one for everybody (the stream's)",
    "from any `seq`, by a consumer",
    "reply, flushed",
    flushes=True,
)
CENTRIFUGE = Guarantee(
    "in memory, the last 1,000",
    "memory, the last 1,000",
    "no",
    "one for everybody (`offset`)",
    "while in memory",
    "reply, stored",
)
NCHAN = Guarantee(
    "in memory, the last 5,000", "memory, the last 5,000", "no", "one for everybody", "while in memory", "own copy"
)
MQTT = Guarantee(
    "in memory until acknowledged", "memory, until acknowledged", "no", "of each sender", "no", "reply (PUBACK)"
)

SERVERS = (
    Server("suhbat", "Suhbat, `suhbat serve`", SIMPLE, "/healthz"),
    Server("suhbat-v1", "Suhbat v1, `suhbat serve`", V1, "/healthz", "v1", rooms=True),
    Server("base", "Suhbat before", SIMPLE, "/healthz"),
    Server("base-v1", "Suhbat v1 before", V1, "/healthz", "v1", rooms=True),
    Server("uvicorn", "Suhbat, `uvicorn main:app`", SIMPLE, "/healthz"),
    Server("uvicorn-v1", "Suhbat v1, `uvicorn main:app`", V1, "/healthz", "v1", rooms=True),
    Server("plain", "plain FastAPI loop", NOTHING),
    Server("node", "Node ws", NOTHING),
    Server("coalesce", "Node ws, coalescing", NOTHING),
    Server("socketio", "socket.io", NOTHING, dialect="socketio"),
    Server("uws", "uWebSockets", NOTHING),
    Server("c", "C, one send() each", NOTHING),
    Server("nchan", "nchan (nginx)", NCHAN, dialect="nchan", rooms=True),
    Server("mosquitto", "mosquitto, QoS 1, TCP", MQTT, dialect="mqtt", rooms=True),
    Server("centrifuge", "centrifuge (Go)", CENTRIFUGE, dialect="centrifuge", rooms=True),
    Server("centrifuge-later", "centrifuge 0.29", CENTRIFUGE, dialect="centrifuge-v2", rooms=True),
    Server("centrifuge-later-5ms", "centrifuge 0.29, 5 ms", CENTRIFUGE, dialect="centrifuge-v2", rooms=True),
    Server("nats", "NATS core", NOTHING, dialect="nats", rooms=True),
    Server("jetstream-memory", "JetStream, memory", IN_MEMORY, dialect="jetstream", rooms=True),
    Server("jetstream", "JetStream, file", IN_FILE, dialect="jetstream", rooms=True),
    Server("jetstream-always", "JetStream, flushed", FILE_ALWAYS, dialect="jetstream", rooms=True),
    Server("jetstream-first", "JetStream, flushed first", FILE_FIRST, dialect="jetstream-push"),
    Server("nats-tcp", "NATS core, TCP", NOTHING, dialect="nats-tcp", rooms=True),
    Server("jetstream-tcp", "JetStream, file, TCP", IN_FILE, dialect="jetstream-tcp", rooms=True),
    Server("jetstream-always-tcp", "JetStream, flushed, TCP", FILE_ALWAYS, dialect="jetstream-tcp", rooms=True),
)
TITLES = {server.key: server.title for server in SERVERS}
KEYS = list(TITLES)


def server_of(key: str) -> Server:
    return next(server for server in SERVERS if server.key == key)
