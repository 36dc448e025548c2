"""The one form of e-mail addresses."""

from __future__ import annotations

import pytest

from suhbat.errors import BadRequest
from suhbat.identity.mail_syntax import normalised


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (" Ali@Example.ORG ", "Ali@example.org"),
        ("o'neil+chat@example.org", "o'neil+chat@example.org"),
        ("ali@почта.рф", "ali@xn--80a1acny.xn--p1ai"),
        ("a?=@example.org", "a?=@example.org"),
    ],
)
def test_what_is_taken(text: str, form: str) -> None:
    """The domain in lower case and in ASCII; the part before @ stays."""
    assert normalised(text) == form


@pytest.mark.parametrize(
    "text",
    [
        *("", "ali", "@example.org", "ali@", "ali@localhost", "ali@127.0.0.1", "a b@example.org", '"a b"@example.org'),
        *("ali@example.org, vali@example.org", "ali@example.org\nBcc: v@example.org", ".ali@example.org"),
        *("a" * 65 + "@example.org", "ali@" + "a." * 126 + "org"),
        *("=?x?q?a?=@example.org", "=?utf-8?q?a=0D=0ABcc=3A_v=40example.org?=@example.org"),
    ],
)
def test_what_is_refused(text: str) -> None:
    """What is no address of a person, and what a header would read as something else, such as encoded words."""
    with pytest.raises(BadRequest):
        normalised(text)
