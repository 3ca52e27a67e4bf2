"""The parts of one running monitor: started together, asked how they are, stopped together."""

from __future__ import annotations

import asyncio
import importlib.metadata
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.adapters import machine
from monitor.adapters.embedded.supervisor import Supervisor
from monitor.adapters.firewall import Firewall
from monitor.adapters.state_files import write_atomic
from monitor.app.doctor_images import image_limits
from monitor.app.recording import Recording
from monitor.app.storing import Storing
from monitor.domain.sizes import MIB
from monitor.errors import SlipwayError
from monitor.ports.clock import Clock
from monitor.ports.engine import Engine, EngineAway
from monitor.services.creating import Creating
from monitor.services.data.data import Data
from monitor.services.git.following import Following
from monitor.services.history.link import AWAY
from monitor.services.image_keeping import ImageKeeping
from monitor.services.jobs import Jobs
from monitor.services.lasting import lasting
from monitor.services.measuring import Measuring
from monitor.services.prefixes import Prefixes
from monitor.services.reconciler import Reconciler
from monitor.services.registry import Registry
from monitor.services.routing import Routing
from monitor.services.watchdog import Watchdog
from monitor.settings import Settings

FULL = 64 * MIB
UNPROTECTED = "not protected against disk loss: `slipway backup add` names a second place for everything that is kept"

Loop = Callable[[], Awaitable[object]]

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Platform:
    """Everything a running monitor is made of; `build` makes it, `run` lives it."""

    settings: Settings
    clock: Clock
    engine: Engine
    storing: Storing
    traefik: Supervisor
    hop: Supervisor
    prefixes: Prefixes
    registry: Registry
    jobs: Jobs
    kept: Recording
    data: Data
    routing: Routing
    reconciler: Reconciler
    watchdog: Watchdog
    firewall: Firewall
    measuring: Measuring
    creating: Creating
    following: Following
    began: float
    first_token: str | None = None
    take_over: bool = False
    engine_notes: tuple[str, ...] = field(default=())

    async def start(self, group: asyncio.TaskGroup) -> None:
        """Start the bundled processes side by side, then every loop as a task of `group`."""
        async with asyncio.TaskGroup() as first:
            first.create_task(self.traefik.start(), name="start Traefik")
            first.create_task(self.storing.start(), name="start store")
            first.create_task(self._look_at_engine(), name="look at engine")
        await self._open_history()
        loops: list[tuple[str, Loop]] = [("Traefik", self.traefik.run), ("hop", self.hop.run)]
        if self.storing.supervisor is not None:
            loops.append(("store", self.storing.supervisor.run))
        for name, loop in (*loops, *self._loops()):
            group.create_task(lasting(loop, self.clock, name), name=name)

    def _loops(self) -> list[tuple[str, Loop]]:
        """None of them ends the others, whatever happens in it."""
        return [
            ("prepare store", lambda: self.storing.prepare(self.clock, self._store_banner)),
            ("measuring", self.measuring.run),
            ("jobs", self.jobs.run),
            ("keeping", self.kept.keeping.run),
            ("destinations", self.kept.destinations.run),
            ("housekeeping", self.kept.housekeeping.run),
            ("following", self.following.run),
            ("old images", lambda: self._old_images().run()),
            # Before the reconciler: a volume that is half replaced is made whole before its app starts.
            ("data volumes", self.data.replacer.recover),
            ("data by the clock", self.data.run),
            ("routing", self.routing.run),
            ("prefixes", self.prefixes.run),
            ("reconciler", self.reconciler.run),
            ("watchdog", lambda: self.watchdog.run(self.routing.wanted)),
            ("sweep", self._sweep),
        ]

    async def stop_instances(self, grace_s: float) -> None:
        """Stop every instance side by side; intents stay as they are. Raises `EngineAway`."""
        instances = await self.engine.instances()
        results = await asyncio.gather(*(self.engine.stop(i, grace_s) for i in instances), return_exceptions=True)
        for instance, result in zip(instances, results, strict=True):
            if isinstance(result, BaseException):
                log.warning("instance %s of %s could not be stopped: %s", instance.id, instance.workspace, result)
        if self.engine.name == "docker":
            await self.firewall.remove()

    def notes(self) -> tuple[str, ...]:
        """Sentences a person should read at the start."""
        free = machine.free_bytes(self.settings.data)
        full = f"the disk is full: {free // MIB} MiB free at {self.settings.data}; make room, or little can be kept"
        return (
            *([full] if free < FULL else []),
            *self.engine_notes,
            *([] if self.kept.destinations.protected else [UNPROTECTED]),
        )

    def sign_in_link(self) -> str | None:
        """The dashboard's address with the first token, on the very first start only."""
        return f"{self.settings.dashboard}/#token={self.first_token}" if self.first_token else None

    def write_sign_in_link(self, link: str) -> Path:
        """Put the link where only we can read it; returns the path."""
        path = self.settings.data / "sign-in"
        write_atomic(path, f"{link}\n".encode())
        return path

    def facts(self) -> dict[str, Any]:
        """What `/api/status` says beside the workspaces."""
        return {
            "version": importlib.metadata.version("slipway"),
            "engine": self.engine.name,
            "router": self.traefik.condition.state.value,
            "store": self.storing.condition if self.storing.running else "away",
            "uptime_s": round(self.clock.monotonic() - self.began),
            "protected": self.kept.destinations.protected,
        }

    def _old_images(self) -> ImageKeeping:
        return ImageKeeping(self.engine, self.clock, image_limits(self.settings), lambda: self.reconciler.keepers)

    async def _open_history(self) -> None:
        """Claim the bucket and complete what a killed restore left, before any workspace is looked at.

        Raises `Fenced` where another install writes there. A store that is away, refuses us or answers nonsense is no
        reason not to start.
        """
        await self.storing.try_prepare(self._store_banner)
        try:
            await self.kept.history.open(take_over=self.take_over)
        except AWAY as away:
            log.warning("what is saved waits on this machine until the store answers: %s", away.message)
        for problem in self.kept.history.problems:
            log.warning("%s", problem)
            self.registry.banner("spool", f"Something that waited for the store is damaged: {problem}")
        try:
            for found in await self.kept.restorer.recover():
                log.info("%s", found)
        except SlipwayError as error:
            log.warning("a restore that was broken off is not completed yet: %s", error.message)
            self.registry.banner("restore", f"{error.message}. {error.hint}")

    async def _look_at_engine(self) -> None:
        try:
            info = await self.engine.check()
        except EngineAway as away:
            self.registry.banner("engine", f"{away.message}. {away.hint}")
        else:
            self.engine_notes = info.warnings

    async def _sweep(self) -> None:
        """Remove what a killed monitor left half made, once the folders are known."""
        await self.reconciler.first_scan.wait()
        try:
            for sentence in await self.engine.sweep(set(self.reconciler.keepers)):
                log.info("%s", sentence)
            await self.kept.past.removing.folders.sweep(self.settings.workspaces)
            await self.creating.landing.sweep(self.settings.workspaces)
            await self.following.sweep(set(self.reconciler.keepers))
        except SlipwayError as error:
            log.warning("leftovers were not removed: %s", error.message)

    def _store_banner(self, text: str | None) -> None:
        self.registry.banner("store", text)
