"""Bots that have a webhook: their updates, and the methods with which they answer them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog

from suhbat.errors import RateLimited, SuhbatError, log_text
from suhbat.identity.user_directory import Login
from suhbat.programs.hooks.delivering import ReceiverAnswer
from suhbat.programs.telegram.errors import TelegramError
from suhbat.programs.telegram.kinds import events_of
from suhbat.programs.telegram.objects import Json
from suhbat.programs.telegram.parameters import Parameters
from suhbat.services import Services

from .call import Call
from .methods import BY_NAME, METHODS
from .reading import parse
from .updates import next_updates

log = structlog.get_logger("suhbat.telegram")

_NOT_AS_ANSWER = frozenset(("setWebhook", "deleteWebhook"))


class WebhookBots:
    """Implements `programs.telegram.webhooks.BotApi`. `services`: gives those of this node, once they are made."""

    def __init__(self, services: Callable[[], Services]) -> None:
        self._services = services

    async def updates(self, bot_uid: str, kinds: Sequence[str], most: int) -> list[Json]:
        login = await self._login(bot_uid)
        if login is None:
            return []
        return await next_updates(Call(self._services(), login, Parameters({})), events_of(kinds), most)

    async def carry_out(self, bot_uid: str, update_id: int, answer: ReceiverAnswer) -> None:
        login, services = await self._login(bot_uid), self._services()
        if login is None or answer.status != 200 or not answer.body:
            return
        method = None
        try:
            parameters = await parse(answer.content_type, answer.body)
            method = BY_NAME.get(parameters.text("method").lower())
            if method is None or method.startswith("get") or method in _NOT_AS_ANSWER:
                return  # most answers are no methods
            call = Call(services, login, parameters, client_id=f"update-{update_id}")
            if wait := services.limits.rates.meter(bot_uid).take(services.clock.steady()):
                raise RateLimited(retry_after=wait)
            async with services.limits.reads.quick(bot_uid, ""):
                await METHODS[method](call)
        except TelegramError as error:
            if method is not None:
                log.info("telegram: an answer was not carried out", bot=bot_uid, method=method, error=error.description)
        except SuhbatError as error:
            log.info("telegram: an answer was not carried out", bot=bot_uid, method=method, error=log_text(error))
        except Exception:  # the bot has the update, and would get it again and again
            log.exception("telegram: an answer was not carried out", bot=bot_uid, method=method)

    async def _login(self, bot_uid: str) -> Login | None:
        """The bot; None if it may do nothing now."""
        people = self._services().people
        bot = (await people.of_uids([bot_uid])).get(bot_uid)  # another node may have made it a moment ago
        if bot is None or bot.owner is None:
            return None
        await people.of_uids([bot.owner])
        try:
            self._services().bans.check(bot)
        except SuhbatError:
            return None
        return Login(bot) if people.accounts.is_enabled(bot_uid) else None
