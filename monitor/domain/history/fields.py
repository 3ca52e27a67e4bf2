"""Reading one field of a header or a line: exactly the type and the range the format names, or `BadObject`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from monitor.domain.history.errors import BadObject

MAX_INT = 2**63 - 1

_SHA256 = re.compile("[0-9a-f]{64}")
_WORD = re.compile("[a-z][a-z0-9-]{0,39}")


def integer(value: object, low: int = 0, high: int = MAX_INT) -> int:
    if type(value) is not int or not low <= value <= high:
        raise BadObject(f"{str(value)[:40]!r} is not a whole number from {low} to {high}.")
    return value


def sha256(value: object) -> str:
    """64 lower-case hexadecimal digits."""
    if type(value) is not str or not _SHA256.fullmatch(value):
        raise BadObject(f"{str(value)[:80]!r} is not a SHA-256 in lower-case hexadecimal.")
    return value


def word(value: object) -> str:
    """A short machine-readable word."""
    if type(value) is not str or not _WORD.fullmatch(value):
        raise BadObject(f"{str(value)[:80]!r} is not a word of lower-case letters, digits and dashes.")
    return value


def text(value: object, longest: int = 1024) -> str:
    if type(value) is not str or len(value) > longest or not value.isprintable():
        raise BadObject(f"{str(value)[:80]!r} is not a printable text of at most {longest} characters.")
    return value


def field(header: Mapping[str, Any], name: str) -> Any:
    """A field that must be there."""
    try:
        return header[name]
    except (KeyError, TypeError):
        raise BadObject(f"The field {name!r} is missing.") from None


def listed(value: object, longest: int = 10_000) -> list[Any]:
    if type(value) is not list or len(value) > longest:
        raise BadObject(f"A list of at most {longest} items was expected.")
    return value
