"""The settings. Each has one name in three spellings, and its value's source is always known.

`--data` (a flag) wins over `SUHBAT_DATA` (the environment), that over `data = …` in `suhbat.toml` in the working directory,
that over the default. This module reads that file and touches the disk in no other way.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import Field, PrivateAttr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from .bucket import Bucket, parse_bucket
from .explanation import ConfigError, explain, nearest, shown
from .smtp import MailServer, Sender, parse_sender, parse_smtp
from .values import (
    BusUrl,
    DatabaseUrl,
    FilePlace,
    MailUrl,
    Networks,
    Origins,
    SenderText,
    ServerAddress,
    Size,
    WebAddress,
    WebPath,
)

PREFIX = "SUHBAT_"
FILE = Path("suhbat.toml")


class Provenance(NamedTuple):
    """A setting as shown to people: secrets are masked, and the source of the value is named."""

    name: str
    value: str
    source: str


class Settings(BaseSettings):
    """Every setting of an installation. Keyword arguments are the flags. Raises ConfigError."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on; 0.0.0.0 for every network.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on, 0 to 65535; 0 takes a free one.")
    data: Path = Field(Path("data"), description="Directory of the database, uploads and secrets; made if missing.")
    access: Literal["open", "invite", "closed"] = Field(
        "open", description="Who may join: open (guests too), invite (accounts by invitation) or closed (no new ones)."
    )
    database_url: DatabaseUrl | None = Field(
        None,
        description="A PostgreSQL database, postgresql://user:password@host/name, instead of the SQLite file in data.",
    )
    bus_url: BusUrl | None = Field(
        None, description="NATS, nats://host:4222, between several nodes over one database_url."
    )
    public_url: WebAddress | None = Field(
        None, description="The address that people open, such as https://chat.example.org, if it is not host and port."
    )
    root_path: WebPath | None = Field(
        None, description="The path below which a proxy serves Suhbat, such as /chat, if the proxy removes that path."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="What is logged: debug, info, warning or error."
    )
    announce_limit: int = Field(
        1000,
        ge=0,
        description="With more connections than this, joins and leaves are no longer announced one by one; 0 announces none.",
    )
    connections_per_address: int = Field(
        2000, ge=0, description="Connections at a time from one address; 0 for no limit."
    )
    connections: int = Field(
        50_000, ge=0, description="Connections at a time in all; 0 for no limit. Further ones get 503 and Retry-After."
    )
    guests_per_address: int = Field(
        1000, ge=0, description="Guests that one address may make in a day; 0 for no limit. Loopback has no limit."
    )
    guests: int = Field(
        50_000,
        ge=0,
        description="Guests with a token that exist at a time, from all addresses; 0 for no limit.",
    )
    send_rate: float = Field(
        50.0, ge=0, allow_inf_nan=False, description="Messages a second that one user may send; 0 for no limit."
    )
    address_rate: float = Field(
        500.0,
        ge=0,
        allow_inf_nan=False,
        description="Messages a second from one address, of all its users together; 0 for no limit.",
    )
    room_rate: float = Field(
        5000.0, ge=0, allow_inf_nan=False, description="Messages a second into one conversation; 0 for no limit."
    )
    compression: bool = Field(
        False, description="Compress messages for clients that offer it (permessage-deflate): less traffic, more CPU."
    )
    origins: Origins = Field(
        (), description="Further web origins that may connect, such as https://app.example.org, separated by commas."
    )
    trusted_proxies: Networks = Field(
        (),
        description="Addresses or networks (CIDR) of proxies whose X-Forwarded-For is trusted, separated by commas.",
    )
    metrics_token: str | None = Field(
        None,
        min_length=16,
        max_length=256,
        pattern=r"^[!-~]+$",
        description="The token for reading /metrics from another machine: 16 to 256 letters, digits and signs.",
    )
    lobby_history: Literal["since_joined", "all"] = Field(
        "since_joined", description="What users may read of the lobby: since_joined (since they exist) or all."
    )
    retention: int = Field(
        0, ge=0, le=36_500, description="Days that messages are kept, unless a room has its own value; 0 for ever."
    )
    conversations_per_person: int = Field(
        2000,
        ge=0,
        description="Conversations that one person can be in; 0 for no limit. Directs opened by others do not count until "
        "the person writes in them.",
    )
    bots: Literal["owner", "moderators", "everyone"] = Field(
        "moderators",
        description="Who may make bots: the owner of the server (owner), its moderators, too (moderators), or everyone who has "
        "an account (everyone).",
    )
    mcp: Literal["off", "read", "on"] = Field(
        "off",
        description="What language models may do at /mcp for the owner of a token: nothing (off), read messages (read), or "
        "read and send them (on).",
    )
    rooms_per_day: int = Field(100, ge=0, description="Rooms that one person can make within a day; 0 for no limit.")
    directs_per_day: int = Field(
        200, ge=0, description="New directs that one person can open within a day; 0 for no limit."
    )
    files: FilePlace | None = Field(
        None,
        description="Where uploaded files go: a directory, if it is not files in data, or s3://bucket/prefix.",
    )
    files_before: FilePlace | None = Field(
        None,
        description="Where files went before, a directory or s3://bucket/prefix, if they are to be served from there, too.",
    )
    s3_endpoint: ServerAddress | None = Field(
        None, description="The S3 server, such as https://s3.example.org, if it is not Amazon's."
    )
    file_size: Size = Field(100_000_000, ge=0, description="The largest file, in bytes or as 100MB; 0 for no files.")
    file_quota: Size = Field(
        5_000_000_000,
        ge=0,
        description="The room that the files of one account may take, in bytes or as 5GB; 0 for no limit.",
    )
    guest_files: bool = Field(False, description="Whether guests may upload files, 50 MB for each guest.")
    outgoing_allow: Networks = Field(
        (),
        description="Networks (CIDR) that pushes, webhooks and previews may reach although they are not public, then also "
        "over http, separated by commas.",
    )
    push_delay: float = Field(
        8.0,
        ge=0,
        le=3600,
        allow_inf_nan=False,
        description="Seconds after which people who are away are notified of a message, if they have not read it by then.",
    )
    smtp_url: MailUrl | None = Field(
        None,
        description="The server that takes mails, smtps://user:password@host or smtp://host:587 (STARTTLS); without it none "
        "are sent.",
    )
    mail_from: SenderText | None = Field(
        None, description="The sender of mails, such as Our chat <chat@example.org>; smtp_url needs it."
    )
    workers: int = Field(1, ge=1, le=256, description="Server processes; more than one needs bus_url.")

    _sources: dict[str, str] = PrivateAttr(default_factory=dict)
    _flags: dict[str, Any] = PrivateAttr(default_factory=dict)

    def __init__(self, **flags: Any) -> None:
        sources = {**dict.fromkeys(_read_file(), str(FILE)), **_from_environment(), **dict.fromkeys(flags, "flag")}
        try:
            super().__init__(**flags)
        except ValidationError as error:
            raise ConfigError(explain(error, sources, type(self).model_fields)) from None
        self._sources = sources
        self._flags = flags

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, InitSettingsSource(settings_cls, _read_file())

    @property
    def file_directory(self) -> Path:
        """The directory of uploaded files, now or before."""
        named = next((one for one in (self.files, self.files_before) if one and parse_bucket(one) is None), None)
        return self.data / "files" if named is None else Path(named)

    @property
    def file_bucket(self) -> Bucket | None:
        """The bucket of uploaded files, now or before."""
        named = (parse_bucket(one) for one in (self.files, self.files_before) if one is not None)
        return next((one for one in named if one is not None), None)

    @property
    def new_files_in_s3(self) -> bool:
        """Whether new files go to `file_bucket`, not to `file_directory`."""
        return self.files is not None and parse_bucket(self.files) is not None

    @property
    def mail_server(self) -> MailServer | None:
        """The server that takes mails; None if this server sends none."""
        return None if self.smtp_url is None else parse_smtp(self.smtp_url)

    @property
    def sender(self) -> Sender:
        """Whom mails come from. Only if there is a `mail_server`."""
        assert self.mail_from is not None, "smtp_url needs mail_from"
        return parse_sender(self.mail_from)

    @property
    def flags(self) -> dict[str, Any]:
        """The flags these settings were made with. The same flags give the same settings in another process."""
        return self._flags

    def provenance(self) -> tuple[Provenance, ...]:
        """Each setting with its value, secrets masked, and its source: flag, SUHBAT_…, suhbat.toml or default."""
        return tuple(
            Provenance(name, shown(name, getattr(self, name)), self._sources.get(name, "default"))
            for name in type(self).model_fields
        )

    @field_validator("log_level", "access", "lobby_history", "mcp", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.strip().lower() if isinstance(value, str) else value

    @model_validator(mode="after")
    def _are_together(self) -> Settings:
        if self.bus_url is not None and self.database_url is None:
            raise ValueError("bus_url needs database_url: several nodes work only with PostgreSQL")
        if self.smtp_url is not None and (self.mail_from is None or self.public_url is None):
            # The links in mails never come from a request: whoever asks for one could choose its Host.
            raise ValueError("smtp_url needs mail_from and public_url: a mail has a sender, and links to this server")
        is_s3 = [one is not None and parse_bucket(one) is not None for one in (self.files, self.files_before)]
        if self.files_before is not None and is_s3[0] == is_s3[1]:
            raise ValueError("files_before must be in S3 if files is a directory, and a directory if files is in S3")
        return self


def unknown_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Variables SUHBAT_… that are not settings, each with the most similar one that is (or "")."""
    found = {}
    for variable in environ:
        name = variable.upper().removeprefix(PREFIX).lower()
        if variable.upper().startswith(PREFIX) and name not in Settings.model_fields:
            near = nearest(name, Settings.model_fields)
            found[variable] = PREFIX + near.upper() if near else ""
    return found


def _read_file() -> dict[str, Any]:
    try:
        # utf-8-sig: Notepad writes a byte order mark, which TOML does not allow.
        return tomllib.loads(FILE.read_text(encoding="utf-8-sig"))
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return {}
    except OSError as error:
        raise ConfigError(f"{FILE.resolve()} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{FILE.resolve()} is not valid TOML: {error}.") from None


def _from_environment() -> dict[str, str]:
    # The case of a variable's name does not matter, as on Windows.
    given = {name.upper() for name, value in os.environ.items() if value}
    return {name: PREFIX + name.upper() for name in Settings.model_fields if PREFIX + name.upper() in given}
