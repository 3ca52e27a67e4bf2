"""What a request asks for, field by field: the wrong kind of value is refused with the field's name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from monitor.domain.streams import data_of
from monitor.domain.workspace import NAME
from monitor.errors import NotFound, UsageError

Given = Mapping[str, Any]


def workspace(request: web.Request) -> str:
    """The workspace's name in the path; raises `NotFound` for what cannot be one."""
    name = request.match_info["name"]
    if not NAME.match(name):
        raise NotFound(f"there is no workspace {name[:60]!r}", hint="`slipway list` shows all of them")
    return name


def stream(request: web.Request) -> str:
    """What the request is about: the workspace's source, with `?data=true` its data volume."""
    name = workspace(request)
    return data_of(name) if query_flag(request, "data") else name


def only(given: Given, *fields: str) -> Given:
    """`given`, if it has no other fields; raises `UsageError` naming those there are."""
    if unknown := given.keys() - set(fields):
        raise UsageError(f"unknown field {min(unknown)[:40]!r}", hint=f"fields are {', '.join(sorted(fields))}")
    return given


def text(given: Given, name: str, default: str = "") -> str:
    """A text; None counts as not given."""
    return maybe_text(given, name) or default


def maybe_text(given: Given, name: str) -> str | None:
    """A text, or None where it was not given."""
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise UsageError(f"{name} is not a text")
    return value


def flag(given: Given, name: str) -> bool:
    """True or false, false where it was not given."""
    value = given.get(name, False)
    if not isinstance(value, bool):
        raise UsageError(f"{name} is not true or false")
    return value


def maybe_number(given: Given, name: str) -> int | None:
    """A whole number above 0, or None where it was not given."""
    value = given.get(name)
    if value is not None and (type(value) is not int or value < 1):
        raise UsageError(f"{name} is not a whole number above 0")
    return value


def texts(given: Given, name: str) -> list[str]:
    """A list of texts."""
    value = given.get(name) or []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise UsageError(f"{name} is not a list of texts")
    return value


def choice(given: Given, name: str, words: Collection[str], default: str) -> str:
    """One of `words`."""
    value = text(given, name, default)
    if value not in words:
        raise UsageError(f"{name} is not one of {', '.join(words)}")
    return value


def query_text(request: web.Request, name: str) -> str:
    """A text from the query string, "" where it is not there; bytes that are no UTF-8 are a file name's own."""
    found = parse_qs(request.rel_url.raw_query_string, errors="surrogateescape").get(name)
    return found[0] if found else ""


def query_number(request: web.Request, name: str, default: int | None, most: int) -> int | None:
    """A number from the query string, from 1 to `most`."""
    said = request.query.get(name)
    if said is None:
        return default
    if not (said.isascii() and said.isdigit() and len(said) <= 19 and int(said) >= 1):
        raise UsageError(f"{name}={said[:20]!r} is not a number", hint=f"give 1 to {most}")
    return min(int(said), most)


def query_flag(request: web.Request, name: str) -> bool:
    """`?name=true`."""
    said = request.query.get(name, "false")
    if said not in {"true", "false", "1", "0", ""}:
        raise UsageError(f"{name}={said[:20]!r} is not true or false")
    return said in {"true", "1"}


def needed(request: web.Request, name: str) -> str:
    """A part of the query string that must be there."""
    said = query_text(request, name)
    if not said:
        raise UsageError(f"?{name}= is missing")
    return said
