"""Paths as text that any JSON parser carries: `%` and bytes that are not UTF-8 become `%XX`, all else stays itself.

Percent-decoding the text's UTF-8 bytes gives the path's bytes. In memory paths are what `os.fsdecode` gives.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from monitor.domain.history.errors import BadObject

MAX_PATH = 65_536

_ODD = re.compile("[%\ud800-\udfff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_MALFORMED = re.compile("%(?![0-9A-Fa-f]{2})")
_UNSAFE = re.compile(r"(?:^|/)\.{0,2}(?:/|\Z)|\0")


def to_text(path: str) -> str:
    """A path (or a link's target) as it is written."""
    return _ODD.sub(_percent, path) if _ODD.search(path) else path


def from_text(text: object) -> str:
    """What `to_text` was given; raises `BadObject`."""
    if type(text) is str and len(text) <= MAX_PATH and text.isascii() and "%" not in text:
        return text
    if type(text) is not str or len(text) > 3 * MAX_PATH or _SURROGATE.search(text) or _MALFORMED.search(text):
        raise BadObject(f"{str(text)[:80]!r} is not the text of a path.")
    return unquote_to_bytes(text).decode("utf-8", "surrogateescape") if "%" in text else text


def path_from_text(text: object) -> str:
    """As `from_text`, for a path that stays inside its tree; raises `BadObject`."""
    path = from_text(text)
    if _UNSAFE.search(path) or len(path) > MAX_PATH:
        raise BadObject(f"{path[:80]!r} is not a plain relative path.")
    return path


def order(path: str) -> bytes:
    """The sort key of paths: their bytes."""
    return path.encode("utf-8", "surrogateescape")


def _percent(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "surrogateescape"))
