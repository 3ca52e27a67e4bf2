"""The `[[destination]]` tables of `slipway.toml` in the data folder: read, written, and never shown with a secret.

[[destination]]
name = "nas"
kind = "folder"
path = "/mnt/nas/slipway"      # must exist: an unmounted share is not filled up
mode = "mirror"

[[destination]]
name = "r2"
kind = "s3"
endpoint = "https://ACCOUNT.r2.cloudflarestorage.com"
bucket = "copies"
access_key = "..."
secret_key = "..."
every = "6h"
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError, model_validator

from monitor.domain.destinations import GRACE_NS, PRIMARY, Mode, Terms
from monitor.domain.durations import DAY, HOUR, MINUTE, WEEK, seconds_of
from monitor.domain.moments import NS
from monitor.errors import Conflict, NotFound, UsageError

FILE = "slipway.toml"
TABLE = "destination"


def _span(value: object) -> object:
    """`1h` as seconds."""
    return seconds_of(value) if isinstance(value, str) else value


Span = Annotated[int, BeforeValidator(_span)]


class DestinationSettings(BaseModel):
    """One place copies go to. Spans are text such as `15m`, `6h`, `1d`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$")
    kind: Literal["folder", "s3"]
    path: Path | None = Field(None, description="folder: where it is; it must exist.")
    endpoint: str = Field("", description="s3: the server's URL, without the bucket; empty for AWS.")
    bucket: str = Field("", max_length=63, description="s3: made where it is not there.")
    prefix: str = Field("", description="A folder inside it, where it is shared with others.")
    region: str = Field("us-east-1", description="s3: its region; R2 wants `auto`.")
    access_key: SecretStr = Field(SecretStr(""), description="s3: access key.")
    secret_key: SecretStr = Field(SecretStr(""), description="s3: secret key.")
    mode: Mode = Field(Mode.INCREMENTAL, description="incremental only adds; mirror also removes, after `grace`.")
    every: Span = Field(HOUR, ge=MINUTE, le=30 * DAY, description="How often it is copied to.")
    verify_every: Span = Field(WEEK, ge=HOUR, description="How often all of it is read back.")
    grace: Span = Field(GRACE_NS // NS, ge=GRACE_NS // NS, description="How long removals wait: a day at least.")

    @model_validator(mode="after")
    def _fits_its_kind(self) -> DestinationSettings:
        if self.name == PRIMARY:
            raise ValueError(f"'{PRIMARY}' is what the store itself is called")
        if self.kind == "folder" and (self.path is None or not self.path.expanduser().is_absolute()):
            raise ValueError("a folder needs its absolute `path`")
        if self.kind == "s3" and not (self.bucket and self.access_key and self.secret_key):
            raise ValueError(
                "an S3 server needs `bucket`, `access_key` and `secret_key` (and `endpoint`, but for AWS)"
            )
        if "@" in urlsplit(self.endpoint).netloc:
            raise ValueError("credentials do not belong into `endpoint`: use `access_key` and `secret_key`")
        return self

    def differs(self, fields: Mapping[str, str | None]) -> str:
        """The first of these options that says another place than this; "" where none does."""
        own = {"path": self.path, "endpoint": self.endpoint, "bucket": self.bucket, "prefix": self.prefix}
        given = {name: Path(said) if name == "path" else said for name, said in fields.items() if said}
        return next((name for name in own if name in given and given[name] != own[name]), "")

    @property
    def where(self) -> str:
        """The place in words, without secrets."""
        tail = f"/{self.prefix.strip('/')}" if self.prefix.strip("/") else ""
        if self.kind == "folder":
            return f"{self.path}{tail}"
        return f"{self.endpoint or 'AWS'} {self.bucket}{tail}"

    @property
    def terms(self) -> Terms:
        return Terms(
            name=self.name,
            where=self.where,
            kind=self.kind,
            mode=self.mode,
            every_s=float(self.every),
            verify_every_s=float(self.verify_every),
            grace_ns=self.grace * NS,
        )


def destinations_in(data: Path) -> tuple[DestinationSettings, ...]:
    """The destinations set in the data folder; raises `UsageError` naming the table and what would be right."""
    return parsed(text_of(data / FILE), data / FILE)


def parsed(text: str, path: Path) -> tuple[DestinationSettings, ...]:
    """The destinations in a `slipway.toml`'s text; `path` is for errors."""
    try:
        tables = tomllib.loads(text).get(TABLE, [])
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} cannot be read: {error}", hint="mend the file or move it away") from None
    if not isinstance(tables, list):
        raise UsageError(f"{path}: `{TABLE}` is a list of tables", hint=f"write [[{TABLE}]] above each one")
    found = tuple(_one(table, number, path) for number, table in enumerate(tables, 1))
    if len({one.name for one in found}) != len(found):
        raise UsageError(f"{path}: two destinations have one name", hint="give each its own")
    return found


def with_one_more(text: str, path: Path, table: dict[str, Any]) -> str:
    """The text with another `[[destination]]` at its end; raises `UsageError`, or `Conflict` for a name in use."""
    made = _one(table, 1, path)
    if made.name in {one.name for one in parsed(text, path)}:
        raise Conflict(f"there is a destination {made.name} already", hint="remove it first, or choose another name")
    # JSON's strings, numbers and booleans are TOML's, but for DEL.
    lines = (
        f"{key} = {json.dumps(value, ensure_ascii=False)}".replace("\x7f", "\\u007f") for key, value in table.items()
    )
    return (f"{text.rstrip()}\n\n" if text.strip() else "") + "\n".join((f"[[{TABLE}]]", *lines)) + "\n"


def without_one(text: str, path: Path, name: str) -> str:
    """The text without that destination's table, all else as it was; raises `NotFound`, or `Conflict` if unsure."""
    before = parsed(text, path)
    if name not in {one.name for one in before}:
        raise NotFound(f"there is no destination {name!r} in {path}", hint="`slipway backup list` shows them")
    blocks = _blocks(text)
    for number, block in enumerate(blocks):
        if not block.lstrip().startswith(f"[[{TABLE}]]"):
            continue
        rest = "".join(blocks[:number] + blocks[number + 1 :])
        try:
            if parsed(rest, path) == tuple(one for one in before if one.name != name):
                return rest
        except UsageError:
            continue
    raise Conflict(f"{path} is written in a way that is not edited here", hint=f"remove the table of {name} by hand")


def _blocks(text: str) -> list[str]:
    """The text cut before each line that begins a table."""
    blocks = [""]
    for line in text.splitlines(keepends=True):
        if line.lstrip().startswith("["):
            blocks.append("")
        blocks[-1] += line
    return blocks


def _one(table: Any, number: int, path: Path) -> DestinationSettings:
    try:
        return DestinationSettings.model_validate(table)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "it"
        name = table.get("name", number) if isinstance(table, dict) else number
        raise UsageError(
            f"{path}, destination {name}: {field} is not usable: {first['msg'].removeprefix('Value error, ')}",
            hint="`slipway backup add --help` explains every field",
        ) from None


def text_of(path: Path) -> str:
    """What the file holds, "" where there is none; raises `UsageError`."""
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}", hint="mend the file or move it away") from None
