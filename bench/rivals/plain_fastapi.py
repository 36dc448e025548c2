"""The chat loop that FastAPI tutorials teach: a list of sockets and one awaited send for each. Nothing is stored."""

import json
from datetime import UTC, datetime

from fastapi import FastAPI, WebSocket, WebSocketDisconnect

app = FastAPI()


class ConnectionManager:
    """As in the tutorials, under the name that they give it."""

    def __init__(self) -> None:
        self.active_connections: list[WebSocket] = []

    async def connect(self, websocket: WebSocket) -> None:
        await websocket.accept()
        self.active_connections.append(websocket)

    def disconnect(self, websocket: WebSocket) -> None:
        self.active_connections.remove(websocket)

    async def broadcast(self, text: str) -> None:
        for connection in self.active_connections:
            await connection.send_text(text)


connections = ConnectionManager()
seq = 0


@app.websocket("/ws/{user_id}")
async def chat(websocket: WebSocket, user_id: str) -> None:
    global seq
    await connections.connect(websocket)
    try:
        while True:
            data = json.loads(await websocket.receive_text())
            seq += 1
            event = {
                "type": "message",
                "conversation": "lobby",
                "seq": seq,
                "from_user": user_id,
                "from_uid": "u" + user_id.rjust(21, "0"),
                "to_user": "",
                "message": data["message"],
                "sent_at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            }
            await connections.broadcast(json.dumps(event, separators=(",", ":"), ensure_ascii=False))
    except WebSocketDisconnect:
        pass
    finally:
        connections.disconnect(websocket)
