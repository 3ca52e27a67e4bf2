"""Single files of a workspace written from outside, one at a time for each workspace, and when they are kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.domain.config import FILE, parse_config
from monitor.domain.config_text import ConfigError
from monitor.domain.tree import Entry, Kind, Tree
from monitor.domain.writable import checked
from monitor.errors import Conflict, NotFound, SlipwayError
from monitor.ports.clock import Clock
from monitor.ports.files import Files
from monitor.ports.writing import Expected, Writing
from monitor.services.following import overrides_of
from monitor.services.history.history import History
from monitor.services.registry import Registry
from monitor.services.restore.turns import Turns

MOST_BYTES = 64 * 1024 * 1024
KEPT_S, POLL_S = 10.0, 0.1


@dataclass(slots=True)
class Writes:
    """`root` is the workspaces root."""

    writing: Writing
    files: Files
    history: History
    registry: Registry
    turns: Turns
    clock: Clock
    root: Path
    _locks: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def put(
        self, name: str, path: str, data: AsyncIterator[bytes], expected: Expected, *, wait: bool = False
    ) -> dict[str, Any]:
        """Write a file; with `wait` until a revision holds it (10 s at most, then `revision` is None).

        Answers `{"path", "sha256", "size", "created", "kept", "reason", "revision"}`: whether the history will hold
        it, and the rule that says so. Raises what `Writing.put` does, `NotFound`, `UsageError` and `Refused`.
        """
        inside, folder = checked(path), self._folder(name)
        async with self._locks.setdefault(name, asyncio.Lock()):
            put = await self.writing.put(folder, inside, self._while_free(name, data), expected, MOST_BYTES)
        kept, reason = await self._kept(folder, inside)
        revision = await self._revision(name, inside, put.sha256) if wait and kept else None
        return {
            "path": inside,
            "sha256": put.sha256,
            "size": put.size,
            "created": put.created,
            "kept": kept,
            "reason": reason,
            "revision": revision,
        }

    async def delete(self, name: str, path: str, expected: Expected) -> dict[str, Any]:
        """Remove a file or a link. Raises what `Writing.delete` does, `NotFound`, `UsageError` and `Refused`."""
        inside, folder = checked(path), self._folder(name)
        async with self._locks.setdefault(name, asyncio.Lock()):
            await self.writing.delete(folder, inside, expected)
        return {"path": inside, "deleted": True}

    def _folder(self, name: str) -> Path:
        state = self.registry.get(name)
        if state is None:
            raise NotFound(f"there is no workspace '{name[:60]}'", hint="`slipway list` shows all of them")
        if doing := self.turns.doing(name):
            raise Conflict(f"{name} is busy: {doing}", hint="try again once that is over")
        return self.root / state.folder

    async def _while_free(self, name: str, data: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """An upload takes its time: a restore may have begun, or the workspace be gone, by its end."""
        async for piece in data:
            yield piece
        self._folder(name)

    async def hash(self, name: str, path: str) -> str:
        """The hash of what is there now, "" for no file."""
        return await self.writing.hash(self._folder(name), checked(path))

    async def _kept(self, folder: Path, path: str) -> tuple[bool, str]:
        try:
            settings = Tree({FILE: Entry(FILE, Kind.FILE)})
            texts = await self.files.read_texts(folder, settings, lambda one: one == FILE)
            config = parse_config(texts.get(FILE, ""))
            verdict = await self.files.explain(folder, path, overrides_of(config))
        except (SlipwayError, ConfigError):
            return True, ""
        return verdict.kept, verdict.reason

    async def _revision(self, name: str, path: str, sha256: str) -> int | None:
        deadline = self.clock.monotonic() + KEPT_S
        looked = 0
        while self.clock.monotonic() < deadline:
            newest = self.history.newest(name)
            if newest is not None and newest.seq != looked:
                looked = newest.seq
                entry = (await self.history.listing(name, looked)).get(path)
                if entry is not None and entry.sha256 == sha256:
                    return looked
            await self.clock.sleep(POLL_S)
        return None
