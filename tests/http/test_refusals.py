"""The errors of an operation are those in its description: no others (see tests.documented), and each of them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from suhbat.errors import ERRORS, Busy, SuhbatError
from suhbat.http.refusals import response
from suhbat.protocol.problem import MEDIA_TYPE, Problem
from suhbat.protocol.types import MAX_FRAME
from tests.documented import codes, document, operations
from tests.http.conftest import PASSWORD, House

REGISTER, LOG_IN = ("POST", "/api/v1/accounts"), ("POST", "/api/v1/sessions")
JSON = {"content-type": "application/json"}


def writes() -> list[tuple[str, str]]:
    return [one for one in operations() if one[0] != "GET"]


def logged_in() -> list[tuple[str, str]]:
    """The operation needs a token; registering may have one."""
    return [one for one in operations() if "security" in operations()[one] and one != REGISTER]


def of(operation: tuple[str, str]) -> tuple[str, str, Any]:
    """Method, address and body of the example request in the description."""
    method, path = operation
    described = operations()[operation]
    for parameter in described.get("parameters", ()):
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", quote(str(parameter["example"])))
    bodies = described.get("requestBody", {}).get("content", {})
    body = bodies["application/json"]["example"] if "application/json" in bodies else None
    return method, path, body


async def ask(house: House, operation: tuple[str, str], **options: Any) -> httpx2.Response:
    """The operation's own example request, with these `headers`; `content` or `json` replace its body."""
    method, path, body = of(operation)
    if body is not None and not options.keys() & {"content", "json"}:
        options["json"] = body
    async with house.client() as client:
        return await client.request(method, path, **options)


def test_nothing_is_left_to_a_default() -> None:
    """Every operation lists its statuses, and each error status its codes; 500 is always possible."""
    for operation in operations():
        assert "default" not in operations()[operation]["responses"]
        assert codes(operation)[500] == {"internal"}
        for status, answer in operations()[operation]["responses"].items():
            assert answer["description"]
            assert (MEDIA_TYPE in answer.get("content", {})) == (status >= 400)


@pytest.mark.parametrize("error", ERRORS)
def test_an_example_of_each_error(error: type[SuhbatError]) -> None:
    """The example is a problem as the server writes it, with all placeholders filled."""
    ((code, shown),) = response([error])["content"][MEDIA_TYPE]["examples"].items()
    problem = Problem.model_validate(shown["value"])
    assert (code, problem.code, problem.status) == (error.code, error.code, error.status)
    assert "…" not in problem.detail and "{" not in problem.detail
    assert (problem.retry_after is not None) == error.retryable


def test_every_error_of_http_is_in_the_description() -> None:
    """Every error can be the answer of some operation."""
    told = {code for operation in operations() for found in codes(operation).values() for code in found}
    assert told == {error.code for error in ERRORS}


async def test_a_token_of_nobody() -> None:
    """401 where that is documented; elsewhere the token does not matter."""
    for operation in operations():
        answer = await ask(House(), operation, headers={"authorization": "Bearer nonsense"})
        assert (answer.status_code == 401) == (401 in codes(operation)), operation


async def test_who_is_banned(house: House) -> None:
    """Every operation that needs a token can answer 403."""
    headers = await house.account("aziza", "owner")
    account = house.accounts.of_name("aziza")
    assert account is not None
    house.app.state.services.bans.put(account.uid, None, on=True)
    for operation in logged_in():
        assert (await ask(house, operation, headers=headers)).status_code == 403, operation


async def test_a_foreign_page_and_a_bad_body() -> None:
    """Every write can answer 403, 400 (of files 415) and 413; but the addresses of webhooks, whose token is their authority."""
    for operation in writes():
        if operation[1].startswith("/hooks/{token}"):
            continue
        house = House()
        headers = await house.account("aziza", "owner")
        foreign = await ask(house, operation, headers=headers | {"origin": "https://evil.example"})
        plain = await ask(house, operation, headers=headers | {"content-type": "text/plain"}, content=b"x")
        large = await ask(house, operation, headers=headers | JSON, content=b" " * (MAX_FRAME + 1))
        bad = 415 if "/files" in operation[1] else 400
        assert [foreign.status_code, plain.status_code, large.status_code] == [403, bad, 413], operation


async def test_who_goes_too_fast() -> None:
    """Every operation that needs a token counts for the rate, and can answer 429."""
    for operation in logged_in():
        house = House(send_rate=1)
        headers = await house.account("aziza", "owner")
        async with house.client() as client:
            while (await client.get("/api/v1/me", headers=headers)).status_code == 200:
                pass
        assert (await ask(house, operation, headers=headers)).status_code == 429, operation


async def test_a_store_that_cannot_be_reached() -> None:
    """503 where that is documented; elsewhere the store does not matter."""
    for operation in operations():
        house = House()
        await house.account("aziza")
        house.store.broken = Busy(retry_after=1, seconds=1)
        options = {"json": {"user_id": "aziza", "password": PASSWORD}} if operation == LOG_IN else {}
        answer = await ask(house, operation, headers={"authorization": "Bearer ss_of_no_session_in_memory"}, **options)
        assert (answer.status_code == 503) == (503 in codes(operation)), operation


def test_the_names_of_the_shared_answers() -> None:
    """A response that operations share is named by its codes."""
    for name, answer in document()["components"]["responses"].items():
        assert name == "_or_".join(answer["content"][MEDIA_TYPE]["examples"])
