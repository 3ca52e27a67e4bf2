"""A monitor without the outside: real folders on disk, engine and router in memory, hints given by the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from monitor.adapters.clock import SystemClock
from monitor.adapters.fake_engine import FakeEngine, calls_that_write
from monitor.adapters.fake_router import FakeRouter
from monitor.adapters.fake_stage import Play, Stage, serves
from monitor.adapters.files import DiskFiles
from monitor.adapters.state_files import DiskStateFiles
from monitor.domain.state import WorkspaceState
from monitor.ports.probe import Seen
from monitor.ports.watch import ROOT, Wanted, WatchState
from monitor.services.desk import Desk
from monitor.services.intents import Intents
from monitor.services.keeper import Tools
from monitor.services.launcher import Crew
from monitor.services.observer import Observer
from monitor.services.reconciler import Reconciler
from monitor.services.registry import Registry
from monitor.services.restore.turns import Turns
from monitor.services.routing import Place, Routing
from monitor.services.settle import Settle
from monitor.services.survey import Survey
from tests.support.waiting import until


class Answering:
    """A probe that always gets an answer."""

    async def http(self, host: str, port: int, path: str, timeout_s: float) -> Seen:
        return Seen(status=200)

    async def page(self, host: str, port: int, path: str, timeout_s: float) -> str:
        return ""

    async def accepts(self, host: str, port: int, timeout_s: float) -> bool:
        return True


class TestWatch:
    """A watch that hears only what the test says."""

    __test__ = False

    def __init__(self) -> None:
        self.state = WatchState()
        self._said: asyncio.Queue[frozenset[str]] = asyncio.Queue()

    def say(self, *folders: str) -> None:
        self._said.put_nowait(frozenset(folders or {ROOT}))

    def keep(self, folder: str, wanted: Wanted) -> None: ...

    def forget(self, folder: str) -> None: ...

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def hints(self) -> frozenset[str]:
        return await self._said.get()


@dataclass(slots=True)
class World:
    """Everything a test of the reconciler looks at or moves."""

    root: Path
    stage: Stage
    router: FakeRouter
    registry: Registry
    reconciler: Reconciler
    desk: Desk
    watch: TestWatch
    kept: list[str] = field(default_factory=list)
    renamed: list[tuple[str, str]] = field(default_factory=list)

    def drop(self, name: str, files: dict[str, str] | None = None) -> Path:
        """Put a folder into the root and hint the root."""
        folder = self.root / name
        folder.mkdir()
        for path, text in (files or {"index.html": "<h1>hi</h1>"}).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        self.watch.say()
        return folder

    def state(self, name: str) -> WorkspaceState | None:
        return self.registry.get(name)

    def seen(self, name: str) -> WorkspaceState:
        state = self.registry.get(name)
        assert state is not None, f"{name} is unknown"
        return state

    async def phase(self, name: str, phase: str, timeout: float = 10) -> WorkspaceState:
        def there() -> bool:
            state = self.state(name)
            keeper = self.reconciler.keepers.get(name)
            return state is not None and state.phase == phase and keeper is not None and not keeper.busy

        await until(there, timeout, f"{name} to be {phase}; it is {self.state(name)}")
        return self.seen(name)

    async def gone(self, name: str) -> None:
        await until(
            lambda: self.state(name) is None and name not in self.reconciler.keepers, what=f"{name} to be gone"
        )

    async def rest(self) -> None:
        """Every keeper has nothing left to do."""
        await until(lambda: all(not k.busy for k in self.reconciler.keepers.values()), what="rest")

    def running(self, name: str) -> list[int]:
        """The generations that exist of a workspace."""
        shows = self.stage.installs.get("fake", {}).values()
        return sorted(show.instance.generation for show in shows if show.instance.workspace == name)

    def writes(self) -> list[str]:
        return [*calls_that_write(self.stage)]


async def _forgotten(name: str, folder: Path) -> None:
    """Nothing is kept here."""


@asynccontextmanager
async def world(
    tmp_path: Path, *, stage: Stage | None = None, play: Play = serves, scan_s: float = 30.0, quiet_s: float = 0.02
) -> AsyncIterator[World]:
    """A running reconciler over `tmp_path/workspaces`; a `stage` of an earlier one makes this its successor."""
    root = tmp_path / "workspaces"
    root.mkdir(exist_ok=True)
    clock = SystemClock()
    stage = stage or Stage(clock)
    engine = FakeEngine(stage, play=play, address=lambda _spec, _generation: ("127.0.0.1", 9))
    router, registry, watch, files = FakeRouter(), Registry(), TestWatch(), DiskFiles(clock)
    place = Place("http://127.0.0.1:1", "http://localhost:8081", "localhost")
    routing = Routing(router, Answering(), place, labelled=False, known=lambda: registry.states)
    registry.on_change(routing.changed)
    observer = Observer(engine, clock)
    intents = Intents(DiskStateFiles(tmp_path / "state"))
    kept: list[str] = []
    renamed: list[tuple[str, str]] = []
    tools = Tools(
        crew=Crew(engine, observer, routing, Answering(), clock),
        survey=Survey(files, engine, clock, user_of=lambda owner: (12345, 12345), copies=tmp_path / "copies"),
        settle=Settle(files, clock, quiet_s=quiet_s),
        registry=registry,
        intents=intents,
        addresses=lambda name: {"url": f"http://localhost/{name}/", "host_url": f"http://{name}.localhost/"},
        keep=lambda name, folder, look, seen_ns: kept.append(name),
        forget=_forgotten,
        turns=Turns(),
        renamed=lambda name, before: renamed.append((name, before)),
    )
    reconciler = Reconciler(root, files, watch, engine, tools, scan_s=scan_s)
    desk = Desk(registry, intents, reconciler.keepers, observer, engine, clock, dict, tools.survey.forget)
    async with asyncio.TaskGroup() as group:
        loops = [group.create_task(routing.run()), group.create_task(reconciler.run())]
        await until(reconciler.first_scan.is_set)
        try:
            yield World(root, stage, router, registry, reconciler, desk, watch, kept, renamed)
        finally:
            for loop in loops:
                loop.cancel()
    files.close()
