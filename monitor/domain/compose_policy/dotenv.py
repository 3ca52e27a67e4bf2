"""A workspace's `.env` as names and values, read as Compose reads it and never completed from our own environment."""

from __future__ import annotations

import re
from collections.abc import Mapping

from monitor.domain.compose_policy.interpolation import Interpolation, Unreadable

MOST = 64 * 1024
_LINE = re.compile(
    r"""[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)[ \t]*(?:=|:[ \t])[ \t]*
    (?: '(?P<single>[^']*)' | "(?P<double>(?:\\.|[^"\\])*)" | (?P<bare>[^\n]*) )""",
    re.VERBOSE | re.DOTALL,
)
_COMMENT = re.compile(r"(^|\s)#.*")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$$"}


def read_dotenv(text: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """The variables of a `.env`, and a sentence for each line that says nothing readable (never its value)."""
    found: dict[str, str] = {}
    problems: list[str] = []
    text = text[:MOST].replace("\r\n", "\n").lstrip("\ufeff")
    at = 0
    while at < len(text):
        end = _line_end(text, at)
        line = text[at:end].strip()
        match = _LINE.match(text, at) if line and not line.startswith("#") else None
        if match is not None:
            end = _line_end(text, match.end())
            try:
                found[match["name"]] = _value(match, found)
            except Unreadable as error:
                problems.append(f".env: {match['name']}: {error}")
        elif line and not line.startswith("#") and not re.fullmatch(r"(export\s+)?[A-Za-z_]\w*", line):
            problems.append(f".env, line {text.count(chr(10), 0, at) + 1}: not NAME=value")
        at = end + 1
    return found, tuple(problems)


def _value(match: re.Match[str], before: Mapping[str, str]) -> str:
    if match["single"] is not None:
        return match["single"]
    if match["double"] is not None:
        escaped = re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[0]), match["double"], flags=re.DOTALL)
        return Interpolation(before).text(escaped)
    return Interpolation(before).text(_COMMENT.sub("", match["bare"]).strip())


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found
