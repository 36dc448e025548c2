"""What the command line does with an answer of the running server."""

from __future__ import annotations

from email.message import Message
from io import BytesIO
from urllib.error import HTTPError

import pytest

from suhbat.cli import local_server


@pytest.mark.parametrize(
    ("body", "code"), [(b'{"code":"forbidden","detail":"No."}', "forbidden"), (b"<html>", ""), (b"", "")]
)
def test_a_refusal_is_read_and_closed(body: bytes, code: str) -> None:
    """The code is that of the problem document, or empty for another body. The connection is closed in both cases: since
    Python 3.14 one that is left to the garbage collector is a warning."""
    answer = BytesIO(body)
    error = HTTPError("http://127.0.0.1/", 403, "Forbidden", Message(), answer)
    assert local_server._problem(error)[0] == code
    assert answer.closed
