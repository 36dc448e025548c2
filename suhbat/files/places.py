"""The stores that the settings name."""

from __future__ import annotations

from importlib.util import find_spec

from suhbat.config import ConfigError, Settings

from .local import LocalFileStore
from .store import FileStore
from .stores import FileStores


def require_extra(settings: Settings) -> None:
    """Raise ConfigError if files are in S3 and the client for it is not installed."""
    if settings.file_bucket is not None and find_spec("obstore") is None:
        raise ConfigError('Files in S3 need the extra "s3": pip install ".[s3]" in the folder of the project.')


def stores_of(settings: Settings) -> FileStores:
    """All stores that the settings name. Nothing is asked of them yet. Raises ConfigError if one cannot be used here."""
    local = LocalFileStore(settings.file_directory, shared=settings.database_url is not None)
    if settings.file_bucket is None:
        return FileStores(local)
    in_s3 = _in_s3(settings)
    return FileStores(in_s3, local) if settings.new_files_in_s3 else FileStores(local, in_s3)


def _in_s3(settings: Settings) -> FileStore:
    require_extra(settings)
    # Imported here: it takes time and memory, and most servers do not use it.
    from .s3 import S3FileStore
    from .s3_bucket import S3Bucket

    assert settings.file_bucket is not None
    name, prefix = settings.file_bucket
    try:
        return S3FileStore(S3Bucket(name, prefix, settings.s3_endpoint))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{error}; see the variables AWS_… in the environment") from None
