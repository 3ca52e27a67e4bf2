"""Two texts side by side: rows of an old and a new line, with the unchanged stretches between them folded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from monitor.domain.differences.text import matched

MAX_ROWS = 4000
MAX_LINE = 1000

Line = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Row:
    """`old` and `new` are a line's number and text, None where that side has none.

    `fold`: so many unchanged lines are left out here. What is the same on both sides is `same`.
    """

    old: Line | None = None
    new: Line | None = None
    same: bool = False
    fold: int = 0

    def as_json(self) -> dict[str, Any]:
        if self.fold:
            return {"fold": self.fold}
        return {"old": self.old, "new": self.new, "same": self.same}


@dataclass(frozen=True, slots=True)
class Sides:
    """`cut`: there are more rows than these."""

    rows: tuple[Row, ...]
    cut: bool = False


def sides(old: bytes, new: bytes, context: int | None = 3) -> Sides | None:
    """Rows with `context` unchanged lines around each change (None: all of them); None where it is no text.

    At most `MAX_ROWS` rows, at most `MAX_LINE` characters of a line.
    """
    compared = matched(old, new)
    if compared is None:
        return None
    old_lines, new_lines, matcher = compared
    found = _rows(old_lines, new_lines, matcher.get_opcodes(), context)
    rows = tuple(islice(found, MAX_ROWS))
    return Sides(rows, cut=next(found, None) is not None)


def _rows(old: list[bytes], new: list[bytes], codes: list[Any], context: int | None) -> Iterator[Row]:
    for number, (what, old_at, old_end, new_at, new_end) in enumerate(codes):
        length = old_end - old_at
        if what == "equal":
            near = 0 if context is None else context
            before = length if context is None else near if number else 0
            for place in _kept(length, before, near if number < len(codes) - 1 else 0):
                yield _same(old, new, old_at + place, new_at + place) if place >= 0 else Row(fold=-place)
            continue
        for place in range(max(length, new_end - new_at)):
            left = _line(old, old_at + place) if old_at + place < old_end else None
            right = _line(new, new_at + place) if new_at + place < new_end else None
            yield Row(left, right)


def _same(old: list[bytes], new: list[bytes], old_at: int, new_at: int) -> Row:
    return Row(_line(old, old_at), _line(new, new_at), same=True)


def _kept(length: int, before: int, after: int) -> Iterator[int]:
    """The places of an unchanged stretch that are shown; a negative number is that many left out."""
    left = length - before - after
    if left <= 1:
        yield from range(length)
        return
    yield from range(before)
    yield -left
    yield from range(length - after, length)


def _line(lines: list[bytes], place: int) -> Line:
    text = lines[place].decode("utf-8", "replace").rstrip("\n").rstrip("\r")
    return place + 1, text if len(text) <= MAX_LINE else f"{text[:MAX_LINE]}…"
