"""A deletion that takes a while is seen in pieces: revisions in which files only went, one soon after the other."""

from __future__ import annotations

from typing import Protocol

from monitor.domain.moments import NS

APART_NS = 30 * NS
"""Writing revision after revision, we are done with one at the latest so long after its predecessor."""


class Counted(Protocol):
    """What is asked of a revision, or of what stands for one: how many files it holds, and when."""

    @property
    def files(self) -> int: ...
    @property
    def time_ns(self) -> int: ...


def is_piece(before: Counted, one: Counted, after: Counted) -> bool:
    """Whether `one` may be a piece of the loss that `after` is, or is a piece of: files went, and more soon after."""
    return one.files < before.files and after.time_ns - one.time_ns <= APART_NS
