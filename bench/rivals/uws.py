"""uWebSockets, through the package socketify: one topic, one publish for each message. Nothing is stored.

    python uws.py PORT

uWebSockets gathers what is published within one turn of its loop and writes it to each socket at once, as `coalesce` does.
`app.run()`, which is what its documentation shows, turns without a rest while there is work: a core is always full.
"""

import json
import sys
from datetime import UTC, datetime

from socketify import App, CompressOptions, OpCode

PENDING = 1 << 30
"""Bytes that a slow socket may leave unsent before uWebSockets would drop messages for it: as with the other rivals, none."""

app = App()
seq = 0


def upgrade(response, request, context):
    key = request.get_header("sec-websocket-key")
    response.upgrade(key, "", "", context, request.get_parameter(0))


def open_socket(socket):
    socket.subscribe("lobby")


def message(socket, text, opcode):
    global seq
    seq += 1
    user_id = socket.get_user_data()
    event = {
        "type": "message",
        "conversation": "lobby",
        "seq": seq,
        "from_user": user_id,
        "from_uid": "u" + user_id.rjust(21, "0"),
        "to_user": "",
        "message": json.loads(text)["message"],
        "sent_at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    app.publish("lobby", json.dumps(event, separators=(",", ":"), ensure_ascii=False), OpCode.TEXT)


app.ws(
    "/ws/:user_id",
    {
        "compression": CompressOptions.DISABLED,
        "max_backpressure": PENDING,
        "idle_timeout": 120,
        "upgrade": upgrade,
        "open": open_socket,
        "message": message,
    },
)
app.listen(int(sys.argv[1]))
app.run()
