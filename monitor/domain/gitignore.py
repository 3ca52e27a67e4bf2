"""One ignore file: git's own pattern language, matched exactly as git matches it.

Rules come from gitignore(5) and, where that is silent, from git's `dir.c` and `wildmatch.c` (2.39): paths are
bytes, the last matching line wins, a pattern without a slash looks at the name alone, every other one at the
path below the ignore file's folder. What stands below an excluded folder is never asked about: the walker does
not enter it. Every expression is linear in the path (stars commit to their leftmost match, which is enough for
globs), so an ignore file written to be slow cannot hold up the monitor.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from monitor.domain.wildmatch import expression

MAX_PATTERNS = 5_000
_SPECIAL = re.compile(rb"[*?\[\\]")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line: `line` counts from 1, `text` is as written, `negated` lines take back earlier ones."""

    line: int
    text: str
    negated: bool
    folders_only: bool
    by_name: bool
    regex: re.Pattern[bytes] = field(repr=False)

    @property
    def literal(self) -> bool:
        """The last segment names one thing, without wildcards."""
        last = self.text.rstrip("/").rsplit("/", 1)[-1]
        return not _SPECIAL.search(last.encode("utf-8", "surrogateescape"))


class IgnoreFile:
    """The patterns of one ignore file, in their order."""

    __slots__ = ("_any_name", "_any_path", "patterns")

    def __init__(self, patterns: tuple[Pattern, ...]) -> None:
        self.patterns = patterns
        self._any_name = _any_of([p for p in patterns if p.by_name])
        self._any_path = _any_of([p for p in patterns if not p.by_name])

    def __bool__(self) -> bool:
        return bool(self.patterns)

    def match(self, path: bytes, name: bytes, is_dir: bool) -> Pattern | None:
        """The line that decides about `path` (relative to the ignore file's folder; `name` is its last segment)."""
        by_name = self._any_name is not None and self._any_name.fullmatch(name)
        by_path = self._any_path is not None and self._any_path.fullmatch(path)
        if not by_name and not by_path:
            return None
        for pattern in reversed(self.patterns):
            if pattern.folders_only and not is_dir:
                continue
            if pattern.regex.fullmatch(name if pattern.by_name else path):
                return pattern
        return None


@lru_cache(maxsize=512)
def parse(text: bytes) -> IgnoreFile:
    """An ignore file from its bytes; lines beyond 5,000 patterns are not read."""
    patterns: list[Pattern] = []
    for number, line in enumerate(text.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        pattern = _parse_line(number, line)
        if pattern is not None:
            patterns.append(pattern)
        if len(patterns) >= MAX_PATTERNS:
            break
    return IgnoreFile(tuple(patterns))


def patterns_of(lines: tuple[str, ...]) -> IgnoreFile:
    """The same language, from a list of patterns in a settings file."""
    return parse("\n".join(lines).encode("utf-8", "surrogateescape"))


def _parse_line(number: int, line: bytes) -> Pattern | None:
    line = line.removesuffix(b"\r").split(b"\0", 1)[0]
    if not line or line.startswith(b"#"):
        return None
    line = _without_trailing_spaces(line)
    body = line.removeprefix(b"!")
    folders_only = body.endswith(b"/")
    body = body.removesuffix(b"/")
    by_name = b"/" not in body
    regex = _regex(body, by_name)
    if not body or regex is None:
        return None
    shown = line.decode("utf-8", "surrogateescape")
    return Pattern(number, shown, line.startswith(b"!"), folders_only, by_name, regex)


def _without_trailing_spaces(line: bytes) -> bytes:
    kept = position = 0
    while position < len(line):
        if line[position] == ord("\\"):
            position += 2
            if position > len(line):
                return line
            kept = position
            continue
        position += 1
        if line[position - 1] != ord(" "):
            kept = position
    return line[:kept]


def _regex(body: bytes, by_name: bool) -> re.Pattern[bytes] | None:
    """None where git can never match (an open bracket, a trailing backslash)."""
    body = body if by_name else body.removeprefix(b"/")
    special = _SPECIAL.search(body)
    if special is None:
        return re.compile(re.escape(body), re.DOTALL)
    # git compares the part before the first wildcard as it stands and matches only the rest as a glob.
    split = 0 if by_name else special.start()
    rest = expression(body[split:], crosses_slashes=by_name)
    return None if rest is None else re.compile(re.escape(body[:split]) + rest, re.DOTALL)


def _any_of(patterns: list[Pattern]) -> re.Pattern[bytes] | None:
    if not patterns:
        return None
    return re.compile(b"|".join(b"(?:" + p.regex.pattern + b")" for p in patterns), re.DOTALL)
