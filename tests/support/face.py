"""A face over a registry the test drives: no engine, no folders, a keeper that is at rest unless told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from monitor.adapters.clock import SystemClock
from monitor.domain.state import Failure, SyncState
from monitor.domain.workspace import Intent, Phase, Unnamed
from monitor.services.access import Access
from monitor.services.desk import Desk
from monitor.services.intents import Intents
from monitor.services.jobs import Jobs
from monitor.services.registry import Registry
from monitor.web.face import Face


class MemoryState:
    """`StateFiles` in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    def read(self, name: str) -> Any | None:
        return self.kept.get(name)

    def write(self, name: str, value: Any) -> None:
        self.kept[name] = value

    def remove(self, name: str) -> None:
        self.kept.pop(name, None)


class RestingKeeper:
    """Does at once what was asked: the phase follows the intent."""

    busy = False

    def __init__(self, name: str, stage: Stage) -> None:
        self._name = name
        self._stage = stage

    def asked(self, *, restart: bool = False) -> None:
        stopped = self._stage.intents.of(self._name) is Intent.STOP
        self._stage.asked.append((self._name, "restart" if restart else "stop" if stopped else "start"))
        if self._stage.obeys:
            self._stage.registry.update(self._name, phase=Phase.STOPPED if stopped else Phase.SERVING)


class NoInstances:
    """An observer that sees nothing running."""

    async def of(self, workspace: str) -> list[Any]:
        return []


@dataclass(slots=True)
class Stage:
    """The pieces of a face, and what was asked of its keepers; `obeys` off makes asking have no effect yet."""

    registry: Registry = field(default_factory=Registry)
    state: MemoryState = field(default_factory=MemoryState)
    clock: SystemClock = field(default_factory=SystemClock)
    asked: list[tuple[str, str]] = field(default_factory=list)
    obeys: bool = True
    workspaces_url: str = "http://localhost:8080"
    intents: Intents = field(init=False)
    access: Access = field(init=False)
    jobs: Jobs = field(init=False)
    face: Face = field(init=False)

    def __post_init__(self) -> None:
        self.intents = Intents(self.state)
        self.access = Access(self.state, self.clock)
        self.jobs = Jobs(self.clock, self.registry.emit)
        desk = Desk(
            registry=self.registry,
            intents=self.intents,
            keepers=_Keepers(self),  # type: ignore[arg-type]
            observer=NoInstances(),  # type: ignore[arg-type]
            engine=None,  # type: ignore[arg-type]
            clock=self.clock,
            facts=lambda: {"version": "0", "engine": "fake", "router": "ok", "store": "ok", "uptime_s": 1.0},
        )
        self.face = Face(
            desk, self.jobs, self.registry, self.access, log_lines=_lines, workspaces_url=self.workspaces_url
        )

    def add(self, name: str, **changes: Any) -> None:
        """A workspace as the registry would know it."""
        url = f"{self.workspaces_url}/{name}/"
        given = {"folder": name, "url": url, "host_url": url.replace("//", f"//{name}.")}
        self.registry.update(name, **{**given, **changes})


class _Keepers:
    """A keeper for every name there is."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def get(self, name: str) -> RestingKeeper:
        return RestingKeeper(name, self._stage)


def _lines(count: int) -> list[str]:
    return [f"line {n}" for n in range(300)][-count:]


HOSTILE = "<img src=x onerror=\"document.title='owned'\">"


def populate(stage: Stage) -> None:
    """One workspace of every phase, in every odd condition a person may have to understand."""
    kept = SyncState(revision=12, kept_at="2026-03-01T10:30:00.000000001Z", left_out_files=3, left_out_secrets=1)
    shop: Callable[..., None] = stage.add
    shop(
        "atlas",
        type="node",
        phase=Phase.SERVING,
        reason="it answers",
        description="Maps of places nobody has been to yet",
        evidence=("package.json has a start script", "package-lock.json: npm", "starts with npm start"),
        sync=kept,
        generation=3,
    )
    shop("blog", type="static", phase=Phase.SERVING, icon="✍", reason="it answers", sync=kept, generation=1)
    shop(
        "kitchen-api",
        type="python",
        phase=Phase.STARTING,
        changing="starting python: the lock file changed",
        reason="starting python: the lock file changed",
        evidence=("requirements.txt names flask", "app.py holds app = Flask(...)"),
        progress=("preparing the python runtime", "installing: Collecting flask==3.1.0", "installing: 14 of 21"),
        sync=SyncState(pending=48),
    )
    shop(
        "ledger",
        type="ruby",
        phase=Phase.FAILED,
        reason="crash loop (4 failures in a row): it exited with code 1",
        hint="bind to 0.0.0.0 or use $HOST",
        evidence=("Gemfile names sinatra",),
        failure=Failure(
            reason="it exited with code 1",
            hint="bind to 0.0.0.0 or use $HOST",
            exit_code=1,
            log=("bundler: failed to load command: rackup", HOSTILE, "LoadError: cannot load such file -- sinatra"),
            before=("== Sinatra has ended his set",),
            listening=("127.0.0.1:5000",),
            failures=4,
            retry_at="2026-03-01T10:32:00.000000000Z",
        ),
        sync=SyncState(
            revision=3, kept_at="2026-03-01T10:30:00.000000001Z", pending=2, error="the store does not answer"
        ),
    )
    shop("old-notes", type="static", phase=Phase.PARKED, reason="no visitor for 7 days", sync=kept)
    shop("prototype", type="go", phase=Phase.STOPPED, reason="stopped on purpose", evidence=("go.mod",), sync=kept)
    shop(
        "scans", phase=Phase.DETECTED, reason="nothing here says how to run it; looked for package.json and the like"
    )
    shop("thesis-2019", type="php", phase=Phase.ARCHIVED, reason="no visitor for 90 days", sync=kept)
    shop(
        "wiki",
        type="php",
        phase=Phase.SERVING,
        reason="serving an earlier state; the newest failed: the build failed",
        warnings=("3 files the app wrote itself would be lost with the next start",),
        sync=SyncState(waiting="612 of 700 files are gone at once: confirm that this is meant", pending=612),
        generation=8,
    )
    stage.registry.set_unnamed((Unnamed("日本語", "its name has no letter or digit from a-z, 0-9"),))
    stage.registry.banner("watch", "file notifications do not arrive; changes are found by scanning every 30 s")
