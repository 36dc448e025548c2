"""ThumbHash: our own implementation of the published algorithm."""

from __future__ import annotations

import pytest

from suhbat.files.thumbhash import thumbhash


def pattern(width: int, height: int, *, fading: bool = False) -> bytes:
    """Colours and opacity without any symmetry: where a frequency is exactly zero, the order of adding decides."""
    return bytes(
        value
        for y in range(height)
        for x in range(width)
        for value in (
            (x * x + 7 * y) % 256,
            (x * y + 40) % 256,
            (3 * x + y * y) % 256,
            255 - (x * 3 + y * y) % 200 if fading else 255,
        )
    )


VECTORS: dict[tuple[int, int, bool], str] = {
    (100, 75, False): "1f08020d800426655362676372251441f786f8ceb9",
    (75, 100, False): "df070205003143346556545751452550bef2f3cbc9",
    (100, 100, True): "df078205000904253462543343f895c69fcad94f88887a8db8",
    (32, 20, True): "5a188613821a4164407672397f8ec5f48b88cf878eb726",
    (100, 1, False): "d6862e49a267787888880898dc877f8708",
    (1, 1, False): "83b8092f1408f708888788708f7088f80888808008f7870f",
    (3, 100, True): "da3786110a1a82a047273870b3fba854887888877b88f8",
    (64, 64, False): "df07020f0241634523656534651650456454f2478fcf7c0c",
}
"""Made with the author's JavaScript."""


@pytest.mark.parametrize(("width", "height", "fading"), VECTORS)
def test_vectors(width: int, height: int, fading: bool) -> None:
    """The hashes are those of the author's implementation, byte for byte."""
    assert thumbhash(width, height, pattern(width, height, fading=fading)).hex() == VECTORS[width, height, fading]


def test_one_colour() -> None:
    """A picture of one colour, and one that is wholly transparent, have a hash."""
    assert len(thumbhash(1, 1, b"\xff\0\0\xff")) >= 5
    assert len(thumbhash(3, 2, bytes(24))) >= 6


@pytest.mark.parametrize(("width", "height", "length"), [(101, 1, 404), (0, 0, 0), (2, 2, 15)])
def test_limits(width: int, height: int, length: int) -> None:
    """More than 100 pixels a side, none, or other bytes than that many are an error of the caller."""
    with pytest.raises(ValueError):
        thumbhash(width, height, bytes(length))
