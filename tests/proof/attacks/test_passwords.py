"""A password costs as much as a thousand other requests: a user who has many checked must not keep others from logging
in."""

from __future__ import annotations

import threading
from collections import Counter

import pytest

from suhbat.identity.throttle import WORK_BURST
from tests.servers import PATIENCE, Server, running

from .siege import Siege, name
from .sizes import FULL

PASSWORD = "a very secret passphrase"
CHANGERS = 9
OTHERS = 18 if FULL else 6
ADDRESS = "198.51.100.1"
"""Of the nine."""


def test_one_address_changes_passwords_without_end(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nine accounts of one address change their passwords as fast as they can, each time correctly. Users of other
    addresses can all log in; the address of the nine reaches a limit with the time to wait."""
    place = tmp_path_factory.mktemp("passwords") / "data"
    with running("suhbat", place, trusted_proxies="127.0.0.1") as server:
        siege = Siege(server)
        tokens = [siege.account(name("changer"), PASSWORD) for _ in range(CHANGERS)]
        others = [name("other") for _ in range(OTHERS)]
        for other in others:
            siege.account(other, PASSWORD)
        over, answers = threading.Event(), Counter[int]()
        threads = [threading.Thread(target=_change, args=(server, token, over, answers)) for token in tokens]
        with siege.attack():
            for thread in threads:
                thread.start()
            try:
                came_in = [_log_in(siege, other, f"203.0.113.{number}") for number, other in enumerate(others)]
                limited = any(_guess(server, number) == 429 for number in range(4 * WORK_BURST))
            finally:
                over.set()
                for thread in threads:
                    thread.join(PATIENCE)
        assert came_in == [201] * OTHERS
        assert limited, "a limit of the address is reached"
        assert answers[200] > 0 and set(answers) <= {200, 429, 503}, answers


def _change(server: Server, token: str, over: threading.Event, answers: Counter[int]) -> None:
    body = {"password": PASSWORD, "current_password": PASSWORD}
    while not over.is_set():
        status, answer = server.request("PATCH", "/api/v1/me", body, token=token, **{"X-Forwarded-For": ADDRESS})
        answers[status] += 1
        assert status == 200 or answer["retry_after"] > 0


def _guess(server: Server, number: int) -> int:
    """Guess with an impossible password: it counts and takes no time, so the limit is reached on a slow machine too."""
    body = {"user_id": f"nobody{number}", "password": "x"}
    return server.request("POST", "/api/v1/sessions", body, **{"X-Forwarded-For": ADDRESS})[0]


def _log_in(siege: Siege, user_id: str, address: str) -> int:
    status, answer = siege.server.request(
        "POST", "/api/v1/sessions", {"user_id": user_id, "password": PASSWORD}, **{"X-Forwarded-For": address}
    )
    siege.secrets.add(answer.get("token", PASSWORD))
    return status
