"""What was kept, for the doors: beside a running monitor, or on a data folder opened for the while."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Executor
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from monitor.adapters.files import DiskFiles
from monitor.adapters.folders import DiskFolders
from monitor.app.install import Install
from monitor.app.offline import Offline, history_of, opened
from monitor.app.restoring import offline_restorer
from monitor.app.storing import Storing
from monitor.domain.config_keep import schedule_of
from monitor.domain.retention_policy import parse_policy
from monitor.errors import Refused
from monitor.ports.clock import Clock
from monitor.services.destinations.primary import Primary
from monitor.services.diffs import Diffs
from monitor.services.gc.collecting import Collector
from monitor.services.gc.ground import BesideHistory
from monitor.services.gc.inventory import Inventories
from monitor.services.gc.purging import Purger
from monitor.services.history.archive import Archive
from monitor.services.history.history import History
from monitor.services.jobs import Tell
from monitor.services.mirror import Mirror
from monitor.services.past.acting import Acting
from monitor.services.past.comparing import Comparing
from monitor.services.past.exporting import Exporting
from monitor.services.past.past import Past
from monitor.services.past.reading import Reading
from monitor.services.past.removing import Removing
from monitor.services.past.terms import Terms
from monitor.services.past.timeline import Timeline
from monitor.services.restore.restorer import Restorer
from monitor.services.snapshots import Snapshots
from monitor.services.verify.verifying import Verifier
from monitor.settings import Settings

TELLING = frozenset({"push", "fork"})
"""The calls that say how far they are."""


def reading_of(
    settings: Settings, store: Storing, archive: Archive, files: DiskFiles, clock: Clock, pool: Executor
) -> Reading:
    """The half that only looks; `archive` also sees what waits in the spool."""
    prefix = settings.s3_prefix
    return Reading(
        archive=archive,
        # Names are in the bucket alone, and refer to what is in the bucket alone.
        snapshots=Snapshots(Archive(store.store, prefix), clock),
        diffs=Diffs(archive, pool),
        verifier=Verifier(store.store, pool, prefix=prefix),
        files=files,
        clock=clock,
        root=settings.workspaces,
    )


def past_of(
    settings: Settings,
    install: Install,
    store: Storing,
    history: History,
    mirror: Mirror,
    restorer: Restorer,
    files: DiskFiles,
    clock: Clock,
    pool: Executor,
    stack: AsyncExitStack,
    forget: Callable[[str], Awaitable[None]],
) -> Past:
    """Both halves; `history` is open, `forget` removes what the engine has of a purged workspace."""
    prefix, ground = settings.s3_prefix, BesideHistory(history)
    folders = DiskFolders()
    stack.callback(folders.close)
    reading = reading_of(settings, store, history.archive, files, clock, pool)
    terms = Terms(install.files, parse_policy(settings.retention), schedule_of(settings.snapshots))
    acting = Acting(
        reading=reading,
        history=history,
        mirror=mirror,
        # With turns of its own: keeping now must not wait until a launch is over. Restores are looked out for.
        primary=Primary(history, mirror, files, settings.workspaces),
        restorer=restorer,
        inventories=Inventories(store.store, prefix, pool),
        collector=Collector(store.store, clock, pool, ground, prefix=prefix),
        terms=terms,
    )
    purger = Purger(store.store, ground, prefix=prefix, erase=store.bucket.erase)
    removing = Removing(acting, folders, purger, forget)
    return Past(reading, acting, removing, terms, Timeline(reading), Comparing(reading), Exporting(reading))


async def look(settings: Settings, call: str, /, *args: Any, tell: Tell, **how: Any) -> Any:
    """One of `Reading`'s calls without a monitor; nothing is claimed, and nothing written."""
    async with _looking(settings) as reading:
        return await getattr(reading, call)(*args, **how)


async def verify(settings: Settings, name: str | None, *, read_data: bool, tell: Tell) -> list[dict[str, Any]]:
    """One workspace, or every one that has a history, without a monitor."""
    async with _looking(settings) as reading:
        names = [name] if name else await reading.kept()
        return [await reading.verify(one, read_data=read_data, tell=tell) for one in names]


async def act(settings: Settings, call: str, /, *args: Any, tell: Tell, **how: Any) -> Any:
    """One of `Acting`'s calls without a monitor."""
    async with opened(settings) as offline:
        acting = (await past_on(offline)).acting
        more = {"tell": tell} if call in TELLING else {}
        return await getattr(acting, call)(*args, **how, **more)


async def past_on(offline: Offline) -> Past:
    """Both halves on an open data folder."""
    settings = offline.settings
    settings.workspaces.mkdir(parents=True, exist_ok=True)
    history = await offline.history()
    restorer = (await offline_restorer(offline, history))(history.archive)
    return past_of(
        settings, offline.install, offline.storing, history, offline.mirror(), restorer, offline.files,
        offline.clock, offline.pool, offline.stack, _refuse,
    )  # fmt: skip


@asynccontextmanager
async def _looking(settings: Settings) -> AsyncIterator[Reading]:
    async with opened(settings) as offline:
        settings.workspaces.mkdir(parents=True, exist_ok=True)
        store, files, clock = offline.storing, offline.files, offline.clock
        history = history_of(settings, offline.install, store, files, clock, offline.stack)
        yield reading_of(settings, store, history.archive, files, clock, offline.pool)


async def _refuse(name: str) -> None:
    raise Refused(f"{name} is purged beside a running monitor only", hint="start it with `slipway up`")
