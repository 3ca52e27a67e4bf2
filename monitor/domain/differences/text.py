"""The difference of two texts: how many lines came and went, and the unified form people read.

Myers' algorithm ("An O(ND) Difference Algorithm", 1986), bounded: texts that have too little in common, or too
many lines, are compared coarsely instead of slowly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

MAX_BYTES = 1024 * 1024
MAX_LINES = 40_000
MAX_EDITS = 400
SNIFF = 8000


@dataclass(frozen=True, slots=True)
class LineCount:
    """Lines added and removed; `exact` False: lines that only moved are not counted."""

    added: int
    removed: int
    exact: bool = True


def is_text(data: bytes) -> bool:
    """As git has it: no NUL at the beginning."""
    return b"\0" not in data[:SNIFF]


def count_lines(old: bytes, new: bytes) -> LineCount | None:
    """None where one of them is no text, or is too large to be compared."""
    if not _comparable(old, new):
        return None
    before, after = _numbered(_lines(old), _lines(new))
    pairs = _pairs(before, after)
    if pairs is not None:
        return LineCount(len(after) - len(pairs), len(before) - len(pairs))
    gone, came = Counter(before), Counter(after)
    return LineCount((came - gone).total(), (gone - came).total(), exact=False)


def unified(old: bytes, new: bytes, before: str, after: str) -> str | None:
    """The unified difference with three lines around each change, empty for equal texts; None as `count_lines`.

    `before` and `after` are the headings. Bytes that are not UTF-8 come as U+FFFD.
    """
    compared = matched(old, new)
    if compared is None:
        return None
    old_lines, new_lines, matcher = compared
    found = [line for group in matcher.get_grouped_opcodes(3) for line in _hunk(group, old_lines, new_lines)]
    return "".join([f"--- {before}\n", f"+++ {after}\n", *found]) if found else ""


def matched(old: bytes, new: bytes) -> tuple[list[bytes], list[bytes], SequenceMatcher[bytes]] | None:
    """Both as lines, and a matcher that knows which are equal (for its opcodes alone); None as `count_lines`."""
    if not _comparable(old, new):
        return None
    old_lines, new_lines = _lines(old), _lines(new)
    numbered = _numbered(old_lines, new_lines)
    pairs = _pairs(*numbered)
    return old_lines, new_lines, _Matched(pairs if pairs is not None else _edges(*numbered), old_lines, new_lines)


def _comparable(old: bytes, new: bytes) -> bool:
    texts = is_text(old) and is_text(new) and max(len(old), len(new)) <= MAX_BYTES
    return texts and max(old.count(b"\n"), new.count(b"\n")) < MAX_LINES


def _lines(data: bytes) -> list[bytes]:
    """Only line feeds end a line; the last may be without one."""
    lines = data.split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _numbered(old: Sequence[bytes], new: Sequence[bytes]) -> tuple[list[int], list[int]]:
    """Equal lines become equal numbers, which compare fast."""
    numbers: dict[bytes, int] = {}
    return [numbers.setdefault(line, len(numbers)) for line in old], [
        numbers.setdefault(line, len(numbers)) for line in new
    ]


def _edges(old: Sequence[int], new: Sequence[int]) -> list[tuple[int, int]]:
    """The lines both begin with, and those both end with."""
    shorter = min(len(old), len(new))
    head = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    rest = shorter - head
    tail = next((i for i in range(rest) if old[-1 - i] != new[-1 - i]), rest)
    first = [(i, i) for i in range(head)]
    return first + [(len(old) - i, len(new) - i) for i in range(tail, 0, -1)]


def _pairs(old: Sequence[int], new: Sequence[int]) -> list[tuple[int, int]] | None:
    """The places of the lines both have, as many as can be in order; None beyond `MAX_EDITS` edits."""
    edges = _edges(old, new)
    head = next((n for n, pair in enumerate(edges) if pair != (n, n)), len(edges))
    tail = len(edges) - head
    middle = _myers(old[head : len(old) - tail], new[head : len(new) - tail])
    if middle is None:
        return None
    return edges[:head] + [(i + head, j + head) for i, j in middle] + edges[head:]


def _myers(old: Sequence[int], new: Sequence[int]) -> list[tuple[int, int]] | None:
    furthest = {1: 0}
    trace: list[dict[int, int]] = []
    for edits in range(min(len(old) + len(new), MAX_EDITS) + 1):
        trace.append(dict(furthest))
        for diagonal in range(-edits, edits + 1, 2):
            x = _step(furthest, diagonal, edits)
            y = x - diagonal
            while x < len(old) and y < len(new) and old[x] == new[y]:
                x, y = x + 1, y + 1
            furthest[diagonal] = x
            if x >= len(old) and y >= len(new):
                return list(_back(trace, len(old), len(new)))[::-1]
    return None


def _goes_down(furthest: dict[int, int], diagonal: int, edits: int) -> bool:
    """Whether this diagonal is reached by a line that came; else by one that went."""
    return diagonal == -edits or (diagonal != edits and furthest[diagonal - 1] < furthest[diagonal + 1])


def _step(furthest: dict[int, int], diagonal: int, edits: int) -> int:
    """How far one more edit leads on this diagonal."""
    down = _goes_down(furthest, diagonal, edits)
    return furthest[diagonal + 1] if down else furthest[diagonal - 1] + 1


def _back(trace: list[dict[int, int]], x: int, y: int) -> Iterator[tuple[int, int]]:
    """From the end to the beginning: the equal lines passed on the way."""
    for edits in range(len(trace) - 1, -1, -1):
        furthest, diagonal = trace[edits], x - y
        start_x = _step(furthest, diagonal, edits)
        while x > start_x and y > start_x - diagonal:
            x, y = x - 1, y - 1
            yield x, y
        if _goes_down(furthest, diagonal, edits):
            y -= 1
        else:
            x -= 1


class _Matched(SequenceMatcher[bytes]):
    """A matcher that was told what matches, for its grouping alone."""

    def __init__(self, pairs: Sequence[tuple[int, int]], old: Sequence[bytes], new: Sequence[bytes]) -> None:
        super().__init__(None, (), (), False)
        self._ends = [*pairs, (len(old), len(new))]

    def get_opcodes(self) -> list[tuple[str, int, int, int, int]]:  # type: ignore[override]
        found: list[tuple[str, int, int, int, int]] = []
        at_old = at_new = 0
        for old, new in self._ends:
            if (old, new) != (at_old, at_new):
                what = "replace" if old > at_old and new > at_new else "delete" if old > at_old else "insert"
                found.append((what, at_old, old, at_new, new))
            if found and found[-1][0] == "equal" and found[-1][2] == old:
                found[-1] = ("equal", found[-1][1], old + 1, found[-1][3], new + 1)
            else:
                found.append(("equal", old, old + 1, new, new + 1))
            at_old, at_new = old + 1, new + 1
        # The pair behind the last line stands for the end and is none.
        _, start, end, new_start, new_end = found.pop()
        if end - 1 > start:
            found.append(("equal", start, end - 1, new_start, new_end - 1))
        return found


def _hunk(group: Sequence[tuple[str, int, int, int, int]], old: list[bytes], new: list[bytes]) -> Iterator[str]:
    first, last = group[0], group[-1]
    yield f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@\n"
    for what, old_start, old_end, new_start, new_end in group:
        for sign, lines in (
            (" ", old[old_start:old_end] if what == "equal" else []),
            ("-", old[old_start:old_end] if what in {"replace", "delete"} else []),
            ("+", new[new_start:new_end] if what in {"replace", "insert"} else []),
        ):
            for line in lines:
                text = line.decode("utf-8", "replace")
                yield f"{sign}{text}" if text.endswith("\n") else f"{sign}{text}\n\\ No newline at end of file\n"


def _range(start: int, end: int) -> str:
    count = end - start
    begin = start + 1 if count else start
    return str(begin) if count == 1 else f"{begin},{count}"
