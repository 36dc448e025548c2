"""Methods that send, change and delete messages."""

from __future__ import annotations

from suhbat.chat.model import StoredFile
from suhbat.chat.rate import charge, cost_of
from suhbat.errors import NotFound
from suhbat.programs.telegram.errors import EMPTY_TEXT, SAME_TEXT, TelegramError
from suhbat.programs.telegram.keyboards import buttons_of, new_buttons
from suhbat.programs.telegram.objects import SIZES
from suhbat.programs.telegram.parameters import Parameters
from suhbat.programs.telegram.texts import markdown_of
from suhbat.protocol.commands import Delete, Edit
from suhbat.protocol.extras import Extra
from suhbat.protocol.notices import TypingNotice
from suhbat.protocol.objects import Message
from suhbat.protocol.replies import encode
from suhbat.protocol.types import MAX_TEXT

from .call import Call, Result
from .fetching import fetch
from .reading import drop

MOST_CAPTION = 1024


async def send_message(call: Call) -> Result:
    text = _text(call, "text", "entities", MAX_TEXT)
    if not text:
        raise TelegramError(EMPTY_TEXT)
    return await _post(call, text)


async def send_photo(call: Call) -> Result:
    return await _send_file(call, "photo")


async def send_document(call: Call) -> Result:
    return await _send_file(call, "document")


async def _send_file(call: Call, name: str) -> Result:
    text = _text(call, "caption", "caption_entities", MOST_CAPTION)
    if call.file is not None:
        return await _post(call, text, (call.file.id,))
    given = call.parameters.text(name)
    if not given:
        raise TelegramError(f"there is no {name} in the request")
    file = await (fetch(call, given) if "://" in given else _copy(call, given))
    try:
        return await _post(call, text, (file.id,))
    except BaseException:
        await drop(file, call.actor, call.services)
        raise


async def _copy(call: Call, file_id: str) -> StoredFile:
    """A new file over the bytes of one that the bot has got or sent. Raises TelegramError."""
    try:
        return await call.services.uploads.copy(call.actor, original(file_id))
    except NotFound:
        raise TelegramError("wrong file identifier/HTTP URL specified") from None


def original(file_id: str) -> str:
    """The id of the file of which this is the id or that of a thumbnail."""
    id, _, side = file_id.partition(".")
    return id if side in {str(size) for size in SIZES} else file_id


def _text(call: Call, name: str, entities: str, longest: int) -> str:
    asked = call.parameters
    return markdown_of(asked.text(name), asked.text("parse_mode"), asked.list_of_objects(entities), longest)


async def _post(call: Call, text: str, files: tuple[str, ...] = ()) -> Result:
    # Everything is read before a new direct is opened, which nobody closes if the call is refused.
    buttons = buttons_of(call.parameters.object("reply_markup"))
    thread = call.parameters.number("message_thread_id", 0) or None
    seq, is_required = _reply_of(call)
    conversation = await call.conversation(opens=not (seq and is_required))
    sent = await call.services.messages.post(
        call.actor,
        text=text,
        conversation=conversation,
        client_id=call.client_id,
        reply_to=await _reply_to(call, conversation, seq, is_required=is_required),
        thread=thread,
        files=files,
        extra=Extra(actions=buttons) if buttons else None,
    )
    call.services.counts.sends["http"] += 1
    found = await call.find_message(sent.conversation, sent.seq)
    if found is None:
        raise NotFound
    return await call.message(found)


def _reply_of(call: Call) -> tuple[int, bool]:
    """The `seq` of the message to which this one replies, 0 for none; and whether it has to be there."""
    asked = call.parameters
    given = Parameters(asked.object("reply_parameters") or {})
    seq = given.number("message_id", 0) or asked.number("reply_to_message_id", 0)
    may_miss = given.flag("allow_sending_without_reply") or asked.flag("allow_sending_without_reply")
    return max(seq, 0), not may_miss


async def _reply_to(call: Call, conversation: str, seq: int, *, is_required: bool) -> int | None:
    """The message with this `seq`, if it is there. Raises TelegramError if it is missing and may not be."""
    if not seq or await call.find_message(conversation, seq) is not None:
        return seq or None
    if is_required:
        raise TelegramError("message to be replied not found")
    return None


async def edit_message_text(call: Call) -> Result:
    text = _text(call, "text", "entities", MAX_TEXT)
    if not text:
        raise TelegramError(EMPTY_TEXT)
    return await _edit(call, text)


async def edit_message_caption(call: Call) -> Result:
    return await _edit(call, _text(call, "caption", "caption_entities", MOST_CAPTION))


async def edit_message_reply_markup(call: Call) -> Result:
    return await _edit(call, None)


async def _edit(call: Call, text: str | None) -> Result:
    found = await _own_message(call)
    buttons = buttons_of(call.parameters.object("reply_markup"))
    text = found.text if text is None else text
    if (text, buttons) == (found.text, found.actions):
        raise TelegramError(SAME_TEXT)
    command = Edit(type="edit", conversation=found.conversation, seq=found.seq, text=text)
    command = command.model_copy(update={"actions": new_buttons(buttons)})
    charge(call.services.limits.rates.meter(call.actor.uid), cost_of(command), call.services.clock.steady())
    await call.services.commands.execute(call.actor, command)
    changed = await call.find_message(found.conversation, found.seq)
    if changed is None:
        raise NotFound
    return await call.message(changed)


async def _own_message(call: Call) -> Message:
    if not call.parameters.has("chat_id"):
        raise TelegramError("message identifier is not specified")
    found = await call.find_message(await call.conversation(), call.parameters.number("message_id"))
    if found is None:
        raise NotFound
    if found.sender_uid != call.actor.uid:
        raise TelegramError("message can't be edited")
    return found


async def delete_message(call: Call) -> Result:
    conversation, seq = await call.conversation(), call.parameters.number("message_id")
    if seq < 1 or await call.find_message(conversation, seq) is None:
        raise NotFound
    await call.services.commands.execute(call.actor, Delete(type="delete", conversation=conversation, seq=seq))
    return True


async def send_chat_action(call: Call) -> Result:
    """Shown as typing, whatever the bot does."""
    conversation = await call.conversation()
    if conversation not in (await call.services.store.places(call.actor)).heads:
        raise NotFound
    notice = TypingNotice(conversation=conversation, user_id=call.actor.user_id, uid=call.actor.uid)
    call.services.hub.notices.broadcast(conversation, encode(notice), but=call.actor.uid)
    return True
