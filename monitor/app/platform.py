"""The parts of one monitor, built and joined: adapters behind ports, services on them, the web on those."""

from __future__ import annotations

import asyncio
import importlib.metadata
import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.adapters.embedded.hop import bundled_hop
from monitor.adapters.embedded.supervisor import State, Supervisor
from monitor.adapters.embedded.traefik import bundled_traefik
from monitor.adapters.files import DiskFiles
from monitor.adapters.firewall import Firewall
from monitor.adapters.probe import NetworkProbe
from monitor.adapters.state_files import write_atomic
from monitor.adapters.traefik_router import TraefikRouter
from monitor.adapters.visitor import HttpVisitor
from monitor.adapters.watch import FolderWatch
from monitor.app import engines, logs
from monitor.app.hands import addresses, gate_states, remover, take_turns, teller
from monitor.app.install import Install
from monitor.app.prefixes import measures, shows_prefix
from monitor.app.recording import Recording, recording
from monitor.app.storing import Storing, storing
from monitor.errors import SlipwayError
from monitor.ports.clock import Clock
from monitor.ports.engine import Engine, EngineAway
from monitor.ports.watch import wanted_of
from monitor.services.access import Access
from monitor.services.desk import Desk
from monitor.services.intents import Intents
from monitor.services.jobs import Jobs
from monitor.services.keeper import Tools
from monitor.services.launcher import Crew
from monitor.services.observer import Observer
from monitor.services.prefixes import Prefixes
from monitor.services.reconciler import Reconciler
from monitor.services.registry import Registry
from monitor.services.routing import Place, Routing
from monitor.services.settle import Settle
from monitor.services.survey import Look, Survey
from monitor.services.watchdog import Hands, Watchdog
from monitor.settings import Settings
from monitor.web.control import control_socket
from monitor.web.face import Face
from monitor.web.gate import Gate
from monitor.web.server import dashboard

UNPROTECTED = "not protected against disk loss: everything is kept on this machine only"

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Platform:
    """Everything a running monitor is made of; `build` makes it, `run` lives it."""

    settings: Settings
    install: Install
    clock: Clock
    log_file: Path
    engine: Engine
    storing: Storing
    traefik: Supervisor
    hop: Supervisor
    prefixes: Prefixes
    registry: Registry
    access: Access
    jobs: Jobs
    kept: Recording
    routing: Routing
    reconciler: Reconciler
    watchdog: Watchdog
    firewall: Firewall
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
        group.create_task(self.traefik.run(), name="Traefik")
        group.create_task(self.hop.run(), name="hop")
        if self.storing.supervisor is not None:
            group.create_task(self.storing.supervisor.run(), name="store")
        group.create_task(self.storing.prepare(self.clock, self._store_banner), name="prepare store")
        group.create_task(self.jobs.run(), name="jobs")
        group.create_task(self.kept.keeping.run(), name="keeping")
        group.create_task(self.kept.destinations.run(), name="destinations")
        group.create_task(self.kept.housekeeping.run(), name="housekeeping")
        group.create_task(self.routing.run(), name="routing")
        group.create_task(self.prefixes.run(), name="prefixes")
        group.create_task(self.reconciler.run(), name="reconciler")
        group.create_task(self.watchdog.run(self.routing.wanted), name="watchdog")
        group.create_task(self._sweep(), name="sweep")

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
        return self.engine_notes if self.kept.destinations.protected else (*self.engine_notes, UNPROTECTED)

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

    async def _open_history(self) -> None:
        """Claim the bucket and complete what a killed restore left, before any workspace is looked at.

        Raises `Fenced` where another install writes there. A store that is away is no reason not to start.
        """
        await self.storing.try_prepare(self._store_banner)
        await self.kept.history.open(take_over=self.take_over)
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
        except SlipwayError as error:
            log.warning("leftovers were not removed: %s", error.message)

    def _store_banner(self, text: str | None) -> None:
        self.registry.banner("store", text)


async def build(
    settings: Settings, install: Install, clock: Clock, log_file: Path, stack: AsyncExitStack
) -> Platform:
    """Make every part; what must be closed is closed by `stack`, the store last of all."""
    registry = Registry()
    store = storing(settings, clock)
    stack.push_async_callback(store.stop)
    files = DiskFiles(clock)
    stack.callback(files.close)
    probe = NetworkProbe()
    stack.push_async_callback(probe.close)
    firewall = Firewall(install.id, settings.subnets, clock)
    engine = await engines.choose(settings, install, clock, firewall.ensure)
    stack.push_async_callback(engine.close)

    access = Access(install.files, clock)
    first_token = access.ensure_admin(settings.token.get_secret_value())
    gate = Gate(lambda: gate_states(registry), settings.domain)
    stack.push_async_callback(gate.close)
    place = Place(await gate.start(), settings.dashboard, settings.domain)

    bundled = bundled_traefik(
        settings.data / "traefik",
        settings.data / "logs",
        bind=settings.bind,
        port=settings.http_port,
        install_id=install.id,
        docker_host=engines.docker_host(settings) if engine.labels_routes else "",
    )
    traefik = Supervisor(bundled.spec, clock)
    stack.push_async_callback(traefik.stop)
    router = TraefikRouter(bundled.dynamic, bundled.api, clock)
    stack.push_async_callback(router.close)
    between = bundled_hop(settings.data / "hop", settings.data / "logs")
    hop = Supervisor(between.spec, clock, lambda _: routing.changed())
    stack.push_async_callback(hop.stop)
    routing = Routing(
        router,
        probe,
        place,
        labelled=engine.labels_routes,
        known=lambda: registry.states,
        hop=lambda: between.url if hop.condition.state is State.READY else "",
    )
    registry.on_change(routing.changed)

    observer = Observer(engine, clock)
    kept = recording(settings, install, store, files, clock, registry, stack, engine.purge)
    watch = FolderWatch(settings.workspaces, clock)
    intents = Intents(install.files)
    visitor = HttpVisitor(settings.visited, settings.http_port)
    prefixes = Prefixes(visitor, routing, clock, shows_prefix(registry))
    survey = Survey(files, engine, clock, user_of=engines.user_of(engine), copies=settings.data / "copies")

    def keep(name: str, folder: Path, look: Look, seen_ns: int) -> None:
        watch.keep(folder.name, wanted_of(look.tree))
        if not look.hold:
            kept.past.terms.note(name, look.keep)
        kept.keeping.offer(name, folder, look, seen_ns)

    async def forget(name: str, folder: Path) -> None:
        survey.forget(name)
        await kept.keeping.gone(name, folder)

    tools = Tools(
        crew=Crew(engine, observer, routing, probe, clock),
        survey=survey,
        settle=Settle(files, clock, quiet_s=settings.quiet_ms / 1000),
        registry=registry,
        intents=intents,
        addresses=lambda name: addresses(settings, name),
        keep=keep,
        forget=forget,
        turns=kept.turns,
        renamed=kept.keeping.renamed,
        saved=kept.keeping.saved,
        serves=measures(prefixes, settings),
    )
    reconciler = Reconciler(settings.workspaces, files, watch, engine, tools, scan_s=settings.scan_s)
    take_turns(kept.turns, reconciler, kept.keeping)
    jobs = Jobs(clock, registry.emit)
    hands = Hands(traefik.child.stop, remover(engine, observer), teller(registry))
    platform = Platform(
        settings=settings, install=install, clock=clock, log_file=log_file, engine=engine, storing=store,
        traefik=traefik, hop=hop, prefixes=prefixes, registry=registry, access=access, jobs=jobs, kept=kept,
        routing=routing, reconciler=reconciler, watchdog=Watchdog(router, clock, hands), firewall=firewall,
        began=clock.monotonic(), first_token=first_token,
    )  # fmt: skip
    desk = Desk(registry, intents, reconciler.keepers, observer, engine, clock, platform.facts)
    face = Face(
        desk,
        jobs,
        registry,
        access,
        lambda lines: logs.tail(log_file, lines),
        settings.workspaces_url,
        kept.backups,
        kept.restoring,
        kept.past,
    )
    await stack.enter_async_context(dashboard(face, settings))
    await stack.enter_async_context(control_socket(face, settings.data))
    return platform
