"""Where in S3 files are, as people write it."""

from __future__ import annotations

import re
from typing import NamedTuple

SCHEME = "s3://"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


class Bucket(NamedTuple):
    """A bucket, and what the names of all objects begin with, "" for nothing."""

    name: str
    prefix: str


def parse_bucket(text: str) -> Bucket | None:
    """Parse `s3://bucket/prefix`; None if the text is a directory. Raises ValueError."""
    if not text.lower().startswith(SCHEME):
        return None
    name, _, prefix = text[len(SCHEME) :].partition("/")
    prefix = prefix.strip("/")
    if not _BUCKET.fullmatch(name) or (prefix and not _PREFIX.fullmatch(prefix)):
        raise ValueError("it does not look like s3://bucket or s3://bucket/prefix")
    return Bucket(name, prefix)
