"""Keeping beside serving: every settled look becomes a revision, then the mirror follows; nobody waits for it.

One task per workspace that has something to keep; while it works, only the newest look waits behind it. A
workspace that is being restored is left alone: the restore writes its own revisions, and a look follows it.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from pathlib import Path

from monitor.domain.filters import Overrides
from monitor.domain.history.revision import Origin, Why
from monitor.domain.state import SyncState
from monitor.domain.tree import Tree
from monitor.errors import SlipwayError
from monitor.ports.clock import Clock
from monitor.ports.files import Files, FolderGone
from monitor.services.history.history import History
from monitor.services.history.state import HistoryState
from monitor.services.mirror import Mirror, MirrorState
from monitor.services.registry import Registry
from monitor.services.restore.safety import seen
from monitor.services.restore.turns import Turns
from monitor.services.settle import Settle

REFRESH_S = 1.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Waiting:
    folder: Path
    tree: Tree
    overrides: Overrides
    seen_ns: int


class Keeping:
    """Owns the tasks that keep; `run` must be under way before anything is offered."""

    def __init__(
        self,
        history: History,
        mirror: Mirror,
        registry: Registry,
        clock: Clock,
        turns: Turns,
        files: Files,
        settle: Settle,
    ) -> None:
        self._history = history
        self._mirror = mirror
        self._turns = turns
        self._registry = registry
        self._clock = clock
        self._files, self._settle = files, settle
        self._saved: dict[str, float] = {}
        self._looking: set[str] = set()
        self._waiting: dict[str, _Waiting] = {}
        self._offered: dict[str, str] = {}
        self._busy: set[str] = set()
        self._origins: dict[str, Origin] = {}
        self._group: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Keep what is offered, and show how far it has come, until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            group.create_task(self._history.run(), name="history")
            group.create_task(self._mirror.run(), name="mirror")
            for name in tuple(self._waiting):
                self._begin(name)
            while True:
                await self._clock.sleep(REFRESH_S)
                for name, state in self._registry.states.items():
                    if state.sync.pending or state.sync.error or state.sync.mirror_lag_s:
                        self._show(name)

    def offer(self, name: str, folder: Path, tree: Tree, overrides: Overrides, seen_ns: int) -> None:
        """Keep this state soon; one that was offered before costs nothing. `seen_ns`: the batch's first event."""
        self._take(name, _Waiting(folder, tree, overrides, seen_ns))

    def saved(self, name: str, folder: Path) -> None:
        """Something was saved while its own loop cannot look (it launches): look here, once it is quiet."""
        self._saved[name] = self._clock.monotonic()
        if self._group is not None and name not in self._looking:
            self._looking.add(name)
            self._group.create_task(self._look(name, folder, self._clock.wall_ns()), name=f"look at {name}")

    def renamed(self, name: str, before: str) -> None:
        """The same folder had another name: its history goes on from there."""
        newest = self._history.newest(before)
        if newest is not None:
            self._origins[name] = Origin(before, newest.seq)

    async def gone(self, name: str, folder: Path) -> None:
        """The folder was deleted: a last revision says so; everything kept stays under retention."""
        self._waiting.pop(name, None)
        self._offered.pop(name, None)
        try:
            await self._history.commit(name, folder, Tree({}), kind=Why.DELETED)
        except SlipwayError as error:
            log.warning("the deletion of %s was not recorded: %s", name, error.message)
        self._history.forget(name)
        self._mirror.forget(name)

    def show(self, name: str) -> None:
        """Somebody else kept something of it: tell everybody how far it is now."""
        self._show(name)

    def pending(self) -> int:
        """How many workspaces have something that is not kept yet."""
        return len(self._busy | self._waiting.keys())

    async def _look(self, name: str, folder: Path, seen_ns: int) -> None:
        try:
            while name in self._saved:
                await self._settle.settled(
                    folder, last_hint=lambda: self._saved[name], growing=False, tell=lambda text: None
                )
                del self._saved[name]
                tree, overrides = await seen(self._files, folder)
                self._take(name, _Waiting(folder, tree, overrides, seen_ns))
        except SlipwayError as error:
            log.info("workspace %s is looked at again once it is launched: %s", name, error.message)
        except Exception:
            log.exception("looking at workspace %s failed; it is looked at again once it is launched", name)
        finally:
            self._saved.pop(name, None)
            self._looking.discard(name)

    def _take(self, name: str, new: _Waiting) -> None:
        digest = new.tree.digest()
        if self._offered.get(name) == digest or self._turns.doing(name):
            return
        self._offered[name] = digest
        waiting = self._waiting.get(name)
        self._waiting[name] = replace(new, seen_ns=waiting.seen_ns) if waiting else new
        self._begin(name)

    def _begin(self, name: str) -> None:
        if self._group is not None and name not in self._busy:
            self._busy.add(name)
            self._group.create_task(self._keep(name), name=f"keep {name}")

    async def _keep(self, name: str) -> None:
        try:
            while waiting := self._waiting.pop(name, None):
                await self._keep_one(name, waiting)
        except FolderGone:
            self._offered.pop(name, None)
        except SlipwayError as error:
            log.warning("workspace %s is not kept yet: %s", name, error.message)
            self._offered.pop(name, None)
        except Exception:
            log.exception("keeping workspace %s failed; the next save tries again", name)
            self._offered.pop(name, None)
        finally:
            self._busy.discard(name)

    async def _keep_one(self, name: str, waiting: _Waiting) -> None:
        try:
            await self._history.commit(
                name,
                waiting.folder,
                waiting.tree,
                seen_ns=waiting.seen_ns,
                overrides=waiting.overrides,
                origin=self._origins.get(name),
            )
            self._origins.pop(name, None)
        finally:
            self._show(name)
        await self._mirror.sync(name, waiting.folder, waiting.tree, waiting.overrides)
        self._show(name)

    def _show(self, name: str) -> None:
        if self._registry.get(name) is not None:
            self._registry.update(name, sync=_as_sync(self._history.state(name), self._mirror.state(name)))


def _as_sync(history: HistoryState, mirror: MirrorState) -> SyncState:
    """`kept` speaks of the history; the mirror follows, and its lag is its own field."""
    held = f"{mirror.held_deletes} files vanished at once: their copies are kept until you confirm"
    return SyncState(
        revision=history.revision,
        kept_at=history.kept_at,
        pending=history.pending,
        grade=history.grade.value,
        spooled=history.spooled,
        mirror_lag_s=round(mirror.mirror_lag_s),
        error=history.error or mirror.error or "",
        waiting=held if mirror.held_deletes else "",
        left_out_files=history.left_out.files,
        left_out_bytes=history.left_out.bytes,
        left_out_secrets=history.left_out.secrets,
    )
