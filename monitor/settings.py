"""The whole configuration: every setting, its default, and where its value came from.

Precedence: flags beat the environment (`SLIPWAY_*`), which beats `slipway.toml` in the data folder, which
beats the default. Relative paths are relative to the clone (the folder `slipway` is run for).
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from monitor.errors import UsageError

PREFIX = "SLIPWAY_"


class Settings(BaseModel):
    """What a person can set. Field names are the setting's name in lower case without `SLIPWAY_`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    workspaces: Path = Field(Path("workspaces"), description="The watched folder; each folder in it is a workspace.")
    data: Path = Field(Path(".slipway"), description="State, logs and the bundled store's data.")
    bind: str = Field("127.0.0.1", description="Address on which the workspaces answer.")
    dashboard_bind: str = Field("127.0.0.1", description="Address on which the dashboard and its API answer.")
    http_port: int = Field(8080, ge=1, le=65535, description="Port of the workspaces.")
    dashboard_port: int = Field(8081, ge=1, le=65535, description="Port of the dashboard and its API.")
    dashboard_url: str = Field("", description="The dashboard's own address where a proxy stands before it.")
    engine: Literal["auto", "docker", "process"] = Field("auto", description="What runs instances.")
    token: SecretStr = Field(SecretStr(""), description="The admin token; made on first start where not set.")
    domain: str = Field("localhost", description="Workspaces also answer at NAME.DOMAIN.")
    extra_ca: Path | None = Field(None, description="A CA bundle also given to installs inside containers.")
    s3_endpoint: str = Field("", description="An S3 server of your own instead of the bundled one.")
    s3_bucket: str = Field("slipway", min_length=3, max_length=63, description="The bucket everything is kept in.")
    s3_prefix: str = Field("", description="A folder inside the bucket, where several installs share one.")
    s3_region: str = Field("us-east-1", description="The S3 server's region.")
    s3_access_key: SecretStr = Field(SecretStr(""), description="Access key of your own S3 server.")
    s3_secret_key: SecretStr = Field(SecretStr(""), description="Secret key of your own S3 server.")
    docker_host: str = Field(
        "", validation_alias=AliasChoices("docker_host", "DOCKER_HOST"), description="As Docker's own tools read it."
    )
    scan_s: float = Field(30.0, ge=0.2, le=3600, description="Seconds between two full looks at the folder.")
    quiet_ms: int = Field(300, ge=0, le=60_000, description="Quiet time after which a batch of saves is settled.")
    subnets: str = Field("10.213.0.0/16", description="Range the workspaces' own small networks are cut from.")
    snapshots: str = Field("", description="When a snapshot of each workspace is made: a cron expression.")
    retention: str = Field("", description="How long what was kept stays, such as `daily=60,ttl=2y`.")
    log_json: bool = Field(False, description="Log JSON lines, on stderr too, instead of text.")
    images_days: float = Field(14, ge=1, le=3650, description="Days an unused image of ours stays on Docker's disk.")
    images_gib: float = Field(20, ge=1, le=100_000, description="GiB that images of ours may take there.")
    git_protocols: str = Field("https,ssh", description="Protocols git remotes may use: https, ssh, http, git, file.")
    git_author: str = Field("Slipway <slipway@localhost>", description="Who commits that are pushed are by.")
    git_url: str = Field("", description="Where the git token belongs: this address and everything below it.")
    git_username: str = Field("git", description="The user name that goes with the git token.")
    git_token: SecretStr = Field(SecretStr(""), description="Password or token for git_url.")
    insecure_dashboard: bool = Field(False, description="Allow the dashboard off loopback without TLS.")

    @field_validator("s3_prefix")
    @classmethod
    def _plain_prefix(cls, value: str) -> str:
        return value.strip("/")

    @field_validator("snapshots")
    @classmethod
    def _comes_due(cls, value: str) -> str:
        if value:
            # Imported here: every command would wait for what only a few need.
            from monitor.domain.config_keep import schedule_of

            schedule_of(value)
        return value

    @field_validator("retention")
    @classmethod
    def _is_policy(cls, value: str) -> str:
        if value:
            from monitor.domain.retention_policy import parse_policy

            parse_policy(value)
        return value

    @field_validator("git_protocols", "git_author", "git_url")
    @classmethod
    def _is_git(cls, value: str, info: ValidationInfo) -> str:
        from monitor.domain.git.names import parse_author
        from monitor.domain.git.urls import parse_place, parse_protocols

        check = {"git_protocols": parse_protocols, "git_author": parse_author, "git_url": parse_place}
        if value or info.field_name == "git_author":
            check[str(info.field_name)](value)
        return value

    @property
    def root(self) -> Path:
        return self.workspaces

    @property
    def own_store(self) -> bool:
        """True where an S3 server of the user's own is used instead of the bundled one."""
        return bool(self.s3_endpoint)

    @property
    def dashboard(self) -> str:
        """The dashboard's address as a person types it."""
        # By number: `localhost` may mean ::1 first, where another user of this machine could listen for the token.
        host = "127.0.0.1" if _shown(self.dashboard_bind) == "localhost" else self.dashboard_bind
        return self.dashboard_url.rstrip("/") or f"http://{host}:{self.dashboard_port}"

    @property
    def visited(self) -> str:
        """The address on which a visitor on this machine reaches the workspaces."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1", "localhost": "127.0.0.1"}.get(self.bind, self.bind)

    @property
    def workspaces_url(self) -> str:
        """The workspaces' address as a person types it."""
        return f"http://{_shown(self.bind)}:{self.http_port}"


def _shown(bind: str) -> str:
    return "localhost" if bind in {"127.0.0.1", "0.0.0.0", "::", "::1"} else bind


def load(flags: dict[str, Any] | None = None, *, base: Path | None = None) -> Settings:
    """The settings in force: `flags` (None values are not set) over environment over file over default.

    Raises `UsageError` naming the setting, its source and what would be right.
    """
    base = base or Path.cwd()
    given = {key: value for key, value in (flags or {}).items() if value is not None}
    environment = {
        key[len(PREFIX) :].lower(): value
        for key, value in os.environ.items()
        if key.startswith(PREFIX) and key[len(PREFIX) :].lower() in Settings.model_fields and value != ""
    }
    if os.environ.get("DOCKER_HOST"):
        environment.setdefault("docker_host", os.environ["DOCKER_HOST"])
    data = base / Path(given.get("data") or environment.get("data") or ".slipway")
    # Places copies go to are tables of their own (`destination_settings`), not settings of a name and a value.
    kept = {key: value for key, value in _file(data / "slipway.toml").items() if key != "destination"}
    values = {**kept, **environment, **given}
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "settings"
        raise UsageError(
            f"setting {PREFIX}{name.upper()} is not usable: {_why(first['type'], first['msg'])}",
            hint=f"it comes from {_source(name, given, environment)}; `slipway up --help` lists every setting",
        ) from None
    if settings.http_port == settings.dashboard_port and settings.bind == settings.dashboard_bind:
        raise UsageError(
            f"the workspaces and the dashboard cannot share port {settings.http_port}",
            hint="give them two: SLIPWAY_HTTP_PORT and SLIPWAY_DASHBOARD_PORT",
        )
    return settings.model_copy(
        update={"workspaces": _absolute(base, settings.workspaces), "data": _absolute(base, settings.data)}
    )


def misspelt(names: Iterable[str]) -> list[tuple[str, str]]:
    """Variables that are no setting, each with the one that was probably meant; others' are none of our business."""
    ours = [PREFIX + field.upper() for field in Settings.model_fields]
    strange = sorted(name for name in names if name.startswith(PREFIX) and name not in ours)
    meant = ((name, get_close_matches(name, ours, 1, 0.87)) for name in strange)
    return [(name, found[0]) for name, found in meant if found]


def _absolute(base: Path, path: Path) -> Path:
    return (base / path.expanduser()).resolve()


def _file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}", hint="mend the file or move it away") from None


def _why(kind: str, said: str) -> str:
    """What pydantic says is wrong, as the rest of us say it."""
    plain = {
        "extra_forbidden": "there is no setting of this name",
        "int_parsing": "must be a whole number",
        "float_parsing": "must be a number",
        "bool_parsing": "must be true or false",
    }
    return plain.get(kind) or said.removeprefix("Value error, ").replace("Input should be", "must be")


def _source(name: str, given: dict[str, Any], environment: dict[str, str]) -> str:
    if name in given:
        return "the command line"
    return "the environment" if name in environment else "slipway.toml in the data folder"
