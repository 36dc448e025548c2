"""Buttons as bots send them: every limit is reached, and refused one above it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from suhbat.programs.telegram import keyboards
from suhbat.programs.telegram.errors import TelegramError
from suhbat.protocol.bots import MAX_BUTTONS, MAX_IN_ROW, NewButtons, buttons_of
from suhbat.protocol.extras import MessageButton

BUTTONS: TypeAdapter[Any] = TypeAdapter(NewButtons)
LINK = "https://example.org/" + "x" * (2048 - 20)


def button(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {"label": "Ha", "id": f"{number}"} | fields


def test_the_largest() -> None:
    """A hundred buttons, eight in a row, with the longest labels, ids and links, are taken as they are."""
    rows = [[button(row * 8 + column) for column in range(MAX_IN_ROW)] for row in range(12)]
    rows.append(
        [{"label": "x" * 64, "id": "y" * 64}, {"label": "x", "url": LINK}, *(button(200 + n) for n in range(2))]
    )
    assert sum(map(len, rows)) == MAX_BUTTONS
    made = buttons_of(BUTTONS.validate_json(TypeAdapter(Any).dump_json(rows)))
    assert made[-1][:2] == (MessageButton(label="x" * 64, id="y" * 64), MessageButton(label="x", url=LINK))


@pytest.mark.parametrize(
    "rows",
    [
        [[button(number) for number in range(MAX_IN_ROW + 1)]],
        [[button(number)] for number in range(MAX_BUTTONS + 1)],
        [[button(row * 8 + column) for column in range(8)] for row in range(13)],
        [[]],
        [[button(label="")]],
        [[button(label="x" * 65)]],
        [[button(id="")]],
        [[button(id="x" * 65)]],
        [[button(url="https://example.org")]],
        [[{"label": "Ha"}]],
        [[button(), button()]],
        [[button()], [button()]],
        [[{"label": "a", "url": LINK + "x"}]],
        [[{"label": "a", "url": "javascript:alert(1)"}]],
        [[{"label": "a", "url": "https://a b"}]],
        [[{"label": "a\0", "id": "a"}]],
        [["Ha"]],
        ["Ha"],
        {"label": "Ha", "id": "a"},
    ],
)
def test_bad_ones(rows: Any) -> None:
    """Too many, too long, with two effects or none, with the same id twice, with a link that is none."""
    with pytest.raises(ValidationError):
        BUTTONS.validate_json(TypeAdapter(Any).dump_json(rows))


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("https://a.uz/x?y=@z", True), ("http://[::1]:8000/", True), ("https://\u0448.uz#x", True),
        ("javascript:alert(1)", False), ("//a.uz", False), ("https://ali@evil.uz/", False), ("https://", False),
        ("https://a.uz:x@evil.uz", False), ("https://a.uz\\@evil.uz", False), ("https://a\u202e.uz", False),
        ("https://a.uz/\u2066x", False), ("https://a.uz\n", False),
    ],
)  # fmt: skip
def test_a_link_shows_where_it_leads(url: str, fine: bool) -> None:
    """As for links in texts: no user before the host, nothing invisible. Bots of Telegram's kind are refused as well."""
    markup = {"inline_keyboard": [[{"text": "L", "url": url}]]}
    if fine:
        assert BUTTONS.validate_python([[{"label": "L", "url": url}]])[0][0].url == url
        assert keyboards.buttons_of(markup)[0][0].url == url
        return
    with pytest.raises(ValidationError):
        BUTTONS.validate_python([[{"label": "L", "url": url}]])
    with pytest.raises(TelegramError):
        keyboards.buttons_of(markup)
