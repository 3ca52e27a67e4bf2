"""Which keys every S3 server keeps exactly, and how any other name is turned into one of them.

The rules come from DESIGN section 6 and from what servers were seen to do: SeaweedFS hides keys below
folders ending in `.versions` and anything below `.uploads`, and merges `\\` and `//`; control characters
and U+FFFE/U+FFFF cannot stand in the XML of a listing; some tools strip dots and spaces at a name's end.
"""

from __future__ import annotations

import re

from monitor.errors import UsageError

MAX_KEY_BYTES = 1024

# Non-UTF-8 bytes arrive as surrogates (os.fsdecode); they and `%` itself are always escaped.
_UNSAFE = re.compile("[%\\\\\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_REFUSED = re.compile("[\\\\\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_EDGES = re.compile(r"^ |[ .]$")
_ESCAPED = re.compile(rb"%([0-9A-Fa-f]{2})")


class BadKey(UsageError):
    """No S3 server keeps this key as it is: choose another; retrying never helps."""

    reason = "bad-key"


def check_key(key: str) -> None:
    """Raise `BadKey` unless every S3 server keeps `key` exactly as it is written."""
    if why := objection(key):
        raise BadKey(f"The key {key!r} cannot be kept: {why}.", hint="Escape it as mirror keys are.")


def check_prefix(prefix: str) -> None:
    """Raise `BadKey` where no key could start with `prefix`; its last, unfinished segment may be anything."""
    folder = prefix.rpartition("/")[0]
    if folder or prefix.startswith("/"):
        check_key(folder)


def objection(key: str) -> str:
    """Why `key` would not be kept exactly, as half a sentence; empty when it would."""
    if not key:
        return "it is empty"
    if _REFUSED.search(key):
        return "it holds a backslash or a character that listings cannot carry"
    if len(key.encode()) > MAX_KEY_BYTES:
        return f"it is longer than {MAX_KEY_BYTES} bytes"
    return next(filter(None, map(_segment_objection, key.split("/"))), "")


def _segment_objection(segment: str) -> str:
    if not segment:
        return "it has an empty segment (`//`, or `/` at an end)"
    if segment in {".", ".."}:
        return "a segment is `.` or `..`"
    if _is_internal(segment):
        return f"servers keep folders named like {segment!r} to themselves"
    return ""


def escape_segment(segment: str) -> str:
    """One name (no `/` in it, not empty) as a segment every server keeps; plain names stay as they are.

    Escapes are `%XX` of the name's bytes, upper case. A name's leading dot is kept plain, so that
    `.gitignore` is readable as itself.
    """
    text = _UNSAFE.sub(_percent, segment)
    text = _EDGES.sub(_percent, text)
    if _is_internal(text):
        head, _, tail = text.rpartition(".")
        text = f"{head}%2E{tail}"
    return text


def unescape_segment(segment: str) -> str:
    """The name `escape_segment` was given; a `%` that starts no escape is taken as itself."""
    data = _ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()), segment.encode())
    return data.decode("utf-8", "surrogateescape")


def _percent(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "surrogateescape"))


def _is_internal(segment: str) -> bool:
    return segment.endswith(".versions") or segment == ".uploads"
