"""What changed between two revisions, and what became of one file over all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

from monitor.domain.differences import text as texts
from monitor.domain.differences.packages import PackageChange, package_changes, reader_of
from monitor.domain.differences.report import Diff, FileChange, FileVersion
from monitor.domain.differences.trees import Change, What, compare
from monitor.domain.history.entry import Entry
from monitor.domain.history.errors import BadObject
from monitor.domain.restoring.plan import shown
from monitor.domain.tree import Kind
from monitor.errors import NotFound, Refused
from monitor.ports.store import NoSuchKey
from monitor.services.at_once import each
from monitor.services.history.archive import Archive
from monitor.services.history.contents import content_of

MAX_READ = 64 * 1024 * 1024
MAX_PACKAGE_FILE = 16 * 1024 * 1024
AT_ONCE = 4

Found = TypeVar("Found")


class Diffs:
    """Compares revisions of one archive. Work runs in `pool`.

    Every call raises `NotFound`, `BadObject`, `UnknownFormat` or `StoreAway`.
    """

    def __init__(self, archive: Archive, pool: Executor) -> None:
        self._archive, self.pool = archive, pool

    async def diff(self, workspace: str, before: int, after: int, *, below: str = "", lines: bool = True) -> Diff:
        """What leads from one revision to the other; `below`: only in that file or folder. `lines`: count them."""
        headers = [await self._archive.header(workspace, seq) for seq in (before, after)]
        old, new = [await self._archive.state(workspace, seq) for seq in (before, after)]
        below = below.strip("/")
        if below and not any(one == below or one.startswith(f"{below}/") for one in (*old, *new)):
            raise _nowhere(workspace, before, after, below)
        changes = await self.run(compare, old, new, below)
        files = await self._counted(workspace, changes) if lines else [FileChange(change) for change in changes]
        packages = await self._packages(workspace, changes)
        return Diff(headers[0], headers[1], tuple(files), tuple(packages))

    async def text(self, workspace: str, before: int, after: int, path: str) -> str:
        """The unified difference of one file, empty where there is none; raises `Refused` where it is no text.

        A file that was renamed is compared with what it was before.
        """
        old, new = [await self._archive.state(workspace, seq) for seq in (before, after)]
        if path not in old and path not in new:
            raise _nowhere(workspace, before, after, path)
        changes = await self.run(compare, old, new, path)
        found = next((one for one in changes if path in {one.path, one.before.path if one.before else ""}), None)
        if found is None or found.what is What.MODE:
            return ""
        datas = [await self._bytes(workspace, entry) for entry in (found.before, found.after)]
        names = [
            f"{shown(entry.path if entry else path)} (revision {seq}{'' if entry else ', not there'})"
            for entry, seq in ((found.before, before), (found.after, after))
        ]
        said = await self.run(texts.unified, *datas, *names) if None not in datas else None
        if said is None:
            raise Refused(
                f"{shown(path)} is not a text, or is larger than {texts.MAX_BYTES} bytes.",
                hint="restore both into folders with --into to compare them",
            )
        return said

    async def versions(self, workspace: str, path: str, *, follow: bool = False) -> list[FileVersion]:
        """Every version of one path, the newest first; `follow`: also under the names it had before.

        Raises `NotFound` where no revision has it.
        """
        seqs = await self._archive.seqs(workspace)
        found: list[FileVersion] = []
        while seqs:
            versions = await self._of_path(workspace, path, seqs)
            found += versions[::-1]
            earlier = await self._earlier_name(workspace, versions, seqs) if follow else None
            if earlier is None:
                break
            path, seqs = earlier
        if not found:
            raise NotFound(
                f"No revision of {workspace} has {shown(path)!r}.",
                hint="give the path of a file as it is in the workspace; `slipway explain` says why one is not kept",
            )
        return found

    async def content(self, workspace: str, seq: int, path: str, most: int = MAX_READ) -> bytes:
        """A file's bytes as of one revision; raises `NotFound`, and `Refused` for one larger than `most`."""
        entry = (await self._archive.state(workspace, seq)).get(path)
        if entry is None or entry.kind is not Kind.FILE:
            raise NotFound(
                f"Revision {seq} of {workspace} has no file {shown(path)!r}.",
                hint="`slipway history NAME PATH` shows when it was there",
            )
        if entry.size > most:
            raise Refused(f"{shown(path)} has {entry.size} bytes, more than {most}.", hint="restore it instead")
        return await content_of(self._archive, workspace, entry, self.pool)

    async def _counted(self, workspace: str, changes: tuple[Change, ...]) -> list[FileChange]:
        """Lines of the smallest files first, as long as there is not too much to read."""
        budget, wanted = MAX_READ, set()
        for change in sorted(changes, key=_to_read):
            budget -= _to_read(change)
            if budget >= 0 and change.what not in {What.MODE, What.RENAMED}:
                wanted.add(change.path)

        async def one(change: Change) -> FileChange:
            if change.path not in wanted:
                return FileChange(change)
            datas = [await self._bytes(workspace, entry) for entry in (change.before, change.after)]
            return FileChange(change, await self.run(texts.count_lines, *datas) if None not in datas else None)

        return await each(one, changes, AT_ONCE)

    async def _packages(self, workspace: str, changes: tuple[Change, ...]) -> list[PackageChange]:
        found: list[PackageChange] = []
        for change in changes:
            if reader_of(change.path) is None or change.what in {What.MODE, What.RENAMED}:
                continue
            datas = [
                await self._bytes(workspace, entry, MAX_PACKAGE_FILE) if entry else None
                for entry in (change.before, change.after)
            ]
            found += await self.run(package_changes, change.path, *datas)
        return found

    async def _bytes(self, workspace: str, entry: Entry | None, most: int = texts.MAX_BYTES) -> bytes | None:
        """Nothing for what was not there; None for what is no file, or too large."""
        if entry is None:
            return b""
        if entry.kind is not Kind.FILE or entry.size > most:
            return None
        return await content_of(self._archive, workspace, entry, self.pool)

    async def _of_path(self, workspace: str, path: str, seqs: list[int]) -> list[FileVersion]:
        """The versions of one name, the oldest first; from its first appearance on, times where it was gone too.

        A revision that is damaged, or went meanwhile, hides no other.
        """
        bases: dict[str, Entry | None] = {}
        locks: dict[str, asyncio.Lock] = {}

        async def one(seq: int) -> FileVersion | None:
            try:
                revision = await self._archive.revision(workspace, seq)
                name = revision.header.base
                async with locks.setdefault(name, asyncio.Lock()):
                    if name not in bases:
                        bases[name] = (await self._archive.base(workspace, name)).entries.get(path)
            except (BadObject, NoSuchKey):
                return None
            entry = None if path in revision.removed else revision.changed.get(path, bases[name])
            return FileVersion(revision.header, path, entry)

        found: list[FileVersion] = []
        for version in await each(one, seqs, AT_ONCE):
            before = found[-1].entry if found else None
            if version is not None and _differs(before, version.entry):
                found.append(version)
        return found

    async def _earlier_name(
        self, workspace: str, versions: list[FileVersion], seqs: list[int]
    ) -> tuple[str, list[int]] | None:
        """What the file was called before it came under this name, and the revisions to look for that in."""
        if not versions or versions[0].header.seq == seqs[0]:
            return None
        came = versions[0].header.seq
        earlier = [seq for seq in seqs if seq < came]
        old, new = [await self._archive.state(workspace, seq) for seq in (earlier[-1], came)]
        for change in await self.run(compare, old, new):
            if change.what is What.RENAMED and change.path == versions[0].path and change.before:
                return change.before.path, earlier
        return None

    async def run(self, call: Callable[..., Found], *args: object) -> Found:
        """A piece of work in the pool."""
        return await asyncio.get_running_loop().run_in_executor(self.pool, call, *args)


def _nowhere(workspace: str, before: int, after: int, path: str) -> NotFound:
    return NotFound(
        f"Neither revision {before} nor {after} of {workspace} has {shown(path)!r}.",
        hint="`slipway history NAME PATH` shows when it was there",
    )


def _differs(before: Entry | None, after: Entry | None) -> bool:
    """A version is other bytes, another kind or mode, or being there or not; a new time alone is none."""
    if before is None or after is None:
        return before is not after
    return (before.kind, before.sha256, before.target, before.mode) != (
        after.kind,
        after.sha256,
        after.target,
        after.mode,
    )


def _to_read(change: Change) -> int:
    return (change.before.size if change.before else 0) + (change.after.size if change.after else 0)
