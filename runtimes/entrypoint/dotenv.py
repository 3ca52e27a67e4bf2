"""`.env` files, read as python-dotenv and Docker Compose read them: names, quotes, comments, `${OTHER:-default}`.

Read here and nowhere else, so that what is in them never leaves the instance: neither in a label nor in a list of
variables. What the environment has already is never replaced.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterable, Mapping

MAX_BYTES = 64 * 1024
MAX_NAMES = 500
_NEVER = re.compile(r"PORT|HOST|PATH|HOME|TMPDIR|NODE_ENV|LD_\w+|SLIPWAY_\w+")
"""Decided by Slipway; NODE_ENV too: a development setting left in a folder would spoil production builds."""

_LINE = re.compile(
    r"[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*"
    r"(?:'(?P<single>(?:[^'\\]|\\.)*)'|\"(?P<double>(?:[^\"\\]|\\.)*)\"|(?P<plain>[^\r\n]*))[^\r\n]*",
    re.DOTALL,
)
_NAMED = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "'": "'", "$": "$"}


def values(folder: str, paths: Iterable[str], environment: Mapping[str, str]) -> dict[str, str]:
    """What the files at `paths` in `folder` add to `environment`; of two that name the same, the first counts."""
    found: dict[str, str] = {}
    for path in paths:
        for name, value in parsed(_text(os.path.join(folder, path)), {**found, **environment}).items():
            found.setdefault(name, value)
    return {name: value for name, value in found.items() if name not in environment}


def parsed(text: str, known: Mapping[str, str]) -> dict[str, str]:
    """Names and values of one file's text; lines that are none are passed over."""
    found: dict[str, str] = {}
    at = 0
    while at < len(text) and len(found) < MAX_NAMES:
        line = _LINE.match(text, at)
        if line and not _NEVER.fullmatch(line["name"]):
            value = _value(line, {**found, **known})
            if "\0" not in value:
                found[line["name"]] = value
        end = text.find("\n", line.end() if line else at)
        at = len(text) if end < 0 else end + 1
    return found


def _value(line: re.Match[str], known: Mapping[str, str]) -> str:
    if line["single"] is not None:
        return re.sub(r"\\([\\'])", r"\1", line["single"])
    if line["double"] is not None:
        plain = re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[0]), line["double"], flags=re.DOTALL)
    else:
        plain = re.sub(r"(^|\s+)#.*$", "", line["plain"]).rstrip()
    return _NAMED.sub(lambda m: known.get(m["name"]) or m["default"] or "", plain)


def _text(path: str) -> str:
    """The file's text; "" for what is missing, a link, no regular file, too large or not text."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    with open(fd, "rb") as file:
        info = os.fstat(file.fileno())
        if not stat.S_ISREG(info.st_mode):
            return ""
        if info.st_size > MAX_BYTES:
            sys.stderr.write(f"slipway: {os.path.basename(path)} is longer than {MAX_BYTES // 1024} KiB, not read\n")
            return ""
        try:
            return file.read(MAX_BYTES).decode("utf-8-sig")
        except (OSError, UnicodeDecodeError):
            return ""
