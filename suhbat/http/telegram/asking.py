"""Methods that ask: who the bot is, what a chat is, where a file is; and the list of commands."""

from __future__ import annotations

import re
from pathlib import PurePath

from pydantic import ValidationError

from suhbat.programs.telegram import objects
from suhbat.programs.telegram.errors import TelegramError
from suhbat.programs.telegram.objects import Json
from suhbat.protocol.bots import MAX_COMMANDS, BotCommand, NewCommand

from .call import Call, Result
from .sending import original


async def get_me(call: Call) -> Result:
    return await call.user(call.actor.uid) | {
        "can_join_groups": True,
        "can_read_all_group_messages": True,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


async def get_chat(call: Call) -> Result:
    """With those fields of Telegram that libraries require."""
    conversation = await call.conversation()
    state = await call.services.store.state(call.actor, conversation)
    needed: Json = {
        "accent_color_id": 0,
        "max_reaction_count": 20,
        "accepted_gift_types": dict.fromkeys(
            ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), False
        ),
    }
    topic = {"description": state.topic} if state.topic else {}
    return await call.chat(conversation) | needed | topic


async def get_chat_member(call: Call) -> Result:
    conversation = await call.conversation()
    uid = await call.chats.ref(call.parameters.number("user_id"))
    if uid is None:
        raise TelegramError("PARTICIPANT_ID_INVALID")
    page = await call.services.store.members(call.actor, conversation, after=uid[:-1], limit=50)
    role = next((one.role for one in page.members if one.user.uid == uid), None)
    user = await call.user(uid)
    if role is None:
        return {"status": "left", "user": user}
    if role == "owner":
        return {"status": "creator", "user": user, "is_anonymous": False}
    if role == "moderator":
        rights = dict.fromkeys(
            (
                "can_manage_chat", "can_delete_messages", "can_restrict_members", "can_change_info",
                "can_invite_users", "can_pin_messages",
            ),
            True,
        )  # fmt: skip
        others = ("can_be_edited", "is_anonymous", "can_manage_video_chats", "can_promote_members",
                  "can_post_stories", "can_edit_stories", "can_delete_stories")  # fmt: skip
        return {"status": "administrator", "user": user, **rights, **dict.fromkeys(others, False)}
    return {"status": "member", "user": user}


async def get_file(call: Call) -> Result:
    file_id = call.parameters.text("file_id")
    found = await call.services.store.readable_file(call.actor, original(file_id))
    described = next(iter(objects.media(found.shown).values()))
    kept = described[-1] if isinstance(described, list) else described
    suffix = PurePath(found.name).suffix
    # Libraries put the path into an address as it is.
    name = f"file{suffix}" if _EXTENSION.fullmatch(suffix) else "file"
    return {
        "file_id": file_id,
        "file_unique_id": file_id,
        "file_size": kept["file_size"],
        "file_path": f"{file_id}/{name}",
    }


async def set_my_commands(call: Call) -> Result:
    """One list, whatever the scope and the language: this server has no other. They are offered when people type `/`, and stay
    ordinary messages."""
    given = call.parameters.list_of_objects("commands")
    if _is_narrow(call):
        return True
    if len(given) > MAX_COMMANDS:
        raise TelegramError("BOT_COMMANDS_TOO_MUCH")
    commands: dict[str, BotCommand] = {}
    for one in given:
        name, description = one.get("command"), one.get("description")
        try:
            command = NewCommand(name=str(name).removeprefix("/").lower(), description=str(description))
        except ValidationError:
            raise TelegramError("BOT_COMMAND_INVALID") from None
        commands[command.name] = BotCommand(name=command.name, description=command.description)
    await call.services.store.set_bot_commands(call.actor.uid, tuple(commands.values()))
    return True


async def delete_my_commands(call: Call) -> Result:
    if not _is_narrow(call):
        await call.services.store.set_bot_commands(call.actor.uid, ())
    return True


async def get_my_commands(call: Call) -> Result:
    if _is_narrow(call):
        return []
    commands = await call.services.store.bot_commands(call.actor.uid)
    return [{"command": one.name, "description": one.description} for one in commands]


def _is_narrow(call: Call) -> bool:
    """Whether a list is for some chats only, or for a language."""
    scope = call.parameters.object("scope") or {}
    return scope.get("type", "default") not in _WIDE or call.parameters.has("language_code")


_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,8}")
_WIDE = ("default", "all_private_chats", "all_group_chats")
