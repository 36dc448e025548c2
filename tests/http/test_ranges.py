"""Conditional requests and ranges, as RFC 9110 says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suhbat.http.ranges import Part, choose_part

TAG = '"abc"'


@pytest.mark.parametrize(
    ("headers", "part"),
    [
        ({}, Part(200, 0, 10)),
        ({"range": "bytes=0-3"}, Part(206, 0, 4)),
        ({"range": "bytes=0-"}, Part(206, 0, 10)),
        ({"range": "bytes=9-"}, Part(206, 9, 1)),
        ({"range": "bytes=4-99"}, Part(206, 4, 6)),
        ({"range": "bytes=-3"}, Part(206, 7, 3)),
        ({"range": "bytes=-99"}, Part(206, 0, 10)),
        ({"range": "Bytes= 1-2 "}, Part(206, 1, 2)),
        ({"range": "bytes=10-"}, Part(416)),
        ({"range": "bytes=-0"}, Part(416)),
        ({"range": "bytes=5-4"}, Part(200, 0, 10)),
        ({"range": "bytes=-"}, Part(200, 0, 10)),
        ({"range": "bytes=a-b"}, Part(200, 0, 10)),
        ({"range": "bytes=0-1,3-4"}, Part(200, 0, 10)),
        ({"range": "bytes=0-9,0-9,0-9"}, Part(200, 0, 10)),
        ({"range": "pages=1-2"}, Part(200, 0, 10)),
        ({"range": "bytes=" + "9" * 4000 + "-"}, Part(200, 0, 10)),
        ({"range": "bytes=٣-٤"}, Part(200, 0, 10)),
        ({"range": "bytes=0-3", "if-range": TAG}, Part(206, 0, 4)),
        ({"range": "bytes=0-3", "if-range": '"other"'}, Part(200, 0, 10)),
        ({"range": "bytes=0-3", "if-range": f"W/{TAG}"}, Part(200, 0, 10)),
        ({"range": "bytes=0-3", "if-range": "Mon, 23 Nov 2026 09:30:00 GMT"}, Part(200, 0, 10)),
        ({"if-none-match": TAG}, Part(304)),
        ({"if-none-match": f'"x", W/{TAG}'}, Part(304)),
        ({"if-none-match": "*"}, Part(304)),
        ({"if-none-match": '"x"'}, Part(200, 0, 10)),
        ({"if-none-match": TAG, "range": "bytes=0-3"}, Part(304)),
        ({"if-match": TAG}, Part(200, 0, 10)),
        ({"if-match": "*"}, Part(200, 0, 10)),
        ({"if-match": '"x"'}, Part(412)),
        ({"if-match": f"W/{TAG}"}, Part(412)),
        ({"if-modified-since": "Mon, 23 Nov 2026 09:30:00 GMT"}, Part(200, 0, 10)),
    ],
)
def test_parts(headers: dict[str, str], part: Part) -> None:
    """Preconditions come before ranges; what is no single valid range is ignored; one that is outside is 416."""
    assert choose_part(headers, TAG, 10) == part


@given(text=st.text(alphabet="bytes=0123456789-, ", max_size=30), size=st.integers(1, 1000))
def test_any_range(text: str, size: int) -> None:
    """Whatever is asked for, a part lies within the content."""
    part = choose_part({"range": text}, TAG, size)
    assert part.status in (200, 206, 416)
    if part.status != 416:
        assert 0 <= part.start < part.start + part.length <= size
