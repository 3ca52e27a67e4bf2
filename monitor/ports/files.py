"""Workspaces on disk, seen without trusting them.

Promises every implementation keeps:

- Nothing outside the given folder is read or written, no symlink is followed (also not one put in place of a
  folder while we look), and a FIFO, socket or device is never opened. Nothing found is ever run.
- Names are carried as `os.fsdecode` gives them: bytes that are not UTF-8, newlines and 255-byte names survive.
- What vanishes or changes while we look is no error: it is missing, `Changed`, or in `Tree.unread`.
- `FolderGone` and `RootTrouble` are the only ways to say that there is nothing to see; an empty answer means empty.
- Work runs in an executor of its own; cancelling a call leaves at most one worker finishing what it holds.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from monitor.domain.filters import Overrides, Verdict
from monitor.domain.history.revision import GitHead
from monitor.domain.tree import Entry, Tree
from monitor.domain.workspace import Folder
from monitor.errors import Away, NotFound


class RootTrouble(Away):
    """The workspaces root cannot be believed: nothing may be concluded from it. A later look may succeed.

    `reason`: root-missing, root-unreadable, root-moved (another device or an empty stranger), root-empty.
    """

    reason = "root-trouble"


class FolderGone(NotFound):
    """A workspace's folder is missing, no folder, or not readable: its contents are unknown, not empty."""

    reason = "folder-gone"


@dataclass(frozen=True, slots=True)
class RootScan:
    """What stands directly under the root: folders, but for those with dot names."""

    device: int
    inode: int
    folders: tuple[Folder, ...] = ()


@dataclass(frozen=True, slots=True)
class Size:
    """How much a folder holds, everything counted; two equal measures mean that nothing was being written.

    `newest_ns` is the latest change time of anything in it.
    """

    files: int = 0
    bytes: int = 0
    newest_ns: int = 0


@dataclass(frozen=True, slots=True)
class Changed:
    """A file that was not what the tree said, or not the same before and after reading; `reason` says how.

    `gone`: it is not there any more. `refused`: it cannot be read at all and waiting does not help. `now` is the
    entry as it was seen instead, to try again with after a quiet gap.
    """

    path: str
    reason: str
    gone: bool = False
    refused: bool = False
    now: Entry | None = None


@dataclass(frozen=True, slots=True)
class Exported:
    """What one `export` did: counts, and a sentence for everything that could not be copied."""

    copied: int = 0
    removed: int = 0
    problems: tuple[str, ...] = field(default=())


class Files(Protocol):
    """See the module's promises. Every `folder` is a workspace's own folder, every path relative to it."""

    async def scan_root(self, root: Path, *, before: RootScan | None = None) -> RootScan:
        """What stands under the root; `before` is the last scan that was believed. Raises `RootTrouble`."""
        ...

    async def walk(self, folder: Path, overrides: Overrides | None = None) -> Tree:
        """The filtered tree; excluded folders are not entered. Raises `FolderGone`."""
        ...

    async def follow(self, folder: Path, overrides: Overrides, touched: frozenset[str] | None) -> Tree:
        """As `walk`, remembered for the next call: where `touched` names every path that may have changed since the
        last one for this folder, little more than these is looked at. None: everything is. One call at a time."""
        ...

    def unfollow(self, folder: Path) -> None:
        """Remember nothing of this folder any more."""
        ...

    async def explain(self, folder: Path, path: str, overrides: Overrides | None = None) -> Verdict:
        """The rule that decides about one path, there or not. Raises `FolderGone`."""
        ...

    async def size_of(self, folder: Path) -> Size:
        """A quick measure without filter, to see whether a copy is still under way. Raises `FolderGone`."""
        ...

    async def read_texts(
        self, folder: Path, tree: Tree, wanted: Callable[[str], bool], max_bytes_each: int = 256 * 1024
    ) -> dict[str, str]:
        """Texts of the tree's files that `wanted` picks; unreadable, larger and non-UTF-8 ones are left out."""
        ...

    async def read_many(self, folder: Path, entries: Sequence[Entry]) -> Mapping[str, bytes | Changed]:
        """Several files' bytes in one go, by path; the caller bounds the total size.

        Bytes only if a file was exactly its entry before and after and is old enough to be told from a later
        write; one written this very moment is `Changed` too: try again after a quiet gap.
        """
        ...

    def pieces(self, folder: Path, entry: Entry, size: int, *, as_is: bool = False) -> AsyncIterator[bytes | Changed]:
        """A file's bytes in pieces of `size`, the last one shorter; a `Changed` at last means that they were not
        exactly `entry`, and are to be thrown away. `as_is`: whatever is there, also while it is being written."""
        ...

    async def git_head(self, folder: Path) -> GitHead | None:
        """What `.git/HEAD` leads to, read from files alone; None without a repository. Raises `FolderGone`."""
        ...

    async def absent(self, folder: Path, paths: Sequence[str]) -> frozenset[str]:
        """Which paths are certainly not there any more. Raises `FolderGone` where nothing is certain."""
        ...

    async def owner(self, folder: Path) -> tuple[int, int]:
        """Uid and gid of the folder itself. Raises `FolderGone`."""
        ...

    async def identity(self, folder: Path) -> tuple[int, int, int]:
        """What is another one for another folder under the same name: device, inode, and time of birth (0 where that
        is not known; a number of an inode is given out again). Raises `FolderGone`."""
        ...

    async def readable_by(self, folder: Path, tree: Tree, uid: int, gid: int) -> bool:
        """Whether that user could read every file a running copy gets and enter every folder."""
        ...

    async def export(self, folder: Path, tree: Tree, dest: Path) -> Exported:
        """Make `dest` a readable copy of what a running instance gets: only what changed is copied, what vanished
        is removed; raises `SlipwayError` where `dest` cannot be written (retry once there is room)."""
        ...
