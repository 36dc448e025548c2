"""A broker that speaks as much of NATS as the load generator uses, in one of two framings, with a fault if asked for.

    python -m tests.bench.nats_broker PORT websocket|bare FAULT

What a member gets is cut into pieces of seven bytes, so that no message ends where a frame does. FAULT: what happens to the
fortieth message of the second member: `none`, `missing`, `doubled` or `damaged`; or to the fortieth reply: `answered
twice`.
"""

from __future__ import annotations

import asyncio
import struct
import sys

PIECE = 7
ACCEPTED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)
"""The generator always sends the key of RFC 6455."""


class Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, websocket: bool) -> None:
        self.reader = reader
        self.writer = writer
        self.websocket = websocket
        self.buffer = b""
        self.received = self.answered = 0

    async def open(self) -> None:
        if self.websocket:
            await self.reader.readuntil(b"\r\n\r\n")
            self.writer.write(ACCEPTED)
        self.say(b'INFO {"headers":false}\r\n')

    def say(self, data: bytes) -> None:
        for start in range(0, len(data), PIECE):
            piece = data[start : start + PIECE]
            self.writer.write(b"\x82" + bytes([len(piece)]) + piece if self.websocket else piece)

    async def read(self, size: int) -> bytes:
        """So many bytes of the protocol, whatever the frames."""
        while len(self.buffer) < size:
            self.buffer += await self.frame() if self.websocket else await self.reader.readexactly(1)
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    async def frame(self) -> bytes:
        first, second = await self.reader.readexactly(2)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack(">H", await self.reader.readexactly(2))
        mask = await self.reader.readexactly(4)
        payload = await self.reader.readexactly(length)
        if first == 0x88:
            raise EOFError
        return bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))

    async def line(self) -> list[bytes]:
        data = b""
        while not data.endswith(b"\r\n"):
            data += await self.read(1)
        return data.split()


class Broker:
    def __init__(self, websocket: bool, fault: str) -> None:
        self.websocket = websocket
        self.fault = fault
        self.members: list[Connection] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        one = Connection(reader, writer, self.websocket)
        try:
            await one.open()
            while True:
                await self.obey(one, await one.line())
        except (EOFError, ConnectionError):
            self.members = [member for member in self.members if member is not one]
            writer.close()

    async def obey(self, one: Connection, words: list[bytes]) -> None:
        match words:
            case [b"SUB", b"room", _]:
                self.members.append(one)
            case [b"PING"]:
                one.say(b"PONG\r\n")
            case [b"PUB", _, *inbox, size]:
                payload = await one.read(int(size) + 2)
                for member in self.members:
                    self.deliver(member, b"MSG room 1 %s\r\n%s" % (size, payload))
                if inbox:
                    self.answer(one, b'MSG %s 2 9\r\n{"seq":1}\r\n' % inbox[0])

    def deliver(self, member: Connection, message: bytes) -> None:
        member.received += 1
        fault = self.fault if member.received == 40 and member is self.members[1] else "none"
        if fault == "damaged":
            message = message.replace(b'"message":"', b'"message":"x').replace(b'"}', b"}")  # as long as before
        member.say({"missing": b"", "doubled": message * 2}.get(fault, message))

    def answer(self, sender: Connection, reply: bytes) -> None:
        sender.answered += 1
        fault = self.fault if sender.answered == 40 else "none"
        sender.say(reply * 2 if fault == "answered twice" else reply)


async def main(port: int, framing: str, fault: str) -> None:
    broker = Broker(framing == "websocket", fault)
    server = await asyncio.start_server(broker.serve, "127.0.0.1", port)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
