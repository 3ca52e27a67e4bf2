"""`slipway.yaml` as a value: what a person overrides, refused with line and column where it is wrong."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from monitor.domain.config_git import Git
from monitor.domain.config_keep import Keep, Retention
from monitor.domain.config_text import ConfigError, Document, read_document
from monitor.domain.sizes import MIB

FILE = "slipway.yaml"
MAX_COMMAND = 4096


def _relative(path: str) -> str:
    """A path inside the workspace, normalised; raises ValueError for any other."""
    if path.startswith(("/", "~")) or "\\" in path or "\0" in path or re.match(r"^[A-Za-z]:", path):
        raise ValueError("must be a path relative to the workspace")
    parts = [p for p in path.split("/") if p not in {"", "."}]
    if ".." in parts:
        raise ValueError("must not contain `..`")
    if any(ord(c) < 32 for c in path):
        raise ValueError("must not contain control characters")
    return "/".join(parts)


def _below(path: str) -> str:
    if not _relative(path):
        raise ValueError("must name something inside the workspace, not the workspace itself")
    return _relative(path) + ("/" if path.endswith("/") else "")


def _command(text: str) -> str:
    if not text.strip() or "\0" in text or len(text) > MAX_COMMAND:
        raise ValueError(f"must be a command of at most {MAX_COMMAND} characters")
    return text.strip()


def _url_path(text: str) -> str:
    if not re.fullmatch(r"/[!-~]*", text):
        raise ValueError("must be a URL path that begins with `/`, without spaces")
    return text


def _base_path(text: str) -> str:
    if not re.fullmatch(r"/(?:[A-Za-z0-9._~-]+/)*(?:[A-Za-z0-9._~-]+)?", text) or "/../" in f"{text}/":
        raise ValueError("must be a URL path such as `/app/`")
    return text if text.endswith("/") else f"{text}/"


def _host(text: str) -> str:
    if not re.fullmatch(
        r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*", text
    ):
        raise ValueError("must be a host name in lower case, such as `shop.example.org`")
    return text


def _memory(value: object) -> object:
    """`512m`, `1.5g` or bytes → bytes."""
    if isinstance(value, str):
        match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)\s*([kmg])i?b?", value.strip().lower())
        if not match:
            raise ValueError("must be a size such as `512m` or `2g`")
        return int(float(match[1]) * {"k": 1024, "m": MIB, "g": 1024 * MIB}[match[2]])
    return value


def _version(value: object) -> object:
    """`version: 3.10` is a number to YAML (3.1): only text keeps what was meant."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, float):
        raise ValueError(f"must be in quotes, YAML reads it as the number {value}")
    if isinstance(value, str) and not re.fullmatch(r"[\w.,<>=~^|* +-]{1,60}", value):
        raise ValueError('must be a version such as `"3.12"`')
    return value


def _env_value(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("must be in quotes: YAML reads it as true or false")
    return str(value) if isinstance(value, int | float) else value


def _env_name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,127}", name):
        raise ValueError("must be a variable name (letters, digits, `_`)")
    if name.startswith("SLIPWAY_") or name in {"PORT", "HOST"}:
        raise ValueError("is set by Slipway and cannot be changed here (`port:` is its own key)")
    return name


def _text(value: str) -> str:
    if "\0" in value:
        raise ValueError("must not contain a NUL character")
    return value


Folder = Annotated[str, AfterValidator(_relative)]
Path = Annotated[str, AfterValidator(_below)]
Command = Annotated[str, AfterValidator(_command)]
Pattern = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_text)]
EnvName = Annotated[str, AfterValidator(_env_name)]
EnvValue = Annotated[str, BeforeValidator(_env_value), Field(max_length=32768), AfterValidator(_text)]


EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
}
"""Pydantic's kinds of error in a person's words."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Resources(_Table):
    """What one instance may use: bytes of memory, CPUs."""

    memory: Annotated[int, BeforeValidator(_memory), Field(ge=32 * MIB, le=1024 * 1024 * MIB)] | None = None
    cpus: Annotated[float, Field(ge=0.05, le=256, strict=False)] | None = None


class Sync(_Table):
    """What counts as source, in ignore-file syntax; `secrets` are kept although they look like secrets."""

    exclude: list[Pattern] = Field(default_factory=list, max_length=500)
    include: list[Pattern] = Field(default_factory=list, max_length=500)
    secrets: list[Pattern] = Field(default_factory=list, max_length=100)


class WorkspaceConfig(_Table):
    """Everything `slipway.yaml` may say; None is "not said", and what was detected stands."""

    type: Literal["node", "python", "php", "go", "ruby", "static"] | None = None
    version: Annotated[str, BeforeValidator(_version)] | None = None
    strict: bool = False
    root: Folder | None = None
    install: Command | None = None
    build: Command | None = None
    start: Command | None = None
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    health: Annotated[str, Field(max_length=1000), AfterValidator(_url_path)] | None = None
    docroot: Folder | None = None
    spa: bool | None = None
    env: dict[EnvName, EnvValue] = Field(default_factory=dict, max_length=500)
    data: list[Path] = Field(default_factory=list, max_length=100)
    base_path: Annotated[str, Field(max_length=200), AfterValidator(_base_path)] | None = None
    strip: bool | None = None
    rewrite: bool | None = None
    host: Annotated[str, AfterValidator(_host)] | None = None
    name: Annotated[str, Field(max_length=100), AfterValidator(_text)] | None = None
    icon: Path | None = None
    description: Annotated[str, Field(max_length=500), AfterValidator(_text)] | None = None
    resources: Resources = Resources()
    sync: Sync = Sync()
    keep: Keep = Keep()
    git: Git | None = None


def parse_config(text: str) -> WorkspaceConfig:
    """Read `slipway.yaml`; raises `ConfigError` with line and column, which only an edit of the file can help."""
    document = read_document(text)
    try:
        return WorkspaceConfig.model_validate(document.value)
    except ValidationError as error:
        raise _told(document, error) from None


def _told(document: Document, error: ValidationError) -> ConfigError:
    """The first thing that is wrong, said for a person, at the place where it stands."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = [p for p in first["loc"] if p != "[key]"]
    keyed = first["type"] == "extra_forbidden" or "[key]" in first["loc"]
    where = document.place(place, key=keyed)
    path = _dotted(place)
    if first["type"] == "extra_forbidden":
        return ConfigError(f"unknown key `{path}`", where, hint=_known(place))
    return ConfigError(f"`{path}` {_sentence(first)}", where)


def _dotted(place: list[Any]) -> str:
    text = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in place).lstrip(".")
    return text if len(text) <= 80 and text.isprintable() else repr(text[:80])


def _known(place: list[Any]) -> str:
    tables: dict[str, type[BaseModel]] = {
        "resources": Resources,
        "sync": Sync,
        "keep": Keep,
        "keep.retention": Retention,
        "git": Git,
    }
    model = tables.get(".".join(map(str, place[:-1])), WorkspaceConfig)
    return "known keys: " + ", ".join(model.model_fields)


def _sentence(first: Any) -> str:
    words: str = first["msg"]
    if words.startswith("Value error, "):
        return words.removeprefix("Value error, ")
    kind = EXPECTED.get(first["type"])
    return f"must be {kind}" if kind else words.replace("Input should be", "must be").replace("Input should", "must")
