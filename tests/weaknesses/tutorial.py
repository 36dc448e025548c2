"""The chat that FastAPI tutorials teach: a list of sockets and one awaited send for each. Run by plain uvicorn."""

import json

from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from starlette.requests import Request
from starlette.staticfiles import StaticFiles
from swagger_ui_bundle import swagger_ui_path

app = FastAPI(docs_url=None)
# Some large files, at the address where Suhbat has the same.
app.mount("/docs/files", StaticFiles(directory=swagger_ui_path))


class ConnectionManager:
    """As in the tutorials, under the name that they give it."""

    def __init__(self) -> None:
        self.active_connections: list[WebSocket] = []

    async def connect(self, websocket: WebSocket) -> None:
        await websocket.accept()
        self.active_connections.append(websocket)

    def disconnect(self, websocket: WebSocket) -> None:
        self.active_connections.remove(websocket)

    async def broadcast(self, event: dict[str, str]) -> None:
        for connection in self.active_connections:
            await connection.send_json(event)


manager = ConnectionManager()


@app.get("/readyz")
async def ready() -> str:
    return "ready"


@app.post("/api/v1/guests")
async def take_a_name(request: Request) -> str:
    return (await request.body()).decode()


@app.websocket("/ws/{user_id}")
async def chat(websocket: WebSocket, user_id: str) -> None:
    await manager.connect(websocket)
    try:
        while True:
            data = json.loads(await websocket.receive_text())
            await manager.broadcast({"type": "message", "from_user": user_id, "message": data["message"]})
    except WebSocketDisconnect:
        pass
    finally:
        manager.disconnect(websocket)
