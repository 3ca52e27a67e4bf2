"""Remote repositories, by way of a bare clone of our own for each workspace.

Promises every implementation keeps:

- Git runs only in that clone, with a clean environment and configuration: no hook, no filter, no helper, nothing a
  workspace, a user's or a machine's own git configuration says. A workspace's `.git` is never looked at.
- Nothing waits for a person or for ever; a call that takes too long raises `GitAway`.
- Credentials are in no argument, file of the clone, log line or error.
- Nothing at a remote is ever overwritten: a branch only moves forward.

`clone` is the workspace's name, `url` an address `parse_url` took; commits and blobs are hexadecimal names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from monitor.domain.git.leaf import Leaf, Leaves
from monitor.domain.git.names import Author
from monitor.domain.git.urls import GitUrl
from monitor.errors import Away, Conflict, Refused


class GitAway(Away):
    """The remote was not reached, or did not let us in; `reason` `git-denied` where only a credential helps."""

    reason = "git-away"


class Rejected(Conflict):
    """The remote does not take the push, most often because the branch holds what we do not know."""

    reason = "git-rejected"


class TooLarge(Refused):
    """The repository is larger than is taken from a stranger; trying again does not help."""

    reason = "git-too-large"


@dataclass(frozen=True, slots=True)
class Tip:
    """A branch at the remote and the commit it is at; None where there is no such branch."""

    branch: str
    commit: str | None


class Blobs(Protocol):
    """Reads contents, in a worker; one at a time."""

    def size(self, blob: str) -> int:
        """How many bytes it has, without reading them; raises as `read`."""
        ...

    def read(self, blob: str) -> bytes:
        """The whole content; raises `SlipwayError` where it is missing."""
        ...


class Git(Protocol):
    """See the module's promises. Raises `SlipwayError` where git itself fails."""

    async def fetch(self, clone: str, url: GitUrl, branch: str | None = None) -> Tip:
        """Bring a branch (None: the remote's default one) with all it needs; raises `GitAway`, `TooLarge`."""
        ...

    async def leaves(self, clone: str, commit: str) -> Mapping[str, Leaf]:
        """Every path of a commit; raises `NotFound` where the clone has it not, `TooLarge`."""
        ...

    def opened(self, clone: str) -> AbstractContextManager[Blobs]:
        """The contents, for as long as the block runs; blocking."""
        ...

    async def contents(self, clone: str, blobs: Sequence[str]) -> Mapping[str, bytes]:
        """Several contents at once; the caller bounds their sizes."""
        ...

    async def count(self, clone: str, old: str | None, new: str) -> int:
        """How many commits `new` has that `old` has not."""
        ...

    async def is_ancestor(self, clone: str, old: str, new: str) -> bool:
        """Whether `new` builds on `old`; false also where the clone knows one of them not."""
        ...

    async def stored(self, clone: str) -> Mapping[str, str]:
        """By their SHA-256, the blobs `put` stored before."""
        ...

    async def put(self, clone: str, contents: Mapping[str, bytes]) -> Mapping[str, str]:
        """Store contents given by their SHA-256; their blobs."""
        ...

    async def commit(
        self, clone: str, leaves: Leaves, parent: str | None, message: str, *, author: Author, at_ns: int
    ) -> str | None:
        """A commit of exactly these leaves; None where the parent has just these."""
        ...

    async def push(self, clone: str, url: GitUrl, commit: str, branch: str) -> None:
        """Move the remote's branch forward to `commit`; raises `Rejected`, `GitAway`."""
        ...

    async def mark(self, clone: str, name: str, commit: str) -> None:
        """Keep this commit in the clone, under a name of ours."""
        ...

    async def forget(self, clone: str) -> None:
        """Remove the clone; fine where there is none."""
        ...
