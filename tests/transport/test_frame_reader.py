"""The shortcut for whole text messages gives the same result as the parser, for every sequence of frames, cut anywhere."""

from __future__ import annotations

from struct import pack
from typing import NamedTuple

from hypothesis import example, given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN, SERVER, Protocol

from suhbat.transport.frame_reader import FrameReader, quiet

LIMIT = 300


def frame(first: int, payload: bytes = b"", *, mask: bytes | None = b"\1\2\3\4", length: int | None = None) -> bytes:
    """A frame with this first byte; `length` sets a wrong length."""
    said = len(payload) if length is None else length
    masked = 0 if mask is None else 0x80
    if said < 126:
        header = bytes((first, masked | said))
    elif said < 65_536:
        header = pack("!BBH", first, masked | 126, said)
    else:
        header = pack("!BBQ", first, masked | 127, said)
    if mask is None:
        return header + payload
    return header + mask + bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))


class Seen(NamedTuple):
    """The result of some bytes: (opcode, fin, payload) of each frame, the close code after a protocol violation, and
    the answers."""

    frames: list[tuple[int, bool, bytes]]
    failed: int | None
    written: list[bytes]


def by_parser(pieces: list[bytes]) -> Seen:
    conn = Protocol(SERVER, state=OPEN, max_size=LIMIT, logger=quiet)
    frames: list[Frame] = []
    for piece in pieces:
        if conn.parser_exc is None:
            conn.receive_data(piece)
            frames += conn.events_received()
    return seen([*frames], conn)


def by_reader(pieces: list[bytes]) -> Seen:
    reader = FrameReader(LIMIT)
    frames: list[bytes | Frame] = []
    for piece in pieces:
        if reader.conn.parser_exc is None:
            frames += reader.feed(piece)
    return seen(frames, reader.conn)


def seen(frames: list[bytes | Frame], conn: Protocol) -> Seen:
    plain = [
        (1, True, one) if isinstance(one, bytes) else (int(one.opcode), one.fin, bytes(one.data)) for one in frames
    ]
    failed = None
    if conn.parser_exc is not None:
        assert conn.close_sent is not None
        failed = conn.close_sent.code
    return Seen(plain, failed, conn.data_to_send())


payloads = st.binary(max_size=LIMIT + 5)
opcodes = st.sampled_from([0x81, 0x81, 0x81, 0x01, 0x80, 0x00, 0x82, 0x02, 0x89, 0x8A, 0x88, 0xC1, 0x83, 0x8B, 0x09])
masks = st.sampled_from([b"\1\2\3\4", b"\0\0\0\0", b"\xff\xfe\xfd\xfc", b"\1\2\3\4", None])
lengths = st.one_of(st.none(), st.none(), st.none(), st.sampled_from([0, 126, 65_536, 2**62, 2**63]))
frames = st.builds(
    lambda first, payload, mask, length: frame(first, payload, mask=mask, length=length),
    opcodes,
    payloads,
    masks,
    lengths,
)


@given(st.lists(frames, max_size=8), st.lists(st.integers(0, 400), max_size=12))
@example([frame(0x01, b"a"), frame(0x81, b"b")], [])
@example([frame(0x01, b"a"), frame(0x89, b"p"), frame(0x80, b"b"), frame(0x81, b"c")], [1, 1, 1, 1, 1, 1, 1])
@example([frame(0x88), frame(0x81, b"after the close")], [])
@example([frame(0x81, b"x" * LIMIT), frame(0x81, b"x" * (LIMIT + 1))], [2])
@example([frame(0x81, b"a"), frame(0xC1, b"b"), frame(0x81, b"c")], [])
def test_both_ways_agree(sequence: list[bytes], cuts: list[int]) -> None:
    """However the bytes are cut: the same frames in the same order, the same answers, the same failure."""
    data = b"".join(sequence)
    pieces: list[bytes] = []
    for cut in cuts:
        pieces.append(data[:cut])
        data = data[cut:]
    pieces.append(data)
    assert by_reader(pieces) == by_parser(pieces)


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=5))
def test_byte_by_byte(texts: list[bytes]) -> None:
    """A peer that sends byte by byte is understood too."""
    data = b"".join(frame(0x81, text) for text in texts)
    reader = FrameReader(LIMIT)
    got = [one for byte in data for one in reader.feed(bytes((byte,)))]
    assert got == texts


def test_a_frame_that_is_too_large_fails_at_its_header() -> None:
    """Its payload need not arrive, and nothing is kept of it."""
    reader = FrameReader(LIMIT)
    reader.feed(frame(0x81, b"", length=2**40))
    assert reader.conn.close_sent is not None and reader.conn.close_sent.code == 1009


def test_other_frames_go_to_the_parser() -> None:
    """Pings are answered, and fragments are returned one by one."""
    reader = FrameReader()
    found = reader.feed(frame(0x89, b"hi") + frame(0x01, b"a") + frame(0x80, b"b") + frame(0x81, b"c"))
    opcodes_found = [Opcode.TEXT if isinstance(one, bytes) else one.opcode for one in found]
    assert opcodes_found == [Opcode.PING, Opcode.TEXT, Opcode.CONT, Opcode.TEXT]
    assert reader.conn.data_to_send() == [b"\x8a\x02hi"]
