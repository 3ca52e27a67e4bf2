"""Backing up to the primary itself: every workspace as it stands now becomes a revision, and its mirror follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.domain.batch import eligible
from monitor.domain.destinations import Mode
from monitor.domain.history.entry import Entry, kept_time
from monitor.domain.history.revision import Why
from monitor.domain.moments import rfc3339
from monitor.domain.tree import Kind, Tree
from monitor.domain.workspace import assign_names
from monitor.errors import NotFound, SlipwayError
from monitor.ports.files import Files
from monitor.services.destinations.destination import silent
from monitor.services.history.history import History
from monitor.services.jobs import Tell
from monitor.services.mirror import Mirror
from monitor.services.restore.safety import seen
from monitor.services.restore.turns import Turns


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of one workspace. `revision` is the newest one, `new` whether this made it.

    `files` is how many it has; `changed` and `removed` count paths in a dry run, by size and time alone. `waiting` is
    a sentence where a person must decide, `error` what went wrong.
    """

    workspace: str
    revision: int | None = None
    kept_at: str | None = None
    new: bool = False
    files: int = 0
    changed: int = 0
    removed: int = 0
    waiting: str = ""
    error: str = ""

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


class Primary:
    """`root` is the workspaces folder. `history` is open; with a running monitor it and `turns` are the monitor's."""

    def __init__(
        self, history: History, mirror: Mirror, files: Files, root: Path, turns: Turns | None = None
    ) -> None:
        self._history, self._mirror, self._files, self._root = history, mirror, files, root
        self._turns = turns or Turns()

    async def run(
        self,
        mode: Mode = Mode.MIRROR,
        names: Sequence[str] = (),
        *,
        dry_run: bool = False,
        confirm: bool = False,
        tell: Tell = silent,
    ) -> list[Kept]:
        """Keep the workspaces `names`, or all. `incremental` adds a revision; `mirror` also brings the mirror to it.

        `confirm`: files that vanished from a mirror all at once are meant to. What is wrong with one workspace is in
        its answer; raises `NotFound`, `RootTrouble`, `Fenced`.
        """
        folders, _ = assign_names((await self._files.scan_root(self._root)).folders)
        if missing := sorted(set(names) - folders.keys()):
            raise NotFound(f"there is no workspace {', '.join(missing)}", hint="`slipway list` shows all of them")
        wanted = [name for name in sorted(folders) if not names or name in names]
        done: list[Kept] = []
        for number, name in enumerate(wanted):
            tell(f"keeping {name}", number, len(wanted))
            folder = self._root / folders[name].folder
            done.append(await self._one(name, folder, mode, dry_run=dry_run, confirm=confirm))
        return done

    async def _one(self, name: str, folder: Path, mode: Mode, *, dry_run: bool, confirm: bool) -> Kept:
        try:
            if dry_run:
                return await self._planned(name, folder)
            async with self._turns.hold(name):
                return await self._kept(name, folder, mode, confirm=confirm)
        except SlipwayError as error:
            return Kept(name, error=error.message)

    async def _kept(self, name: str, folder: Path, mode: Mode, *, confirm: bool) -> Kept:
        tree, overrides = await seen(self._files, folder)
        revision = await self._history.commit(name, folder, tree, kind=Why.MANUAL, overrides=overrides)
        waiting = ""
        if mode is Mode.MIRROR:
            state = await self._mirror.sync(name, folder, tree, overrides)
            if confirm and state.held_deletes:
                self._mirror.confirm_deletes(name)
                state = await self._mirror.sync(name, folder, tree, overrides)
            if state.held_deletes:
                waiting = f"{state.held_deletes} files vanished at once: the mirror keeps them until you confirm"
            if state.error:
                return Kept(name, error=f"the mirror is not up to date: {state.error}")
        newest = self._history.newest(name)
        return Kept(
            name,
            revision=newest.seq if newest else None,
            kept_at=rfc3339(newest.time_ns) if newest else None,
            new=revision is not None,
            files=newest.files if newest else 0,
            waiting=waiting,
            error=self._history.state(name).error,
        )

    async def _planned(self, name: str, folder: Path) -> Kept:
        tree, _ = await seen(self._files, folder)
        archive = self._history.archive
        seqs = await archive.seqs(name)
        state = await archive.state(name, seqs[-1]) if seqs else {}
        changed, removed = compared(state, tree)
        return Kept(name, seqs[-1] if seqs else None, new=bool(changed or removed), changed=changed, removed=removed)


def compared(state: dict[str, Entry], tree: Tree) -> tuple[int, int]:
    """How many paths differ, and how many are gone, as far as stamps tell."""
    files, _ = eligible(tree)
    there = {entry.path: entry for entry in tree if entry.kind is not Kind.FILE or entry.path in files}
    changed = 0
    for path, now in there.items():
        old = state.get(path)
        size = now.size if now.kind is Kind.FILE else 0
        stamps = (now.kind, now.mode, kept_time(now.mtime_ns), now.target, size)
        changed += old is None or (old.kind, old.mode, old.mtime_ns, old.target, old.size) != stamps
    gone = sum(path not in there and not tree.is_unread(path) for path in state)
    return changed, gone
