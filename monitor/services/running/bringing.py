"""What a command changed in its working copy, put back into the workspace's folder as one revision.

Nothing that is there is overwritten unseen: what was changed meanwhile stays and is named, and what is replaced
stands in the revision before. Files the filter leaves out (secrets, builds, dependencies) do not come back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.domain.bringing import Bringing, Sides, bring
from monitor.domain.command import ComesBack
from monitor.domain.history.entry import Entry as Kept
from monitor.domain.history.revision import Why
from monitor.domain.tree import Entry, Kind, Tree
from monitor.errors import SlipwayError
from monitor.ports.files import Files
from monitor.ports.placing import Job, Link, Orders, Phase, Placing, Problem, Stage, Stamp, content_id
from monitor.services.history.history import History
from monitor.services.restore.displacing import keep_displaced
from monitor.services.restore.safety import HistorySafety, seen
from monitor.services.restore.turns import Turns
from monitor.services.survey import Look

PIECE = 8 * 1024 * 1024
SHOWN = 100


@dataclass(frozen=True, slots=True)
class Brought:
    """What came of it: paths written and removed, conflicts, what was left out and why, and the revision."""

    bringing: Bringing
    left_out: tuple[tuple[str, str], ...] = ()
    problems: tuple[Problem, ...] = ()
    revision: int | None = None

    @property
    def complete(self) -> bool:
        return not self.bringing.conflicts and not self.problems

    def as_json(self) -> dict[str, Any]:
        """Lists are cut at 100 names each; the counts are whole."""
        said = self.bringing
        return {
            "revision": self.revision,
            "written": list(said.written[:SHOWN]),
            "written_count": len(said.written),
            "removed": list(said.removed[:SHOWN]),
            "removed_count": len(said.removed),
            "conflicts": list(said.conflicts[:SHOWN]),
            "left_out": [{"path": path, "reason": reason} for path, reason in self.left_out[:SHOWN]],
            "problems": [{"path": one.path, "reason": one.reason} for one in self.problems[:SHOWN]],
        }


@dataclass(frozen=True, slots=True)
class Bringer:
    """Brings back; holds the workspace's turn only while it places, never while the command runs."""

    files: Files
    placing: Placing
    history: History
    turns: Turns
    root: Path

    async def bring(self, job: str, name: str, folder: Path, look: Look, copy: Path) -> Brought:
        """Compare `copy` (what the command left) with `look` (what it was given) and with the folder as it is now.

        Raises `FolderGone`, `Conflict`, `SlipwayError` (`disk-full`): nothing was changed then.
        """
        made = await self.files.walk(copy, look.overrides)
        async with self.turns.hold(name, "bringing back what a command changed"):
            now, _ = await seen(self.files, folder)
            said = bring(await self._sides(folder, look, copy, now, made))
            left_out = tuple((x.path, x.reason) for x in made.excluded if x.path not in _known(look.tree))
            if not said.written and not said.removed:
                return Brought(said, left_out)
            return await self._placed(job, name, folder, said, copy, made, left_out)

    async def _sides(self, folder: Path, look: Look, copy: Path, now: Tree, made: Tree) -> Sides:
        comes = ComesBack(look.launch.files, look.spec.data if look.spec else ())
        base = {path: entry for path, entry in look.tree.entries.items() if comes(path)}
        both = [p for p, e in made.entries.items() if e.kind is Kind.FILE and _file_of(now, p, e.size)]
        here, there = await self.placing.look(folder, both), await self.placing.look(copy, both)
        same = {p for p in both if p in here and p in there and here[p].sha256 == there[p].sha256}
        gone = await self.files.absent(copy, [p for p in base if p not in made])
        return Sides(base, now.entries, made.entries, gone, same)

    async def _placed(
        self,
        job: str,
        name: str,
        folder: Path,
        said: Bringing,
        copy: Path,
        made: Tree,
        left_out: tuple[tuple[str, str], ...],
    ) -> Brought:
        before = await self._kept(name, folder, Why.BEFORE_RUN)
        stage = await self.placing.begin(Job(job, self.root, name, folder))
        try:
            await self._stage(stage, copy, [made.entries[path] for path in said.written])
            problems = await stage.place(_orders(said, made, before))
        except BaseException:
            await (stage.end() if stage.phase is Phase.STAGING else stage.leave())
            raise
        await keep_displaced(stage, HistorySafety(self.history, self.files))
        await self._kept(name, folder, Why.RUN)
        newest = self.history.newest(name)
        return Brought(said, left_out, problems, newest.seq if newest else None)

    async def _stage(self, stage: Stage, copy: Path, entries: list[Entry]) -> None:
        room = await stage.room()
        if (wanted := sum(e.size for e in entries)) > room:
            raise SlipwayError(
                f"there is not enough room: {wanted} bytes are to be written, {room} are free",
                hint="free some disk space and run it again",
                reason="disk-full",
            )
        for entry in (e for e in entries if e.kind is Kind.FILE):
            await stage.extend(entry.path, [])
            async for piece in self.files.pieces(copy, entry, PIECE, as_is=True):
                if not isinstance(piece, bytes):
                    raise SlipwayError(
                        f"{entry.path} cannot be read in what the command left ({piece.reason}): nothing was changed",
                        hint="run it again",
                    )
                await stage.extend(entry.path, [piece])
            await stage.finish(entry.path, entry.mode, entry.mtime_ns)
        folders = [Stamp(e.path, e.mode, e.mtime_ns) for e in entries if e.kind is Kind.DIR]
        await stage.furnish(folders, [Link(e.path, e.target, e.mtime_ns) for e in entries if e.kind is Kind.SYMLINK])

    async def _kept(self, name: str, folder: Path, why: Why) -> Mapping[str, Kept]:
        """The folder as it is now as a revision, unless the newest holds it already; what that holds."""
        tree, overrides = await seen(self.files, folder)
        await self.history.commit(name, folder, tree, kind=why, overrides=overrides)
        newest = self.history.newest(name)
        return await self.history.listing(name, newest.seq) if newest else {}


def _orders(said: Bringing, made: Tree, before: Mapping[str, Kept]) -> Orders:
    acting = {*said.written, *said.removed}
    known = {p: content_id(e.sha256, e.target) for p, e in before.items() if p in acting and e.kind is not Kind.DIR}
    folders = (made.entries[path] for path in said.written if made.entries[path].kind is Kind.DIR)
    return Orders(
        removed=said.removed,
        cleared=tuple(sorted({above for path in said.removed for above in _above(path)}, reverse=True)),
        folders=tuple(Stamp(e.path, e.mode, e.mtime_ns) for e in folders),
        known=known,
    )


def _above(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: n + 1]) for n in range(len(parts))]


def _file_of(tree: Tree, path: str, size: int) -> bool:
    entry = tree.entries.get(path)
    return entry is not None and entry.kind is Kind.FILE and entry.size == size


def _known(tree: Tree) -> frozenset[str]:
    return frozenset(one.path for one in tree.excluded)
