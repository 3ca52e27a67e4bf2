"""How far keeping one workspace has come, as everybody may see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from monitor.domain.batch import LeftOut
from monitor.domain.history.revision import Grade
from monitor.domain.moments import rfc3339
from monitor.services.history.head import Head
from monitor.services.history.spool import Waiting


@dataclass(frozen=True, slots=True)
class HistoryState:
    """How far keeping one workspace has come.

    `revision` is the newest whose object is in the store and `kept_at` its time (RFC 3339, UTC, ns): restoring to
    that moment gives it. `pending` counts paths that are not there yet: those of the `spooled` revisions, of a batch
    under way or failed, and files that do not come to rest. `grade` is the newest revision's, wherever it is.
    """

    revision: int | None = None
    kept_at: str | None = None
    pending: int = 0
    grade: Grade = Grade.SETTLED
    unstable: tuple[str, ...] = ()
    spooled: int = 0
    error: str = ""
    left_out: LeftOut = field(default_factory=LeftOut)


def state_from(head: Head, waiting: Sequence[Waiting], error: str) -> HistoryState:
    """From what is in memory; `waiting` is its part of the spool, `error` what the whole history suffers from."""
    stored, newest = head.stored, head.header
    return HistoryState(
        revision=stored.seq if stored else None,
        kept_at=rfc3339(stored.time_ns) if stored else None,
        pending=head.changes + len(head.growing) + sum(one.changes for one in waiting),
        grade=newest.grade if newest else Grade.SETTLED,
        unstable=newest.unstable if newest else (),
        spooled=len(waiting),
        error=error or head.error,
        left_out=head.left_out,
    )
