"""Workspaces that follow a remote: real services on folders, real git, a store in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.adapters.files import DiskFiles
from monitor.adapters.state_files import DiskStateFiles
from monitor.app.git import following_of
from monitor.app.install import Install
from monitor.domain.git.state import GitState
from monitor.services.git.following import Following
from monitor.services.jobs import Work
from monitor.settings import Settings
from tests.support.git_server import Remote
from tests.support.past import Kept, kept

FIRST = {"index.html": "one", "assets/style.css": "a {}", "run.sh": "#!/bin/sh\n"}
"""What a remote holds at first."""


def quiet(text: str, done: int | None = None, total: int | None = None) -> None:
    """Nobody is told."""


@dataclass
class World:
    """`begun` are the jobs somebody would run; `shown` is what everybody sees."""

    kept: Kept
    remote: Remote
    following: Following
    data: Path
    begun: list[tuple[str, str, Work]] = field(default_factory=list)
    shown: dict[str, GitState | None] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return str(self.remote.bare)

    def folder(self, name: str = "shop") -> Path:
        return self.kept.root / name

    def files(self, name: str = "shop") -> dict[str, str]:
        top = self.folder(name)
        return {str(p.relative_to(top)): p.read_text() for p in sorted(top.rglob("*")) if p.is_file()}

    async def make(self, name: str = "shop") -> dict[str, Any]:
        return await self.following.make(name, self.url, None, quiet)

    async def pull(self, name: str = "shop") -> dict[str, Any]:
        return await self.following.pull(name, quiet)

    async def push(self, name: str = "shop") -> dict[str, Any]:
        return dict((await self.following.push(name, quiet))["git"])

    async def jobs(self) -> list[Any]:
        """Run what was begun; what each came to."""
        done = []
        while self.begun:
            _, _, work = self.begun.pop(0)
            done.append(await work(quiet))
        return done


@asynccontextmanager
async def followed(tmp: Path, **settings: Any) -> AsyncIterator[World]:
    """A keeping half of a monitor over `tmp`, and a remote on the same disk."""
    data = tmp / "data"
    said = Settings(**{"git_protocols": "file", **settings}).model_copy(
        update={"workspaces": tmp / "workspaces", "data": data}
    )
    async with kept(tmp, said) as keeping, AsyncExitStack() as stack:
        files = DiskFiles(keeping.clock)
        stack.callback(files.close)
        install = Install("mine", data, DiskStateFiles(data))
        following = following_of(
            said, install, keeping.past.acting, files, keeping.clock, keeping.turns, stack,
            begin=lambda kind, name, work: world.begun.append((kind, name, work)),
        )  # fmt: skip
        world = World(keeping, Remote(tmp / "remote"), following, data)
        following._show = lambda name, state: world.shown.__setitem__(name, state)
        yield world
