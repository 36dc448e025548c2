"""Registering, logging in, changing a password, and administration."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from suhbat.chat.model import Actor
from suhbat.errors import (
    BadRequest,
    Busy,
    Forbidden,
    InvalidName,
    NameInUse,
    NameTaken,
    RateLimited,
    SuhbatError,
    Unauthenticated,
    UserNotFound,
)
from suhbat.identity.passwords import Verdict
from suhbat.identity.setup import SETUP_SECONDS
from suhbat.identity.throttle import NAME_BURST, NAME_RATE, OWN_BURST, OWN_RATE, WORK_BURST

from .parts import HERE, PASSWORD, Scene

OTHER = "a wholly different one"
VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "search.json").read_text(encoding="utf-8"))


@pytest.fixture
def scene() -> Scene:
    return Scene()


class TestRegister:
    async def test_an_account_is_made_and_logged_in(self, scene: Scene) -> None:
        """A new account has its name, its own uid and no rights; its token is valid after a restart."""
        actor, token = await scene.register("Ali")
        assert (actor.user_id, actor.kind, actor.role, actor.lobby_from) == ("ali", "account", "member", 0)
        await scene.restart().load()
        login = await scene.people.authenticate(token)
        assert login.actor == actor and login.session is not None and scene.people.is_current(login)
        assert scene.people.find("ALI") == actor

    async def test_the_password_is_not_stored(self, scene: Scene) -> None:
        """Only an argon2id hash of the password is stored."""
        await scene.register("ali")
        (row,) = scene.store.people.values()
        assert row.password_hash is not None and row.password_hash.startswith("$argon2id$")
        assert PASSWORD not in repr(row)

    @pytest.mark.parametrize("other", ["user1", "USER1", "userl"])
    async def test_a_taken_name_with_its_look_alikes(self, scene: Scene, other: str) -> None:
        """A name belongs to one account, also while that is being made."""
        results = await asyncio.gather(scene.register("user1"), scene.register(other), return_exceptions=True)
        assert [type(result) for result in results] == [tuple, NameTaken]
        with pytest.raises(NameTaken):
            await scene.register(other)

    @pytest.mark.parametrize("name", ["", "a b", "admin", "аdmin", "x" * 33])
    async def test_an_invalid_name(self, scene: Scene, name: str) -> None:
        """The rules are those for guests."""
        with pytest.raises(InvalidName):
            await scene.register(name)

    @pytest.mark.parametrize(
        ("shown", "reason"),
        [(shown, "display_name") for shown in ("", "   ", "x" * 65)]
        + [(shown, "display_name.hidden") for shown in ("x\u202ey", "x\0", "x\u2066", "a\ud800")],
    )
    async def test_a_shown_name_that_hides_something(self, scene: Scene, shown: str, reason: str) -> None:
        """Direction marks and controls, which turn the text around them, are refused. The reason tells what is wrong."""
        with pytest.raises(BadRequest) as refused:
            await scene.register("ali", display_name=shown)
        assert refused.value.params["reason"] == reason

    async def test_a_shown_name_is_made_neat(self, scene: Scene) -> None:
        """Blanks around it and double blanks are removed; emoji and other alphabets are valid."""
        await scene.register("ali", display_name="  Али   👨‍👩‍👧 ")
        assert [account.display_name for account in scene.accounts] == ["Али 👨‍👩‍👧"]

    async def test_a_failed_store_frees_the_name(self, scene: Scene) -> None:
        """An account that could not be written leaves nothing behind."""
        scene.store.broken = Busy()
        with pytest.raises(Busy):
            await scene.register("ali")
        scene.store.broken = None
        await scene.register("ali")

    async def test_a_bad_password_makes_nothing(self, scene: Scene) -> None:
        """It is refused with its reason, and the name stays free."""
        with pytest.raises(BadRequest):
            await scene.registration.add("ali", "short")
        await scene.register("ali")


class TestGuests:
    async def test_a_token_guest_becomes_the_account(self, scene: Scene) -> None:
        """With the guest's token the account keeps uid, name and the readable part of the lobby; the token is invalid then."""
        guest, token = await scene.guests.create("user1")
        actor, fresh = await scene.register("USERl", guest=guest)
        assert (actor.uid, actor.user_id, actor.lobby_from) == (guest.uid, "user1", guest.lobby_from)
        assert actor.kind == "account"
        with pytest.raises(Unauthenticated):
            await scene.people.authenticate(token)
        login = await scene.people.authenticate(fresh)
        assert scene.told.moved == [(actor, login.session)]
        assert scene.people.find("user1") == actor and scene.store.rows == {}

    async def test_without_its_token_the_name_is_in_use(self, scene: Scene) -> None:
        """A guest's name can be taken only with the token of that guest."""
        guest, _ = await scene.guests.create("user1")
        other, _ = await scene.guests.create("vali")
        for shown in (None, other):
            with pytest.raises(NameInUse):
                await scene.register("user1", guest=shown)
        assert scene.people.find("user1") == guest

    async def test_a_guest_may_register_under_another_name(self, scene: Scene) -> None:
        """The account is a new user, and the guest stays a guest."""
        guest, token = await scene.guests.create("user1")
        actor, _ = await scene.register("ali", guest=guest)
        assert actor.uid != guest.uid and scene.told.moved == []
        assert (await scene.people.authenticate(token)).actor == guest

    async def test_a_connected_bare_guest_is_not_robbed(self, scene: Scene) -> None:
        """The name is in use while they are connected."""
        claim = scene.people.claim("user1")
        with pytest.raises(NameInUse):
            await scene.register("user1")
        scene.people.guests.release(claim)
        await scene.register("user1")

    async def test_guests_keep_out_of_an_accounts_name(self, scene: Scene) -> None:
        """With the name of an account, or one that looks the same, a bare guest is unauthenticated, and for a token guest it is
        taken."""
        await scene.register("user1")
        for name in ("user1", "userl"):
            with pytest.raises(Unauthenticated):
                scene.people.claim(name)
            with pytest.raises(NameTaken):
                await scene.people.make_guest(name)

    async def test_a_login_of_before_does_not_hold(self, scene: Scene) -> None:
        """A connection that is being opened with the guest's token does not become one of the account."""
        guest, token = await scene.guests.create("user1")
        login = await scene.people.authenticate(token)
        assert scene.people.is_current(login)
        await scene.register("user1", guest=guest)
        assert not scene.people.is_current(login)


class TestAccess:
    async def test_closed_makes_no_accounts(self) -> None:
        """Also not with an invite, and whatever the name."""
        scene = Scene("closed")
        _, code = await scene.registration.invites.create(Actor("u", "owner"), 1, 60, None)
        for name in ("ali", "a b"):
            with pytest.raises(Forbidden):
                await scene.register(name, invite=code)

    async def test_by_invitation(self) -> None:
        """An invite has a number of uses, and is checked before the name."""
        scene = Scene("invite")
        _, code = await scene.registration.invites.create(Actor("u", "owner"), 2, 60, None)
        for wrong in (None, "", "wrong"):
            with pytest.raises(Forbidden):
                await scene.register("a b", invite=wrong)
        with pytest.raises(InvalidName):
            await scene.register("a b", invite=code)
        await scene.register("ali", invite=code)
        await scene.register("vali", invite=code)
        with pytest.raises(Forbidden):
            await scene.register("soli", invite=code)

    async def test_an_invitation_expires(self) -> None:
        """After its time an invite is invalid."""
        scene = Scene("invite")
        _, code = await scene.registration.invites.create(Actor("u", "owner"), 2, 60, None)
        scene.clock.advance(60)
        with pytest.raises(Forbidden):
            await scene.register("ali", invite=code)

    async def test_an_invitation_leads_into_a_room(self) -> None:
        """An account that was registered with an invite is added to its room, any other is not."""
        scene = Scene()
        _, code = await scene.registration.invites.create(Actor("u", "owner"), 2, 60, "lobby")
        await scene.register("ali", invite=code)
        await scene.register("vali")
        assert scene.invited.joined == [("ali", "lobby")]
        with pytest.raises(Forbidden):
            await scene.register("soli", invite="wrong")

    @pytest.mark.parametrize("access", ["open", "invite", "closed"])
    async def test_the_setup_code_makes_the_owner(self, access: str) -> None:
        """A setup code is valid once, whatever `access` is. A failed attempt does not use it up."""
        scene = Scene(access)
        code = await scene.registration.setup.create()
        for wrong in ("", "wrong", code + "x"):
            with pytest.raises(Forbidden):
                await scene.register("ali", setup=wrong)
        with pytest.raises(InvalidName):
            await scene.register("a b", setup=code)
        results = await asyncio.gather(
            scene.register("ali", setup=code), scene.register("vali", setup=code), return_exceptions=True
        )
        (made, _), refused = results
        assert isinstance(made, Actor) and made.role == "owner" and isinstance(refused, Forbidden)
        assert scene.accounts.have_owner
        with pytest.raises(Forbidden):
            await scene.register("soli", setup=code)

    async def test_the_setup_code_expires(self, scene: Scene) -> None:
        """After half an hour it is invalid."""
        code = await scene.registration.setup.create()
        scene.clock.advance(SETUP_SECONDS)
        with pytest.raises(Forbidden):
            await scene.register("ali", setup=code)

    async def test_without_a_code_nobody_is_the_owner(self, scene: Scene) -> None:
        """If no code was made, none is valid."""
        with pytest.raises(Forbidden):
            await scene.register("ali", setup="")


class TestLogIn:
    async def test_by_name_and_password(self, scene: Scene) -> None:
        """Each login has its own session; names that look the same are the same."""
        actor, first = await scene.register("user1")
        for name in ("user1", "USERl"):
            again, token = await scene.log_in(name)
            assert again == actor and token != first
        assert len(await scene.sessions.of_user(actor.uid)) == 3

    async def test_every_wrong_way_has_one_answer(self, scene: Scene) -> None:
        """A wrong password, an unknown name, an invalid name and a disabled account have the same error."""
        await scene.register("ali")
        await scene.register("vali")
        await scene.administration.set_disabled("vali", True)
        told = set()
        for name, password in (("ali", OTHER), ("soli", PASSWORD), ("a b", PASSWORD), ("vali", PASSWORD), ("ali", "")):
            with pytest.raises(Unauthenticated) as refused:
                await scene.log_in(name, password)
            told.add((refused.value.text, refused.value.message("uz")))
        assert len(told) == 1

    async def test_every_wrong_way_does_the_same_work(self, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
        """One password is verified in each case, against the hash or against a dummy."""
        await scene.register("ali")
        await scene.register("vali")
        await scene.administration.set_disabled("vali", True)
        verified: list[bool] = []
        verify = scene.passwords.verify

        async def counting(password: str, stored: str | None, address: str) -> Verdict:
            verified.append(stored is not None)
            return await verify(password, stored, address)

        monkeypatch.setattr(scene.passwords, "verify", counting)
        for name in ("ali", "soli", "vali"):
            with pytest.raises(Unauthenticated):
                await scene.log_in(name, OTHER)
        assert verified == [True, False, False]

    async def test_failures_are_limited_by_name(self, scene: Scene) -> None:
        """Alike for existing and unknown names and from all addresses. After the given wait one attempt passes."""
        await scene.register("ali")
        for name in ("ali", "soli"):
            for number in range(NAME_BURST):
                with pytest.raises(Unauthenticated):
                    await scene.authentication.log_in(name, OTHER, f"192.0.2.{number}", "test")
            with pytest.raises(RateLimited) as refused:
                await scene.log_in(name)
            assert refused.value.retry_after == pytest.approx(1 / NAME_RATE)
        scene.clock.advance(1 / NAME_RATE)
        await scene.log_in("ali")

    async def test_failures_are_limited_by_address(self, scene: Scene) -> None:
        """An attack with many names from one address is stopped; other addresses can still log in."""
        await scene.register("ali")
        with pytest.raises(RateLimited):
            for number in range(1_000):
                with pytest.raises(Unauthenticated):
                    await scene.log_in(f"name{number}x", OTHER)
        await scene.authentication.log_in("ali", PASSWORD, "198.51.100.1", "test")

    async def test_success_does_not_count(self, scene: Scene) -> None:
        """A right password is no failure, and neither is the refusal of a busy server."""
        await scene.register("ali")
        for _ in range(2 * NAME_BURST - 1):
            await scene.log_in("ali")
        threads, scene.passwords._threads = scene.passwords._threads, 0
        scene.passwords._queue._limit = 0
        for _ in range(3 * NAME_BURST):
            with pytest.raises(Busy):
                await scene.log_in("ali")
        scene.passwords._threads, scene.passwords._queue._limit = threads, 10
        await scene.log_in("ali")

    async def test_many_at_once_pass_no_limit(self, scene: Scene) -> None:
        """Of a hundred concurrent attempts no more pass than of sequential ones."""
        await scene.register("ali")
        scene.passwords._limit = 1_000
        tries = await asyncio.gather(*(scene.log_in("ali", OTHER) for _ in range(100)), return_exceptions=True)
        assert sum(isinstance(one, Unauthenticated) for one in tries) == NAME_BURST
        assert sum(isinstance(one, RateLimited) for one in tries) == 100 - NAME_BURST

    async def test_old_hashes_are_renewed(self, scene: Scene) -> None:
        """A hash with outdated parameters is replaced at the next login, also if two come at once."""
        actor, _ = await scene.register("ali")
        old = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash(PASSWORD)
        await scene.accounts.change(actor.uid, password_hash=old)
        await asyncio.gather(scene.log_in("ali"), scene.log_in("ali"))
        row = scene.store.people[actor.uid]
        assert row.password_hash is not None and ",t=1," in row.password_hash
        await scene.log_in("ali")

    async def test_without_a_hash_nobody_logs_in(self, scene: Scene) -> None:
        """An account of an external login has no password."""
        actor, _ = await scene.register("ali")
        await scene.accounts.change(actor.uid, password_hash=None)
        with pytest.raises(Unauthenticated):
            await scene.log_in("ali")


class TestPassword:
    async def test_a_change_ends_every_other_session(self, scene: Scene) -> None:
        """The session that changed the password stays; the old password is wrong."""
        actor, here = await scene.register("ali")
        _, away = await scene.log_in("ali")
        login = await scene.people.authenticate(here)
        account = scene.people.accounts.require(actor.uid)
        await scene.authentication.change_password(account, PASSWORD, OTHER, login.session, HERE)
        assert (await scene.people.authenticate(here)).actor == actor
        with pytest.raises(Unauthenticated):
            await scene.people.authenticate(away)
        with pytest.raises(Unauthenticated):
            await scene.log_in("ali")
        await scene.log_in("ali", OTHER)
        assert len(scene.told.sessions) == 1

    async def test_a_login_with_the_old_password_during_a_change(self, scene: Scene) -> None:
        """It is refused: the password must also be right after its verification."""
        actor, _ = await scene.register("ali")
        account = scene.people.accounts.require(actor.uid)
        verify = scene.passwords.verify

        async def slow(password: str, stored: str | None, address: str) -> Verdict:
            verdict = await verify(password, stored, address)
            scene.accounts._add(replace(account, password_hash=await scene.passwords.hash(OTHER)))
            return verdict

        scene.passwords.verify = slow
        with pytest.raises(Unauthenticated):
            await scene.log_in("ali")

    @pytest.mark.parametrize(
        ("present", "password", "error"), [(OTHER, OTHER, Forbidden), (PASSWORD, "short", BadRequest)]
    )
    async def test_what_is_refused_changes_nothing(
        self, scene: Scene, present: str, password: str, error: type[SuhbatError]
    ) -> None:
        """A wrong current password, and an impossible new one."""
        actor, token = await scene.register("ali")
        with pytest.raises(error):
            await scene.authentication.change_password(
                scene.people.accounts.require(actor.uid), present, password, None, HERE
            )
        assert (await scene.people.authenticate(token)).actor == actor
        await scene.log_in("ali")

    async def test_guessing_the_present_password_is_limited(self, scene: Scene) -> None:
        """The limit holds also within a session, as in a browser that was left open."""
        actor, _ = await scene.register("ali")
        account = scene.people.accounts.require(actor.uid)
        for _ in range(NAME_BURST):
            with pytest.raises(Forbidden):
                await scene.authentication.change_password(account, OTHER, OTHER, None, HERE)
        with pytest.raises(RateLimited):
            await scene.authentication.change_password(account, PASSWORD, OTHER, None, HERE)


class TestAdministration:
    async def test_disabled_is_out_at_once(self, scene: Scene) -> None:
        """Every session is revoked, the account is not found, and the name stays taken. Enabled, it can log in again."""
        actor, token = await scene.register("ali")
        login = await scene.people.authenticate(token)
        await scene.administration.set_disabled("ali", True)
        assert scene.told.sessions == [login.session] and not scene.people.is_current(login)
        for refused in (scene.people.authenticate(token), scene.log_in("ali")):
            with pytest.raises(Unauthenticated):
                await refused
        assert scene.people.find("ali") is None and scene.accounts.search("al", 9) == []
        with pytest.raises(NameTaken):
            await scene.register("ali")
        await scene.administration.set_disabled("ali", False)
        assert (await scene.log_in("ali"))[0] == actor
        with pytest.raises(Unauthenticated):
            await scene.people.authenticate(token)

    async def test_a_password_given_by_the_owner_of_the_machine(self, scene: Scene) -> None:
        """Every session is revoked."""
        _, token = await scene.register("ali")
        await scene.administration.set_password("ali", OTHER)
        with pytest.raises(Unauthenticated):
            await scene.people.authenticate(token)
        await scene.log_in("ali", OTHER)

    async def test_another_role(self, scene: Scene) -> None:
        """It applies to existing tokens, and is reported for open connections."""
        _, token = await scene.register("ali")
        await scene.administration.set_role("ali", "moderator")
        assert (await scene.people.authenticate(token)).actor.role == "moderator"
        assert [actor.role for actor in scene.told.changed] == ["moderator"]

    async def test_nobody_of_that_name(self, scene: Scene) -> None:
        """UserNotFound, also for a guest."""
        await scene.guests.create("user1")
        for name in ("ali", "user1", "a b"):
            with pytest.raises(UserNotFound):
                await scene.administration.set_disabled(name, True)


async def test_people_are_found_by_the_beginning_of_a_word(scene: Scene) -> None:
    """Of the name or the display name, in any case, and by the new one after a change; an empty query finds nobody."""
    for name, shown in (("ali", "Alisher Navoiy"), ("aziz", "Aziz"), ("vali", "Ali Valiyev")):
        await scene.register(name, display_name=shown)

    def found(query: str, limit: int = 10) -> set[str]:
        return {account.user_id for account in scene.accounts.search(query, limit)}

    assert found("AL") == {"ali", "vali"} and found("nav") == {"ali"} and found("alisher n") == {"ali"}
    assert found("a") == {"ali", "aziz", "vali"} and len(found("a", 2)) == 2
    assert found("") == found(" ") == found("%") == found("x") == set()
    await scene.accounts.change(scene.accounts.of_name("aziz").uid, display_name="Bobur")
    assert found("bob") == {"aziz"} and found("azi") == {"aziz"}
    await scene.restart().load()
    assert found("bob") == {"aziz"} and found("nav") == {"ali"}


@pytest.mark.parametrize("case", VECTORS["beginnings"], ids=lambda case: case["name"])
async def test_people_are_found_by_any_beginning(scene: Scene, case: dict[str, Any]) -> None:
    """Any prefix of a display name finds it, with any apostrophe, in either alphabet."""
    await scene.register("kimdir", display_name=case["name"])
    for begun in case["typed"]:
        assert [account.user_id for account in scene.accounts.search(begun, 9)] == ["kimdir"], begun
    for other in case["not"]:
        assert scene.accounts.search(other, 9) == [], other


@pytest.mark.parametrize("typed", ["ali ", " Ali", "ALI\n", "\tali\u00a0"])
async def test_spaces_around_a_name_are_a_slip(scene: Scene, typed: str) -> None:
    """They are ignored when registering, logging in, joining as a guest and looking a user up; spaces within a name are
    refused."""
    actor, _ = await scene.register(typed)
    assert actor.user_id == "ali"
    assert (await scene.log_in(typed))[0] == actor and scene.people.find(typed) == actor
    with pytest.raises(NameTaken):
        await scene.people.make_guest(typed)
    guest, _ = await scene.people.make_guest(typed.lower().replace("ali", "vali"))
    assert guest.user_id == "vali" and scene.people.find(" vali") == guest
    with pytest.raises(InvalidName):
        await scene.register("a li")
    with pytest.raises(InvalidName):
        scene.people.claim(" soli")  # the path of a socket says exactly whom


async def test_an_account_is_written_to_while_away(scene: Scene) -> None:
    """The directory finds an account without a connection, and a bare guest only while connected."""
    actor, _ = await scene.register("ali")
    claim = scene.people.claim("user1")
    assert scene.people.find("ali") == actor and scene.people.find("user1") == claim.actor
    scene.people.guests.release(claim)
    assert scene.people.find("user1") is None and scene.people.find("a b") is None


async def test_password_work_counts_whatever_comes_of_it(scene: Scene) -> None:
    """Right passwords are limited too: for one name soon, for all names of an address later. Other addresses and this machine
    are not affected."""
    actor, _ = await scene.register("ali")

    async def again(address: str) -> None:
        await scene.authentication.log_in("ali", PASSWORD, address, "test")

    for _ in range(OWN_BURST):
        await again(HERE)
    with pytest.raises(RateLimited) as limited:
        await again(HERE)
    assert limited.value.retry_after == pytest.approx(1 / OWN_RATE)
    account = scene.people.accounts.require(actor.uid)
    for work in (
        scene.authentication.change_password(account, PASSWORD, OTHER, None, HERE),
        scene.authentication.erase(account, PASSWORD, HERE, with_messages=False),
    ):
        with pytest.raises(RateLimited):
            await work
    await again("192.0.2.2")
    for _ in range(OWN_BURST + 1):
        await again("127.0.0.1")
    with pytest.raises(RateLimited):
        for number in range(WORK_BURST - OWN_BURST + 1):
            with scene.authentication.throttle.attempt(HERE, f"name{number}"):
                pass
    assert number > WORK_BURST - OWN_BURST - 2


async def test_what_was_not_tried_does_not_count(scene: Scene) -> None:
    """If the queue is full nothing was attempted, and nothing counts."""
    for _ in range(2 * WORK_BURST):
        with suppress(Busy), scene.authentication.throttle.attempt(HERE, "ali"):
            raise Busy(retry_after=1, seconds=1)


async def test_the_address_counts_for_new_accounts(scene: Scene) -> None:
    """One address cannot register thousands of accounts; this machine can."""
    with pytest.raises(RateLimited):
        for _ in range(100):
            scene.authentication.throttle.registration(HERE)
    for _ in range(100):
        scene.authentication.throttle.registration("127.0.0.1")
