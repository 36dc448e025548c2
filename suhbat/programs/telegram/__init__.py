"""The part of Telegram's Bot API that chat bots use (https://core.telegram.org/bots/api), as a translation of the use cases."""
