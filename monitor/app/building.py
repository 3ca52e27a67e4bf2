"""Building a monitor: every adapter behind its port, the services on them, the web on those."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

from monitor.adapters.audit_file import AuditFile
from monitor.adapters.files import DiskFiles
from monitor.adapters.firewall import Firewall
from monitor.adapters.probe import NetworkProbe
from monitor.adapters.prometheus import Prometheus
from monitor.adapters.visitor import HttpVisitor
from monitor.adapters.watch import FolderWatch
from monitor.app import engines, logs
from monitor.app.creating import creating_of
from monitor.app.data import data_of, forgetting
from monitor.app.doctor import examine
from monitor.app.git import following_of
from monitor.app.hands import addresses, remover, take_turns, teller
from monitor.app.insight import insight_of
from monitor.app.install import Install
from monitor.app.platform import Platform
from monitor.app.prefixes import measures, shows_prefix
from monitor.app.recording import recording
from monitor.app.running import running_of, writes_of
from monitor.app.storing import storing
from monitor.app.told import Told
from monitor.app.ways_in import ways_in
from monitor.domain.floors import Finding
from monitor.domain.metrics import gauges
from monitor.ports.clock import Clock
from monitor.services.access import Access
from monitor.services.desk import Desk
from monitor.services.intents import Intents
from monitor.services.jobs import Jobs
from monitor.services.keeper import Tools
from monitor.services.launcher import Crew
from monitor.services.measuring import Measuring
from monitor.services.observer import Observer
from monitor.services.prefixes import Prefixes
from monitor.services.reconciler import Reconciler
from monitor.services.registry import Registry
from monitor.services.settle import Settle
from monitor.services.survey import Survey
from monitor.services.watchdog import Hands, Watchdog
from monitor.settings import Settings
from monitor.web.control import control_socket
from monitor.web.face import Face, Oversight
from monitor.web.server import dashboard


async def build(
    settings: Settings, install: Install, clock: Clock, log_file: Path, stack: AsyncExitStack
) -> Platform:
    """Make every part; what must be closed is closed by `stack`, the store last of all."""
    # In milliseconds: an event a millisecond is more than there ever are.
    registry = Registry(clock.wall_ns() // 1_000_000)

    async def look_at() -> list[Finding]:
        return await examine(settings, running=True, bucket=store.bucket)

    meter = Prometheus(lambda: gauges(registry.states.values()))
    store = storing(settings, clock, meter)
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
    ways = await ways_in(settings, install, clock, engine, probe, registry, stack)

    observer = Observer(engine, clock)
    kept = recording(settings, install, store, files, clock, registry, stack, forgetting(install, engine.purge))
    watch = FolderWatch(settings.workspaces, clock)
    intents = Intents(install.files)
    visitor = HttpVisitor(settings.visited, settings.http_port)
    prefixes = Prefixes(visitor, ways.routing, clock, shows_prefix(registry))
    survey = Survey(
        files,
        engine,
        clock,
        user_of=engines.user_of(engine),
        copies=settings.data / "copies",
        touched=watch.touched,
        found=kept.keeping.offer,
    )
    jobs = Jobs(clock, registry.emit)
    following = following_of(
        settings, install, kept.past.acting, files, clock, kept.turns, stack, begin=jobs.begin, registry=registry
    )
    told = Told(watch, survey, kept, following)
    tools = Tools(
        crew=Crew(engine, observer, ways.routing, probe, clock),
        survey=survey,
        settle=Settle(files, clock, quiet_s=settings.quiet_ms / 1000),
        registry=registry,
        intents=intents,
        addresses=lambda name: addresses(settings, name),
        keep=told.keep,
        forget=told.forget,
        turns=kept.turns,
        renamed=told.renamed,
        saved=kept.keeping.saved,
        serves=measures(prefixes, settings),
    )
    reconciler = Reconciler(settings.workspaces, files, watch, engine, tools, scan_s=settings.scan_s, meter=meter)
    take_turns(kept.turns, reconciler, kept.keeping)
    data = data_of(install, engine, kept, files, clock, registry, observer, ways.routing, jobs)
    hands = Hands(ways.traefik.child.stop, remover(engine, observer), teller(registry))
    creating = creating_of(settings, kept.past, reconciler, registry, clock, stack)
    platform = Platform(
        settings=settings, clock=clock, engine=engine, storing=store,
        traefik=ways.traefik, hop=ways.hop, routing=ways.routing, watchdog=Watchdog(ways.router, clock, hands),
        prefixes=prefixes, registry=registry, jobs=jobs, kept=kept, data=data, reconciler=reconciler,
        measuring=Measuring(registry, meter, clock), began=clock.monotonic(), first_token=first_token,
        firewall=firewall, creating=creating, following=following,
    )  # fmt: skip
    desk = Desk(registry, intents, reconciler.keepers, observer, engine, clock, platform.facts, survey.forget)
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
        insight=insight_of(desk, files, ways.routing, kept.past),
        writes=writes_of(settings, files, kept, registry, clock, stack),
        running=running_of(settings, engine, survey, files, kept, jobs, registry, stack),
        oversight=Oversight(AuditFile(settings.data / "audit.jsonl"), meter, meter.render, look_at),
        creating=creating,
        git=following,
        data=data,
    )
    await stack.enter_async_context(dashboard(face, settings))
    await stack.enter_async_context(control_socket(face, settings.data))
    return platform
