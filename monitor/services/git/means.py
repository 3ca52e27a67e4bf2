"""What pulling and pushing work with, and small things both need."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from monitor.domain.config_git import Git as Terms
from monitor.domain.git.leaf import Leaf, Leaves, bad_target, is_lfs_pointer
from monitor.domain.git.names import Author, parse_author
from monitor.domain.git.urls import GitUrl, is_allowed, parse_url
from monitor.domain.moments import rfc3339
from monitor.domain.sizes import MIB
from monitor.errors import Refused
from monitor.ports.clock import Clock
from monitor.ports.files import Files
from monitor.ports.git import Git, TooLarge
from monitor.ports.placing import Placing, content_id
from monitor.services.git.book import Book
from monitor.services.past.acting import Acting
from monitor.services.restore.safety import Safety
from monitor.services.restore.turns import Turns

Found = TypeVar("Found")

MAX_FILE, MAX_ALL, MAX_TARGET = 256 * MIB, 4096 * MIB, 4096
LARGE = f"larger than {MAX_FILE // MIB} MiB"
"""The most that is taken of a remote: one file (it is in memory for a moment), all of them, a link's target."""


@dataclass(frozen=True, slots=True)
class Means:
    """`protocols` a remote may be reached by, `author` of commits unless a workspace names one; `pool` for what
    blocks. `turns` are the ones restores take."""

    git: Git
    book: Book
    files: Files
    placing: Placing
    clock: Clock
    acting: Acting
    safety: Safety
    turns: Turns
    pool: Executor
    root: Path
    protocols: frozenset[str]
    author: str

    def url(self, terms: Terms) -> GitUrl:
        """The remote's address; raises `Refused` where the operator does not allow its protocol."""
        url = parse_url(terms.url)
        if not is_allowed(url, self.protocols):
            allowed = ", ".join(sorted(self.protocols)) or "none"
            raise Refused(
                f"{url.scheme} is not a protocol workspaces may use here; allowed: {allowed}",
                hint="whoever runs Slipway allows more with SLIPWAY_GIT_PROTOCOLS",
                reason="git-protocol",
            )
        return url

    def author_of(self, terms: Terms) -> Author:
        return parse_author(terms.author or self.author)

    def now(self) -> str:
        return rfc3339(self.clock.wall_ns())

    async def worker(self, work: Callable[[], Found]) -> Found:
        return await asyncio.get_running_loop().run_in_executor(self.pool, work)


@dataclass(frozen=True, slots=True)
class Contents:
    """What some leaves hold: by path a name for the content, why it is not taken (links that lead out, what is too
    large), and Git LFS pointers."""

    versions: Mapping[str, str]
    refused: Mapping[str, str]
    pointers: tuple[str, ...]


async def contents_of(means: Means, clone: str, leaves: Leaves) -> Contents:
    """Read each leaf's content once, one at a time. Raises `TooLarge` where they are too much together."""
    return await means.worker(lambda: _contents(means.git, clone, leaves.items()))


async def endless(means: Means, clone: str, leaves: Leaves) -> dict[str, str]:
    """Those that are too large to become files here, with why: as `contents_of` says it, without reading any."""
    return await means.worker(lambda: _endless(means.git, clone, leaves.items()))


def _endless(git: Git, clone: str, leaves: Iterable[tuple[str, Leaf]]) -> dict[str, str]:
    with git.opened(clone) as blobs:
        return {path: LARGE for path, leaf in leaves if leaf.is_file and blobs.size(leaf.id) > MAX_FILE}


def _contents(git: Git, clone: str, leaves: Iterable[tuple[str, Leaf]]) -> Contents:
    versions: dict[str, str] = {}
    bad: dict[str, str] = {}
    total = 0
    pointers: list[str] = []
    known: dict[str, tuple[str, bool]] = {}
    with git.opened(clone) as blobs:
        for path, leaf in leaves:
            size = blobs.size(leaf.id)
            if size > (MAX_TARGET if leaf.is_link else MAX_FILE):
                bad[path] = "a link with an endless target" if leaf.is_link else LARGE
                continue
            # One content under many names is little in git and much on disk.
            total += size
            if total > MAX_ALL:
                raise TooLarge(
                    f"the repository's files are more than {MAX_ALL // MIB:,} MiB",
                    hint="copy the part you need into the workspaces folder",
                )
            if leaf.is_link:
                target = os.fsdecode(blobs.read(leaf.id))
                versions[path] = content_id(target=target)
                if why := bad_target(path, target):
                    bad[path] = why
                continue
            if leaf.id not in known:
                data = blobs.read(leaf.id)
                known[leaf.id] = (content_id(hashlib.sha256(data).hexdigest()), is_lfs_pointer(data))
            versions[path], pointer = known[leaf.id]
            if pointer:
                pointers.append(path)
    return Contents(versions, bad, tuple(sorted(pointers)))
