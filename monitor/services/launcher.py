"""Carries out the actions of a plan for one workspace: start, confirm, apply, stop, forget.

The launcher decides nothing. What it learns (confirmed, crashed, not ready in time) goes into the
workspace's `Memory`; the next plan is made from that.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from monitor.domain.instance import Instance, Running
from monitor.domain.launch import LaunchSpec
from monitor.domain.plan import Action, Apply, Confirm, Forget, Start, Stop
from monitor.domain.state import Failure
from monitor.ports.clock import Clock
from monitor.ports.engine import Engine, Launch, LaunchFailed, Progress
from monitor.ports.probe import Probe
from monitor.services.memory import Memory
from monitor.services.observer import Observer
from monitor.services.routing import Routing

GRACE_S = 3.0
READY_S = 60.0
BUILD_S = 900.0
LOG_LINES = 50


@dataclass(slots=True)
class Crew:
    """Who a launcher works with."""

    engine: Engine
    observer: Observer
    routing: Routing
    probe: Probe
    clock: Clock


class Launcher:
    """Acts for one workspace; calls never overlap (its keeper holds the workspace's lock)."""

    def __init__(self, workspace: str, crew: Crew, memory: Memory, tell: Callable[[str], None]) -> None:
        self._workspace = workspace
        self._crew = crew
        self._memory = memory
        self._tell: Progress = tell

    async def act(self, action: Action, launch: Launch | None, spec: LaunchSpec | None) -> None:
        """Carry out one action; raises `EngineAway` or `RouterAway` where a later try helps."""
        match action:
            case Start() if launch:
                await self._start(action, launch)
            case Confirm() if spec:
                await self._confirm(action.instance, spec, launch.digest if launch else "")
            case Apply() if launch:
                await self._apply(action, launch)
            case Stop():
                await self._stop(action, launch.digest if launch else "")
            case Forget():
                await self._crew.routing.withdraw(self._workspace)
                await self._crew.engine.forget(self._workspace)
            case _:
                raise AssertionError(f"nothing to carry out {type(action).__name__} with")

    async def _start(self, action: Start, launch: Launch) -> None:
        spec = action.spec
        try:
            await self._crew.engine.prepare(spec, launch, self._tell)
            await self._crew.engine.start(spec, launch, action.generation)
        except LaunchFailed as error:
            failure = Failure(reason=error.message, hint=error.hint, log=error.log)
            self._fail(failure, spec.hash, launch.digest)

    async def _confirm(self, instance: Instance, spec: LaunchSpec, digest: str) -> None:
        clock = self._crew.clock
        deadline = clock.monotonic() + (BUILD_S if spec.build or spec.setup else READY_S)
        while clock.monotonic() < deadline:
            seen = await self._find(instance)
            if seen is None or seen.state is not Running.RUNNING:
                return
            if await self._crew.routing.live(seen, spec, wait_s=0.3):
                self._memory.confirmed[instance.id] = clock.monotonic()
                self._memory.recover()
                return
        await self._give_up(instance, spec, digest)

    async def _give_up(self, instance: Instance, spec: LaunchSpec, digest: str) -> None:
        diagnosis = await self._crew.engine.diagnose(instance, LOG_LINES)
        port = instance.port or spec.port
        if spec_listens_elsewhere(diagnosis.listening, port):
            reason = f"it does not listen on port {port} for the router; it listens on " + ", ".join(
                diagnosis.listening
            )
            hint = "listen on 0.0.0.0 and the port in $PORT"
        else:
            seen = "it listens on no port" if not diagnosis.listening else "it is not ready"
            reason = f"no answer within {READY_S:g} s of its start: {seen}"
            hint = "its last lines may say why; the server must listen on 0.0.0.0:$PORT"
            if not diagnosis.listening:
                hint += ". A worker has no page to visit: it goes on running"
        failure = Failure(reason=reason, hint=hint, log=diagnosis.log, listening=diagnosis.listening)
        self._memory.given_up[instance.id] = digest
        self._fail(failure, spec.hash, digest)
        self._memory.wait_for_an_edit()

    async def _apply(self, action: Apply, launch: Launch) -> None:
        try:
            await self._crew.engine.apply(action.instance, action.spec, launch)
            self._memory.given_up.pop(action.instance.id, None)
            self._memory.recover()
        except LaunchFailed as error:
            seen = await self._crew.engine.diagnose(action.instance, LOG_LINES)
            log = error.log or seen.log
            failure = Failure(reason=error.message, hint=error.hint, log=log, listening=seen.listening)
            self._fail(failure, action.spec.hash, launch.digest)

    async def _stop(self, action: Stop, digest: str) -> None:
        instance = action.instance
        if action.crashed:
            await self._record_crash(instance, digest)
        else:
            self._memory.before = tuple(await self._crew.engine.logs(instance, LOG_LINES))
        async with self._crew.routing.retiring(instance):
            await self._crew.engine.stop(instance, GRACE_S)

    async def _record_crash(self, instance: Instance, digest: str) -> None:
        diagnosis = await self._crew.engine.diagnose(instance, LOG_LINES)
        confirmed = self._memory.confirmed.get(instance.id)
        healthy_s = self._crew.clock.monotonic() - confirmed if confirmed is not None else 0.0
        failure = Failure(
            reason=diagnosis.exit_reason or "it ended",
            hint=hint_after(diagnosis.exit_reason),
            exit_code=diagnosis.exit_code,
            log=diagnosis.log,
            listening=diagnosis.listening,
        )
        self._fail(failure, instance.spec_hash, digest, healthy_s)
        self._memory.before = diagnosis.log

    def _fail(self, failure: Failure, spec_hash: str, digest: str, healthy_s: float = 0.0) -> None:
        self._memory.fail(failure, self._crew.clock, spec_hash=spec_hash, digest=digest, healthy_s=healthy_s)

    async def _find(self, instance: Instance) -> Instance | None:
        return next((i for i in await self._crew.observer.of(self._workspace) if i.id == instance.id), None)


def spec_listens_elsewhere(listening: tuple[str, ...], port: int) -> bool:
    """Whether something listens, but not on `port` at an address the router can reach."""
    reachable = {f"0.0.0.0:{port}", f"[::]:{port}", f":::{port}", f"*:{port}"}
    return bool(listening) and not any(socket in reachable for socket in listening)


def hint_after(reason: str) -> str:
    """What to try where it ended by itself; one that hit its own limit is shown how to lift it."""
    if limit := re.search(r"out of memory \(limit (\d+) MiB\)", reason):
        more = -(-int(limit[1]) * 2 // 1024)
        return f"give it more in slipway.yaml: `resources: {{memory: {more}g}}`"
    if reason.startswith("out of memory"):
        return "the machine has too little memory for it: stop something else"
    return "its last lines may say why"
