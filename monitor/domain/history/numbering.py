"""A revision's place: its parent, its clock segment, and what becomes of it when its number was taken."""

from __future__ import annotations

from dataclasses import replace

from monitor.domain.history.revision import CLOCK_BACK, RENUMBERED, Header
from monitor.domain.history.times import Mark, time_and_segment


def placed(header: Header, parent: Mark | None, parent_seq: int | None) -> Header:
    """The header after its parent: time, clock segment, and the flag of a clock that was set back.

    `parent` is None where the parent (`parent_seq`) cannot be read, or where there is none.
    """
    time_ns, segment, back = time_and_segment(header.time_ns, header.seq, parent)
    flags = {*header.flags} - {CLOCK_BACK} | ({CLOCK_BACK} if back else set())
    return replace(header, time_ns=time_ns, segment=segment, flags=tuple(sorted(flags)), parent=parent_seq)


def renumbered(header: Header, newest: Header) -> Header:
    """The same revision right above `newest`, flagged."""
    moved = replace(header, seq=newest.seq + 1, flags=tuple(sorted({*header.flags, RENUMBERED})))
    return placed(moved, mark_of(newest), newest.seq)


def mark_of(header: Header) -> Mark:
    return Mark(header.seq, header.time_ns, header.segment)
