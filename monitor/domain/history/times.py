"""From a moment to a revision: the highest seq with `time` ≤ T, the newest clock segment first.

Within a segment times never decrease. A clock that was set back begins a new one: what it says from then on is
believed before what an earlier, possibly wrong clock said (a day ahead and back must not mislead a restore).
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

CLAMP_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Mark:
    """What a revision's header says of time: `segment` is the first seq of its clock segment."""

    seq: int
    time_ns: int
    segment: int


@dataclass(frozen=True, slots=True)
class ClockStep:
    """Before `seq` the clock was set back: the revision before had a later time than this one."""

    seq: int
    before_ns: int
    after_ns: int


@dataclass(frozen=True, slots=True)
class Found:
    """The revision a moment leads to (None: it is before the first one), and the clock steps passed on the way."""

    mark: Mark | None
    steps: tuple[ClockStep, ...] = ()


Search = Generator[int, Mark, Found]


def search(seqs: Sequence[int], at_ns: int) -> Search:
    """Find the revision for `at_ns` among the existing `seqs` (ascending).

    A generator: it yields a seq whose `Mark` it wants sent back, and returns a `Found`; some 2·log₂(n) questions
    for each segment it passes.
    """
    end = len(seqs)
    steps: list[ClockStep] = []
    first: Mark | None = None
    while end:
        newest = yield seqs[end - 1]
        if first is not None:
            steps.append(ClockStep(first.seq, newest.time_ns, first.time_ns))
        start = _start(seqs, newest, end)
        found, first = yield from _within(seqs, start, end, newest, at_ns)
        if found is not None:
            return Found(found, tuple(steps))
        end = start
    return Found(None, tuple(steps))


def _start(seqs: Sequence[int], newest: Mark, end: int) -> int:
    """The index of the segment's first revision that still exists."""
    low, high = 0, end - 1
    while low < high:
        middle = (low + high) // 2
        if seqs[middle] < newest.segment:
            low = middle + 1
        else:
            high = middle
    return low


def _within(
    seqs: Sequence[int], start: int, end: int, newest: Mark, at_ns: int
) -> Generator[int, Mark, tuple[Mark | None, Mark]]:
    """The last mark in `[start, end)` at or before `at_ns`, and the segment's first mark."""
    if newest.time_ns <= at_ns:
        return newest, newest
    first = newest if start == end - 1 else (yield seqs[start])
    if first.time_ns > at_ns:
        return None, first
    best, low, high = first, start + 1, end - 1
    while low < high:
        middle = (low + high) // 2
        mark = yield seqs[middle]
        if mark.time_ns <= at_ns:
            best, low = mark, middle + 1
        else:
            high = middle
    return best, first


def time_and_segment(read_ns: int, seq: int, parent: Mark | None) -> tuple[int, int, bool]:
    """A new revision's time, its segment, and whether it is `clock-back`.

    Up to one second before its parent is jitter and takes the parent's time (its bytes were on disk no later than
    that either); more is kept as it is and begins a new segment.
    """
    if parent is None:
        return read_ns, seq, False
    if read_ns < parent.time_ns - CLAMP_NS:
        return read_ns, seq, True
    return max(read_ns, parent.time_ns), parent.segment, False
