"""Keeping beside serving: every settled look of a workspace is handed to the mirror, never waited for.

One task per workspace that has something to keep; while it works, only the newest look waits behind it.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path

from monitor.domain.state import SyncState
from monitor.ports.clock import Clock
from monitor.services.mirror import Mirror, MirrorState
from monitor.services.registry import Registry
from monitor.services.survey import Look

REFRESH_S = 1.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Waiting:
    folder: Path
    look: Look


class Keeping:
    """Owns the tasks that keep; `run` must be under way before anything is offered."""

    def __init__(self, mirror: Mirror, registry: Registry, clock: Clock) -> None:
        self._mirror = mirror
        self._registry = registry
        self._clock = clock
        self._waiting: dict[str, _Waiting] = {}
        self._offered: dict[str, str] = {}
        self._busy: set[str] = set()
        self._group: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Keep what is offered, and show how far it has come, until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            group.create_task(self._mirror.run(), name="mirror")
            for name in tuple(self._waiting):
                self._begin(name)
            while True:
                await self._clock.sleep(REFRESH_S)
                for name, state in self._registry.states.items():
                    if state.sync.pending or state.sync.error:
                        self._show(name)

    def offer(self, name: str, folder: Path, look: Look) -> None:
        """Keep this state soon; one that was offered before costs nothing."""
        digest = look.tree.digest()
        if self._offered.get(name) == digest:
            return
        self._offered[name] = digest
        self._waiting[name] = _Waiting(folder, look)
        self._begin(name)

    def forget(self, name: str) -> None:
        """The workspace is gone; what is in the bucket stays."""
        self._waiting.pop(name, None)
        self._offered.pop(name, None)
        self._mirror.forget(name)

    def pending(self) -> int:
        """How many workspaces have something that is not kept yet."""
        return len(self._busy | self._waiting.keys())

    def _begin(self, name: str) -> None:
        if self._group is not None and name not in self._busy:
            self._busy.add(name)
            self._group.create_task(self._keep(name), name=f"keep {name}")

    async def _keep(self, name: str) -> None:
        try:
            while waiting := self._waiting.pop(name, None):
                await self._mirror.sync(name, waiting.folder, waiting.look.tree, waiting.look.overrides)
                self._show(name)
        except Exception:
            log.exception("keeping workspace %s failed; the next save tries again", name)
            self._offered.pop(name, None)
        finally:
            self._busy.discard(name)

    def _show(self, name: str) -> None:
        if self._registry.get(name) is not None:
            self._registry.update(name, sync=_as_sync(self._mirror.state(name)))


def _as_sync(state: MirrorState) -> SyncState:
    held = f"{state.held_deletes} files vanished at once: their copies are kept until you confirm"
    return SyncState(
        kept_at=state.kept_at,
        pending=state.pending,
        mirror_lag_s=round(state.mirror_lag_s),
        error=state.error or "",
        waiting=held if state.held_deletes else "",
        left_out_files=state.left_out.files,
        left_out_bytes=state.left_out.bytes,
        left_out_secrets=state.left_out.secrets,
    )
