"""Which paths of a workspace may be written from outside, by their names alone."""

from __future__ import annotations

from monitor.errors import Refused, UsageError

LONGEST, LONGEST_NAME = 4096, 255
_VERSION_CONTROL = frozenset({".git", ".hg", ".svn", ".jj"})
_OURS = ".slipway"


def checked(path: str) -> str:
    """The path as it is used: relative, `/` between its parts.

    Raises `UsageError` for what is no path inside a folder, and `Refused` for what belongs to Slipway or to a
    version control system, whose hooks and settings run on the host.
    """
    parts = path.split("/")
    try:
        raw = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise UsageError(
            "the path is not text any file system has", hint="send it as percent-encoded UTF-8"
        ) from None
    if not path or "\0" in path or {"", ".", ".."} & set(parts):
        raise UsageError("this is no path inside the workspace", hint="give it relative to its folder: src/app.js")
    if len(raw) > LONGEST or any(len(part.encode("utf-8", "surrogateescape")) > LONGEST_NAME for part in parts):
        raise UsageError("the path is too long", hint=f"{LONGEST} bytes at most, {LONGEST_NAME} in each part")
    for part in parts:
        plain = part.casefold()
        if plain in _VERSION_CONTROL:
            raise Refused(
                f"{part} is the version control system's own: what stands in it runs on this machine",
                hint="use git itself",
            )
        if plain == _OURS or plain.startswith(f"{_OURS}-"):
            raise Refused(f"{part} is Slipway's own", hint="`slipway.yaml` is the file for settings")
    return path
