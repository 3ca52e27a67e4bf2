"""What is known of a workspace and its remote, as everybody sees it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GitState:
    """`pulled` and `pushed` are commits, their times RFC 3339 UTC; `push` says when it is pushed.

    `behind`: commits at the remote that were not pulled yet, as of the last look (`looked_at`). `pushed_revision`
    is the revision the pushed commit holds, `ahead` how many revisions came since. `conflicts`: paths the last pull
    could not decide about; `error`: what went wrong last, empty once it went well.
    """

    url: str
    branch: str = ""
    push: str = "off"
    push_branch: str = ""
    pulled: str | None = None
    pulled_at: str | None = None
    pushed: str | None = None
    pushed_at: str | None = None
    pushed_revision: int | None = None
    looked_at: str | None = None
    behind: int = 0
    ahead: int = 0
    conflicts: tuple[str, ...] = ()
    error: str = ""
