"""Restoring: from the primary or straight from a destination, beside a running monitor or without one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from monitor.adapters.placing.disk import DiskPlacing
from monitor.app.offline import SEEDING, Offline, opened
from monitor.app.places import open_destination
from monitor.domain import keys
from monitor.domain.destinations import PRIMARY
from monitor.errors import SlipwayError
from monitor.ports.clock import Clock
from monitor.ports.store import NoSuchKey
from monitor.services.destinations.places import Patient
from monitor.services.destinations.seeding import Seed
from monitor.services.history.archive import Archive
from monitor.services.history.history import History
from monitor.services.jobs import Tell
from monitor.services.restore.restorer import Restorer
from monitor.services.restore.restoring import Asked, Restoring
from monitor.services.restore.safety import HistorySafety
from monitor.settings import Settings


def restoring_of(
    settings: Settings, primary: Archive, restorer: Callable[[Archive], Restorer], clock: Clock
) -> Restoring:
    """What the doors ask; a destination is opened for the while of one restore."""

    @asynccontextmanager
    async def opened_archive(name: str) -> AsyncIterator[Archive]:
        if name == PRIMARY:
            yield primary
            return
        async with AsyncExitStack() as stack:
            yield Archive(Patient(await open_destination(settings, name, stack), clock))

    return Restoring(opened_archive, restorer, clock)


async def restore(
    settings: Settings, workspace: str | None, names: Sequence[str], asked: Asked, tell: Tell
) -> dict[str, Any]:
    """Without a monitor: one workspace, or (None) `names` or all. As `Restoring` answers and raises.

    From a destination it works with the primary gone: what is there now is then kept in the spool. A primary that is
    there and empty gets the destination's history first, or the two would part at the next save.
    """
    from_primary = asked.destination == PRIMARY
    async with opened(settings, needs_primary=from_primary) as offline:
        if not from_primary and not asked.dry_run and await _is_empty(offline):
            await _seed(offline, asked.destination, tell)
        settings.workspaces.mkdir(parents=True, exist_ok=True)
        restorer = await offline_restorer(offline)
        archive = Archive(offline.storing.store, settings.s3_prefix)
        for found in await restorer(archive).recover():
            tell(f"{found.workspace}: an earlier restore was {found.outcome}")
        restoring = restoring_of(settings, archive, restorer, offline.clock)
        if workspace is None:
            return await restoring.all(names, asked, tell)
        return await restoring.one(workspace, asked, tell)


async def offline_restorer(offline: Offline, history: History | None = None) -> Callable[[Archive], Restorer]:
    """Makes restorers that keep what is there in the data folder's own history (`history` where it is open)."""
    history = history or await offline.history()
    placing = DiskPlacing()
    offline.stack.callback(placing.close)
    safety = HistorySafety(history, offline.files)

    def make(archive: Archive) -> Restorer:
        return Restorer(archive, offline.files, placing, offline.clock, offline.settings.workspaces, safety)

    return make


async def _is_empty(offline: Offline) -> bool:
    """Whether the primary answers and holds nothing at all."""
    if offline.problem is not None:
        return False
    try:
        await offline.source.head(keys.format_key(""))
    except NoSuchKey:
        return True
    except SlipwayError:
        return False
    return False


async def _seed(offline: Offline, name: str, tell: Tell) -> None:
    tell("the primary is empty: it gets the whole history first")
    source = await open_destination(offline.settings, name, offline.stack)
    offline.install.files.write(SEEDING, {"from": name})
    await Seed(source, offline.source, name, offline.clock, offline.pool).run(offline.install.id, tell=tell)
    offline.install.files.remove(SEEDING)
