"""People who upload files, send them and delete them, over the deaths of a server. Each is a thread."""

from __future__ import annotations

import hashlib
import http.client
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from suhbat.files.pictures import clean
from suhbat.files.window import Window
from tests.files import samples
from tests.servers import PATIENCE
from tests.uploading import FILES, Answer, FileClient

from .history import Changed, History, Place

PAUSE_SECONDS = 0.05
SIZES = (1, 5_000, 300_000, 3_000_000, 9_000_000)
"""Bytes of a file; above 8 MB a request is acknowledged in the middle, too."""
PIECES = (100_000, 1_000_000, 10_000_000)
"""Bytes of a request."""
LATER = {429, 500, 502, 503, 504, 507}
"""Statuses after which a request is repeated."""


@dataclass(slots=True)
class Sent:
    """A file that was uploaded: what others must get of it, or that nobody gets anything of it any more."""

    url: str
    digest: str
    deleted: bool = False


def pictures() -> list[tuple[bytes, str]]:
    """Pictures with metadata, and the SHA-256 of what they become without."""
    found = []
    for size in ((400, 300), (1_600, 1_200)):
        content = samples.jpeg(6, size)
        with tempfile.TemporaryDirectory() as place:
            source, cleaned = Path(place) / "source", Path(place) / "cleaned"
            source.write_bytes(content)
            with source.open("rb") as file:
                assert clean(Window(file), "image/jpeg", cleaned)[1]
            found.append((content, hashlib.sha256(cleaned.read_bytes()).hexdigest()))
    return found


class Uploader:
    """`live` runs until `stopping`, and gives up at once when `is_abandoned`. `history` gets the messages, `sent` the files by
    their ids, `faults` what must not be."""

    def __init__(self, name: str, ports: Sequence[int], token: str, seed: int, history: History) -> None:
        self.name = name
        self.stopping = False
        self.is_abandoned = False
        self.sent: dict[str, Sent] = {}
        self.faults: list[str] = []
        self.resumed = 0
        self.in_flight = 0
        self._ports = ports
        self._token = token
        self._chance = random.Random(seed)
        self._history = history
        self._pictures = pictures()
        self._count = 0
        self._twice = ThreadPoolExecutor(2)
        self._lock = threading.Lock()

    def live(self) -> None:
        try:
            while not self.stopping and not self.faults:
                self._message()
                time.sleep(self._chance.random() * PAUSE_SECONDS)
        except Exception as error:
            self.faults.append(f"{self.name}: {error!r}")
        finally:
            self._twice.shutdown()

    def _message(self) -> None:
        """Upload some files, and do with them what people do."""
        ids = [self._upload() for _ in range(self._chance.choice((1, 1, 2, 4)))]
        dice = self._chance.random()
        if dice < 0.1:
            answer = self._persist(lambda client: client.ask("DELETE", f"{FILES}/{ids[0]}"))
            self._expect(answer.status in (204, 404), "a file is deleted", answer)
            self._gone(ids[:1])
            return
        if dice < 0.4:  # two messages at once with the same files: one of them gets them
            both = [self._key(), self._key()]
            answers = list(self._twice.map(lambda key: self._send(key, ids), both))
            codes = sorted(answer.code for answer in answers)
            self._expect(codes == ["", "file_in_use"], f"one of two gets the files, not {codes}", answers[0])
            sent = next(answer for answer in answers if not answer.code)
        else:
            sent = self._send(self._key(), ids)
            self._expect(not sent.code, "a message with files", sent)
        if dice > 0.9:
            again = self._send(self._key(), ids[:1])
            self._expect(again.code == "file_in_use", "a file of another message", again)
        if dice > 0.7:
            self._delete(sent.json["seq"], ids)

    def _upload(self) -> str:
        """The id of a file that is ready."""
        if self._chance.random() < 0.4:
            content, digest = self._chance.choice(self._pictures)
        else:
            content = self._chance.randbytes(self._chance.choice(SIZES))
            digest = hashlib.sha256(content).hexdigest()
        # A request whose answer is lost has begun an upload that nobody continues.
        begun = self._persist(lambda client: client.begin("file.bin", len(content)))
        self._expect(begun.status == 201, "an upload begins", begun)
        id_, acknowledged, written = begun.headers["location"].rpartition("/")[2], 0, 0
        while acknowledged < len(content):
            piece = content[acknowledged : acknowledged + self._chance.choice(PIECES)]
            written = max(written, acknowledged + len(piece))
            try:
                self.in_flight += 1
                answer = self._client().send_bytes(id_, acknowledged, _chunks(piece))
            except (OSError, http.client.HTTPException):
                answer = None
            finally:
                self.in_flight -= 1
            if answer is None or answer.status != 204:
                self._expect(answer is None or answer.status in LATER | {409}, "an upload continues", answer)
                self.resumed += 1
                answer = self._persist(lambda client: client.tus("HEAD", f"{FILES}/{id_}"))
            offset = int(answer.headers.get("upload-offset", -1))
            if not acknowledged <= offset <= written:
                raise AssertionError(f"{id_}: {acknowledged} were acknowledged, {written} sent, {offset} are there")
            acknowledged = offset
        limit = time.monotonic() + PATIENCE
        while True:
            answer = self._persist(lambda client: client.ask("GET", f"{FILES}/{id_}"))
            self._expect(answer.status == 200, "an upload is known", answer)
            if answer.json["file"]["state"] == "ready":
                break
            assert time.monotonic() < limit and not self.is_abandoned, f"{id_} does not become ready"
            time.sleep(0.02)
        self.sent[id_] = Sent(answer.json["file"]["url"], digest)
        return id_

    def _send(self, key: str, ids: Sequence[str]) -> Answer:
        with self._lock:
            self._history.invoke(self.name, key, "lobby", key, time.monotonic(), ids)
        answer = self._persist(lambda client: client.send(list(ids), key, client_id=key))
        with self._lock:
            if answer.code:
                self._history.said[key].refused = answer.code
            else:
                place = Place("lobby", answer.json["seq"], answer.json["ordinal"])
                self._history.acknowledge(key, place, time.monotonic())
        return answer

    def _delete(self, seq: int, ids: Sequence[str]) -> None:
        """Delete the message; its files are gone at once."""
        change = Changed("lobby", seq, None)
        with self._lock:
            self._history.changed.append(change)
        path = f"/api/v1/conversations/lobby/messages/{seq}"
        answer = self._persist(lambda client: client.ask("DELETE", path))
        self._expect(answer.status == 200, "a message is deleted", answer)
        change.seq, change.told = answer.json["seq"], time.monotonic()
        self._gone(ids)

    def _gone(self, ids: Sequence[str]) -> None:
        for id_ in ids:
            self.sent[id_].deleted = True
            url = self.sent[id_].url
            answer = self._persist(lambda client, url=url: client.ask("GET", url))
            self._expect(answer.status == 404, f"{id_} is gone", answer)

    def _persist(self, act: Callable[[FileClient], Answer]) -> Answer:
        """The first answer that says something, however often it takes."""
        limit = time.monotonic() + PATIENCE
        while True:
            with suppress(OSError, http.client.HTTPException):
                answer = act(self._client())
                if answer.status not in LATER:
                    return answer
            assert time.monotonic() < limit and not self.is_abandoned, "no server answers"
            time.sleep(0.05)

    def _client(self) -> FileClient:
        return FileClient(self._chance.choice(self._ports), self._token)

    def _key(self) -> str:
        self._count += 1
        return f"{self.name}-{self._count}"

    def _expect(self, holds: bool, what: str, answer: Answer | None) -> None:
        if not holds:
            raise AssertionError(f"{what}: {answer and (answer.status, answer.body[:300])}")


def _chunks(piece: bytes) -> Iterator[bytes]:
    """The piece in parts, so that a kill can come between two of them."""
    for start in range(0, len(piece), 65_536):
        yield piece[start : start + 65_536]
