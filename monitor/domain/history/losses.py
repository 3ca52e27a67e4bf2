"""A deletion that takes a while is seen in pieces: revisions in which files only went, one soon after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from monitor.domain.batch import is_mass_delete
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


@dataclass(frozen=True, slots=True)
class Fall:
    """Files going, piece by piece: how many there were before it began, how many now, and when that was seen."""

    began: int
    files: int
    time_ns: int

    @property
    def is_mass(self) -> bool:
        """Whether all its pieces together are what would be a mass deletion at once."""
        return is_mass_delete(self.began, self.began - self.files)


def falling(so_far: Fall | None, before: int, files: int, time_ns: int) -> Fall | None:
    """What a revision of so many `files` after one of `before` makes of it; None where none went."""
    if files >= before:
        return None
    goes_on = so_far is not None and time_ns - so_far.time_ns <= APART_NS
    return Fall(so_far.began if so_far and goes_on else before, files, time_ns)
