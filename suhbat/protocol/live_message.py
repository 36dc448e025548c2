"""A new message on its way from the writer to the sockets: the fields of a `MessageCreated`, and its encoded form."""

from __future__ import annotations

from dataclasses import dataclass
from json.encoder import encode_basestring as quote

from pydantic_core import to_json

from .extras import Extra
from .files import File
from .types import format_time


@dataclass(slots=True)
class LiveMessage:
    """A `MessageCreated` that is not validated, because its values are the server's own. `logged_events.model_of` makes the
    model.

    The writer makes one for every message. Two nested models take twenty times as long, and a frozen dataclass three times:
    do not change the fields all the same. `veil`: see `event_marks.veil_of`. tests/protocol/test_encoded.py checks that it is
    encoded as its model is.
    """

    conversation: str
    seq: int
    ordinal: int | None
    at: int
    actor: str
    actor_uid: str
    text: str
    client_id: str | None = None
    reply_to: int | None = None
    everyone: bool = False
    thread: int | None = None
    thread_ordinal: int | None = None
    from_thread: int | None = None
    veil: int | None = None
    files: tuple[File, ...] = ()
    extra: Extra | None = None

    def encode(self) -> bytes:
        """The frame of the v1 dialect."""
        conversation, actor, uid = quote(self.conversation), quote(self.actor), quote(self.actor_uid)
        seq, at = self.seq, format_time(self.at)
        client_id = "null" if self.client_id is None else quote(self.client_id)
        reply_to = "null" if self.reply_to is None else self.reply_to
        all_, everyone = (',"mentions_all":true', ',"everyone":1') if self.everyone else ("", "")
        ordinal: int | str | None = self.ordinal
        place = ""
        if ordinal is None:
            ordinal, place = "null", f',"thread":{self.thread},"thread_ordinal":{self.thread_ordinal}'
        elif self.from_thread is not None:
            place = f',"from_thread":{self.from_thread}'
        if self.files:
            place += f',"files":[{",".join(file.model_dump_json() for file in self.files)}]'
        if self.extra is not None:
            place += self.extra.encode()
        before = (
            f'{{"type":"message.created","conversation":{conversation},"seq":{seq},"at":"{at}","actor":{actor}'
            f',"actor_uid":{uid},"message":{{"conversation":{conversation},"seq":{seq},"ordinal":{ordinal}'
            f',"sender":{actor},"sender_uid":{uid},"text":'
        )
        after = (
            f',"client_id":{client_id},"reply_to":{reply_to},"sent_at":"{at}","edited_at":null,"deleted":false'
            f',"reactions":[]{all_}{place}}}{everyone}}}'
        )
        # The text stays apart from the rest, because a string with one letter outside of Latin-1 is encoded more slowly.
        return before.encode() + to_json(self.text) + after.encode()
