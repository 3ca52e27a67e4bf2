"""Numbers made from what the registry tells: how long starts take, how many revisions, how jobs end."""

from __future__ import annotations

from monitor.domain.metrics import Name
from monitor.domain.workspace import Phase
from monitor.ports.clock import Clock
from monitor.ports.meter import Meter
from monitor.services.jobs import OVER
from monitor.services.registry import Event, Registry


class Measuring:
    """Reads every event there is and tells the meter; what it missed while it lagged behind is not counted."""

    def __init__(self, registry: Registry, meter: Meter, clock: Clock) -> None:
        self._registry = registry
        self._meter = meter
        self._clock = clock
        self._starting: dict[str, float] = {}
        self._revisions: dict[str, int] = {}

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            with self._registry.subscribe() as events:
                for state in self._registry.states.values():
                    self._revisions[state.name] = state.sync.revision or 0
                while not events.lost:
                    self.take(await events.queue.get())

    def take(self, event: Event) -> None:
        """One event of the registry."""
        match event["type"]:
            case "workspace":
                self._workspace(event["workspace"])
            case "removed":
                self._starting.pop(event["name"], None)
                self._revisions.pop(event["name"], None)
            case "job" if event["job"]["state"] in OVER:
                self._meter.count(Name.JOBS, kind=event["job"]["kind"], state=event["job"]["state"])

    def _workspace(self, state: Event) -> None:
        name, phase = state["name"], state["phase"]
        if phase == Phase.STARTING:
            self._starting.setdefault(name, self._clock.monotonic())
        elif (began := self._starting.pop(name, None)) is not None and phase == Phase.SERVING:
            self._meter.observe(Name.START_SECONDS, self._clock.monotonic() - began, type=state["type"])
        revision = state["sync"]["revision"]
        if revision is not None:
            before = self._revisions.get(name)
            if before is not None and revision > before:
                self._meter.count(Name.REVISIONS, revision - before)
            self._revisions[name] = revision
