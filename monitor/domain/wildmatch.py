"""One glob as a regular expression over bytes, with the meaning git's wildmatch gives it.

`?` and `[…]` never match a slash, `*` stays inside one segment, `**` between slashes crosses any number of
them. Stars are atomic groups: each commits to its leftmost match, so matching cannot explode.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_CLASSES: dict[bytes, Callable[[int], bool]] = {
    b"alnum": lambda c: chr(c).isalnum(),
    b"alpha": lambda c: chr(c).isalpha(),
    b"blank": lambda c: c in (9, 32),
    b"cntrl": lambda c: c < 32 or c == 127,
    b"digit": lambda c: 48 <= c <= 57,
    b"graph": lambda c: 33 <= c <= 126,
    b"lower": lambda c: 97 <= c <= 122,
    b"print": lambda c: 32 <= c <= 126,
    b"punct": lambda c: 33 <= c <= 126 and not chr(c).isalnum(),
    b"space": lambda c: c in (9, 10, 11, 12, 13, 32),
    b"upper": lambda c: 65 <= c <= 90,
    b"xdigit": lambda c: chr(c) in "0123456789abcdefABCDEF",
}
_SLASH, _STAR, _BACKSLASH = b"/"[0], b"*"[0], b"\\"[0]


@dataclass(frozen=True, slots=True)
class _Wild:
    """A star: `lead` is what it may swallow; `deep` ones cross slashes."""

    lead: bytes
    deep: bool


def expression(glob: bytes, *, crosses_slashes: bool) -> bytes | None:
    """A pattern for `fullmatch`, or None if the glob can match nothing.

    `crosses_slashes` is for texts that hold no slash (a bare name), where every star is alike.
    """
    tokens = _tokens(glob, crosses_slashes)
    return None if tokens is None else _joined(tokens)


def _tokens(glob: bytes, plain: bool) -> list[bytes | _Wild] | None:
    tokens: list[bytes | _Wild] = []
    at = 0
    while at < len(glob):
        byte = glob[at : at + 1]
        if byte == b"*":
            wild, at = _star(glob, at, plain)
            tokens.append(wild)
        elif byte == b"?":
            tokens.append(b"." if plain else b"[^/]")
            at += 1
        elif byte == b"[":
            found = _bracket(glob, at + 1)
            if found is None:
                return None
            members, at = found
            tokens.append(_class(members if plain else members - {_SLASH}))
        else:
            at += byte == b"\\"
            if at >= len(glob):
                return None
            tokens.append(re.escape(glob[at : at + 1]))
            at += 1
    return tokens


def _star(glob: bytes, start: int, plain: bool) -> tuple[_Wild, int]:
    end = start
    while end < len(glob) and glob[end] == _STAR:
        end += 1
    after = glob[end : end + 2]
    opens = start == 0 or glob[start - 1] == _SLASH
    if plain:
        return _Wild(b".", deep=False), end
    if end - start < 2 or not opens or not (after == b"" or after.startswith((b"/", b"\\/"))):
        return _Wild(b"[^/]", deep=False), end
    if after == b"":
        return _Wild(b"", deep=True), end
    if after.startswith(b"/"):
        return _Wild(b"*", deep=True), end + 1
    return _Wild(b"+", deep=True), end + 2


def _joined(tokens: list[bytes | _Wild]) -> bytes:
    """Each wildcard with the fixed text after it; all but the last of a kind are atomic."""
    deep = [i for i, t in enumerate(tokens) if isinstance(t, _Wild) and t.deep]
    first = deep[0] if deep else len(tokens)
    text = _segments(tokens[:first], last=not deep)
    for index, start in enumerate(deep):
        final = index + 1 == len(deep)
        end = len(tokens) if final else deep[index + 1]
        wild = tokens[start]
        assert isinstance(wild, _Wild)
        rest = _segments(tokens[start + 1 : end], last=final)
        folders = b".*" if not wild.lead else b"(?:[^/]*/)" + wild.lead + b"?"
        text += folders + rest if final else b"(?>" + folders + rest + b")"
    return text


def _segments(tokens: list[bytes | _Wild], *, last: bool) -> bytes:
    stars = [i for i, t in enumerate(tokens) if isinstance(t, _Wild)]
    text = b"".join(t for t in tokens[: stars[0] if stars else None] if isinstance(t, bytes))
    for index, start in enumerate(stars):
        final = index + 1 == len(stars)
        fixed = tokens[start + 1 : None if final else stars[index + 1]]
        wild = tokens[start]
        assert isinstance(wild, _Wild)
        after = b"".join(t for t in fixed if isinstance(t, bytes))
        if final and last:
            text += wild.lead + b"*" + after
        else:
            text += b"(?>" + wild.lead + b"*?" + after + b")"
    return text


def _bracket(glob: bytes, at: int) -> tuple[frozenset[int], int] | None:
    """The bytes a bracket stands for and where it ends; None if it never closes or names no known class."""
    negated = glob[at : at + 1] in (b"!", b"^")
    at += negated
    members: set[int] = set()
    previous: int | None = None
    first = True
    while first or glob[at : at + 1] != b"]":
        first = False
        item = _item(glob, at, previous)
        if item is None:
            return None
        found, previous, at = item
        members |= found
        if at >= len(glob):
            return None
    return frozenset(set(range(256)) - members if negated else members), at + 1


def _item(glob: bytes, at: int, previous: int | None) -> tuple[set[int], int | None, int] | None:
    """One member of a bracket: what it adds, what a following `-` would start from, where it ends."""
    if at >= len(glob):
        return None
    byte = glob[at]
    if byte == _BACKSLASH:
        return ({glob[at + 1]}, glob[at + 1], at + 2) if at + 1 < len(glob) else None
    if byte == b"-"[0] and previous is not None and glob[at + 1 : at + 2] not in (b"", b"]"):
        end = at + 1 + (glob[at + 1] == _BACKSLASH)
        return (set(range(previous, glob[end] + 1)), None, end + 1) if end < len(glob) else None
    if glob[at : at + 2] == b"[:":
        close = glob.find(b"]", at + 2)
        if close < 0:
            return None
        if close - 1 >= at + 2 and glob[close - 1] == b":"[0]:
            test = _CLASSES.get(glob[at + 2 : close - 1])
            return None if test is None else ({c for c in range(128) if test(c)}, None, close + 1)
    return {byte}, byte, at + 1


def _class(members: frozenset[int]) -> bytes:
    if not members:
        return b"(?!)"
    return b"[" + b"".join(b"\\x%02x" % c for c in sorted(members)) + b"]"
