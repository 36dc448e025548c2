"""Checks a strace recording of a server on SQLite: no message is sent before it is on the disk.

The rule, in the order of the system calls: the pages of a transaction are written to the WAL, the last of them marked as a
commit; then an fdatasync of the WAL begins and returns 0; only then may a write begin that sends a message of that
transaction, to its sender or to a reader.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

_TRACED = "fdatasync,fsync,write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,sendmmsg,ftruncate,unlink,unlinkat"
OPTIONS = ("-D", "-f", "-ttt", "-y", "-v", "-s", "1000000", "-e", f"trace={_TRACED}")
"""Options of strace: -D, so that the traced process is the one that was started; nothing is shortened."""

Place = tuple[str, int]
"""Conversation and seq."""

_LINE = re.compile(r"(?P<tid>\d+) +\d+\.\d+ (?P<rest>.*)")
_CALL = re.compile(r"(?P<name>\w+)\((?P<arguments>.*?)(?:\) += (?P<result>-?\d+|\?).*| <unfinished \.\.\.>)$")
_RESUMED = re.compile(r"<\.\.\. (?P<name>\w+) resumed>.*?\) += (?P<result>-?\d+)[^)]*$")
_FILE = re.compile(r"\d+<(?P<file>(?:[^>]|(?<=-)>)*)>")
_NUMBER = re.compile(r", (\d+)$")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"(\.\.\.)?')
_TOLD = re.compile(rb'"conversation":"([^"]+)","seq":(\d+)')
_FRAME_HEADER = 24  # bytes before each page in a WAL (sqlite.org/fileformat2.html#walformat)


class Unsafe(AssertionError):
    """A message was sent while a power cut could still undo its transaction."""


class Call(NamedTuple):
    """A system call at its beginning (`result` is None) or end. A call that was not interrupted is both in turn.
    `number`: its last argument, where that is a number (the offset of a pwrite64, the length of an ftruncate)."""

    thread: str
    name: str
    file: str
    data: bytes
    result: int | None
    number: int = 0


@dataclass
class Report:
    """The counts: distinct messages sent, writes that sent them, flushes of the WAL."""

    told: set[Place] = field(default_factory=set)
    writes: int = 0
    flushes: int = 0


def check(trace: Iterable[str], marks: Mapping[Place, bytes]) -> Report:
    """Raise Unsafe at the first write that sends a message too early. `marks`: the marks in the texts of the messages
    to check."""
    report = Report()
    places: dict[bytes, Place] = {mark: place for place, mark in marks.items()}
    find = re.compile(b"|".join(map(re.escape, sorted(places))))
    open_: set[Place] = set()
    """Written by the transaction that is not complete."""
    committed: set[Place] = set()
    durable: set[Place] = set()
    flushing: dict[str, set[Place]] = {}
    is_last = False
    for call in calls(trace):
        if call.file.endswith("-wal") and call.name != "ftruncate":
            if call.name in ("fdatasync", "fsync"):
                if call.result is None:
                    flushing[call.thread] = set(committed)
                elif call.result == 0:
                    durable |= flushing.pop(call.thread)
                    report.flushes += 1
            elif call.result is not None:
                assert call.result == len(call.data), f"a short write: {call}"
                if len(call.data) == _FRAME_HEADER:
                    # Not 0 in the last frame of a transaction: the size of the database after it.
                    is_last = call.data[4:8] != bytes(4)
                    continue
                open_.update(places[mark] for mark in find.findall(call.data))
                if is_last:
                    committed |= open_
                    open_.clear()
                    is_last = False
        elif call.file.startswith(("socket:", "TCP")) and call.result is None:
            told = {(name.decode(), int(seq)) for name, seq in _TOLD.findall(call.data)} & marks.keys()
            told |= {places[mark] for mark in find.findall(call.data)}
            if told - durable:
                raise Unsafe(f"told before it was on the disk: {sorted(told - durable)} in {call.data[:300]!r}")
            report.told |= told
            report.writes += bool(told)
    return report


def calls(trace: Iterable[str]) -> Iterator[Call]:
    """The beginnings and ends of system calls, in order."""
    begun: dict[str, Call] = {}
    for line in trace:
        found = _LINE.match(line)
        rest = found["rest"] if found else ""
        if found is None or rest.startswith(("+++", "---", "???")):
            continue  # ??? stands for a call of a process that was killed before strace had read which call it was
        if resumed := _RESUMED.match(rest):
            yield begun.pop(found["tid"])._replace(result=int(resumed["result"]))
        elif call := _CALL.match(rest):
            file = _FILE.match(call["arguments"])
            number = _NUMBER.search(call["arguments"])
            begins = Call(
                found["tid"],
                call["name"],
                file["file"] if file else "",
                _data(call["arguments"]),
                None,
                int(number[1]) if number else 0,
            )
            yield begins
            if call["result"] == "?":
                continue  # killed during the call
            if call["result"] is None:
                begun[found["tid"]] = begins
            else:
                yield begins._replace(result=int(call["result"]))
        elif "resumed>" not in rest and "exit" not in rest:
            raise ValueError(f"not understood: {line[:200]}")


def _data(arguments: str) -> bytes:
    """The bytes that a call writes, from one buffer or many."""
    pieces = []
    for text, cut in _STRING.findall(arguments):
        assert not cut, "strace truncated it"
        pieces.append(ast.literal_eval(f'b"{text}"'))
    return b"".join(pieces)
