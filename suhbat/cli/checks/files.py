"""Checks of files in S3: whether the server answers, and whether its credentials may do what is needed."""

from __future__ import annotations

from collections.abc import Iterator

from suhbat.config import ConfigError, Settings

from .findings import Finding


def stores(settings: Settings) -> Iterator[Finding]:
    """Each bucket is asked for its first object. Nothing without S3."""
    if settings.file_bucket is None:
        return
    from suhbat.files.places import stores_of

    shown = f"s3://{settings.file_bucket.name}/{settings.file_bucket.prefix}"
    try:
        stores_of(settings).of("s3").check()
    except ConfigError as error:
        yield Finding("FAIL", str(error))
    except OSError as error:
        yield Finding("FAIL", f"{shown} cannot be used ({error}); see files and s3_endpoint")
    else:
        yield Finding("ok", f"{shown} can be read")
