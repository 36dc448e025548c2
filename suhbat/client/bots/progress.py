"""How far a bot is: which events of each log are done. Pure.

Events of a log are handled at the same time if they belong to different conversations, so they end in any order. The cursor of
a log stays below the first event that is not done: after a restart that one comes again, and maybe some that were done.
"""

from __future__ import annotations

import json

from suhbat.protocol.commands import Resume


class LogProgress:
    """The events of one log, which begin in the order of `seq`."""

    def __init__(self, cursor: int) -> None:
        self._last = cursor
        self._open: dict[int, None] = {}

    def begin(self, seq: int, up_to: int) -> None:
        self._last = max(self._last, up_to)
        self._open[seq] = None

    def finish(self, seq: int) -> None:
        self._open.pop(seq, None)

    @property
    def cursor(self) -> int:
        return next(iter(self._open)) - 1 if self._open else self._last


class BotProgress:
    """That of all logs. `changed`: whether it differs from what was saved last."""

    def __init__(self) -> None:
        self.epoch, self.uid = "", ""
        self.changed = False
        self._logs: dict[str, LogProgress] = {}

    def begin_at(self, resume: Resume) -> bool:
        """Events go on above these cursors. False: this is another life of the store or another user, so what was known before
        is worth nothing."""
        again = (resume.epoch, resume.uid) == (self.epoch, self.uid)
        if not again:
            self.epoch, self.uid, self._logs = resume.epoch, resume.uid or "", {}
        for log, cursor in resume.cursors.items():
            self._logs.setdefault(log, LogProgress(cursor))
        self.changed = True
        return again

    def begin(self, log: str, seq: int, up_to: int | None = None) -> LogProgress:
        """An event has come, or with `up_to` all from `seq` up to that at once. Call `finish` with
        the result when that is done."""
        progress = self._logs.setdefault(log, LogProgress(seq - 1))
        progress.begin(seq, up_to or seq)
        return progress

    def finish(self, progress: LogProgress, seq: int) -> None:
        progress.finish(seq)
        self.changed = True

    def encode(self) -> str:
        cursors = {log: progress.cursor for log, progress in self._logs.items()}
        return json.dumps({"epoch": self.epoch, "uid": self.uid, "cursors": cursors})


def decode(saved: str | None) -> Resume:
    """What `encode` gave, or nothing for a first run."""
    if saved is None:
        return Resume(epoch="")
    # Not validated: a bot may have more cursors than a `hello`.
    return Resume.model_construct(**json.loads(saved))
