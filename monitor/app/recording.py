"""Everything that keeps and brings back: history, mirror, restore, snapshots, destinations, built and joined."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass

from monitor.adapters.files import DiskFiles
from monitor.adapters.placing.disk import DiskPlacing
from monitor.app.install import Install
from monitor.app.offline import destinations_of, history_of
from monitor.app.past import past_of
from monitor.app.restoring import restoring_of
from monitor.app.storing import Storing
from monitor.ports.clock import Clock
from monitor.services.destinations.backups import Backups
from monitor.services.destinations.destinations import Destinations
from monitor.services.destinations.places import Below
from monitor.services.destinations.primary import Primary
from monitor.services.gc.ground import BesideHistory
from monitor.services.gc.repacking import Repacker
from monitor.services.history.archive import Archive
from monitor.services.history.history import History
from monitor.services.housekeeping import Housekeeping
from monitor.services.keeping import Keeping
from monitor.services.mirror import Mirror
from monitor.services.past.past import Past
from monitor.services.registry import Registry
from monitor.services.restore.restorer import Restorer
from monitor.services.restore.restoring import Restoring
from monitor.services.restore.safety import HistorySafety
from monitor.services.restore.turns import Turns
from monitor.services.settle import Settle
from monitor.settings import Settings


@dataclass(slots=True)
class Recording:
    """The keeping half of a monitor."""

    history: History
    keeping: Keeping
    turns: Turns
    restorer: Restorer
    destinations: Destinations
    backups: Backups
    restoring: Restoring
    past: Past
    housekeeping: Housekeeping


def recording(
    settings: Settings,
    install: Install,
    store: Storing,
    files: DiskFiles,
    clock: Clock,
    registry: Registry,
    stack: AsyncExitStack,
    forget: Callable[[str], Awaitable[None]],
) -> Recording:
    """Make every part; `stack` closes them, before the store they write to. `forget`: see `past_of`."""
    history = history_of(settings, install, store, files, clock, stack)
    mirror = Mirror(store.store, files, install.files, clock, prefix=settings.s3_prefix, identity=store.identity)
    stack.push_async_callback(mirror.close)
    turns = Turns()
    history.leave_alone(lambda name: bool(turns.doing(name)))
    placing = DiskPlacing()
    stack.callback(placing.close)
    pool = ThreadPoolExecutor(2, thread_name_prefix="checking")
    stack.callback(pool.shutdown)
    source = Below(store.store, settings.s3_prefix)
    destinations = destinations_of(settings, install, source, clock, pool, stack)

    async def primary() -> Primary:
        return Primary(history, mirror, files, settings.workspaces, turns)

    def restorer(archive: Archive) -> Restorer:
        safety = HistorySafety(history, files)
        return Restorer(archive, files, placing, clock, settings.workspaces, safety, turns)

    own = restorer(history.archive)
    past = past_of(settings, install, store, history, mirror, own, files, clock, pool, stack, forget)
    repacker = Repacker(store.store, clock, pool, BesideHistory(history), prefix=settings.s3_prefix)
    return Recording(
        history=history,
        keeping=Keeping(
            history, mirror, registry, clock, turns, files, Settle(files, clock, quiet_s=settings.quiet_ms / 1000)
        ),
        turns=turns,
        restorer=own,
        destinations=destinations,
        backups=Backups(destinations, primary),
        restoring=restoring_of(settings, history.archive, restorer, clock),
        past=past,
        housekeeping=Housekeeping(past, repacker, install.files, clock, lambda: registry.states.keys()),
    )
