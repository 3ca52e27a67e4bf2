"""Backups without a monitor: the services it would use, on a data folder opened for the while.

Every function raises `Conflict` while a monitor (or another command) holds the data folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from typing import Any

from monitor.adapters.clock import SystemClock
from monitor.adapters.memory_store import MemoryStore
from monitor.adapters.state_files import write_atomic
from monitor.app.install import held
from monitor.app.offline import SEEDING, Offline, destinations_of, opened
from monitor.app.places import open_destination
from monitor.app.restoring import offline_restorer
from monitor.destination_settings import FILE, text_of, with_one_more, without_one
from monitor.domain.history.revision import Why
from monitor.domain.streams import is_data
from monitor.domain.workspace import assign_names
from monitor.errors import SlipwayError
from monitor.services.destinations.backups import Asked, Backups
from monitor.services.destinations.looking import known
from monitor.services.destinations.primary import Primary
from monitor.services.destinations.seeding import Seed
from monitor.services.history.archive import Archive
from monitor.services.jobs import Tell
from monitor.services.restore.choosing import Choosing
from monitor.services.restore.wish import Wish
from monitor.settings import Settings


async def listed(settings: Settings) -> list[dict[str, Any]]:
    """The destinations as they were left; nothing is started and nothing asked of them."""
    async with AsyncExitStack() as stack:
        install = stack.enter_context(held(settings.data))
        pool = stack.enter_context(ThreadPoolExecutor(1))
        found = destinations_of(settings, install, MemoryStore(), SystemClock(), pool, stack)
        return [state.as_json() for state in found.states()]


async def run(settings: Settings, name: str, asked: Asked, tell: Tell) -> dict[str, Any]:
    """As `Backups.run`."""
    async with opened(settings) as offline:
        return await _backups(offline).run(name, asked, tell)


async def verify(settings: Settings, name: str, names: Sequence[str], repair: bool, tell: Tell) -> dict[str, Any]:
    """As `Backups.verify`; with the primary gone nothing can be repaired, only found."""
    async with opened(settings, needs_primary=False) as offline:
        repair = repair and offline.problem is None
        return await _backups(offline).verify(name, names=names, repair=repair, tell=tell)


async def confirm(settings: Settings, name: str) -> dict[str, Any]:
    """As `Backups.confirm`."""
    async with opened(settings, needs_primary=False) as offline:
        return _backups(offline).confirm(name)


async def seed(
    settings: Settings, name: str, names: Sequence[str], *, dry_run: bool, folders: bool, tell: Tell
) -> dict[str, Any]:
    """Bring the history back from destination `name`, then (`folders`) every workspace whose folder is not there.

    Killed in between, it is called again: nothing else writes before it came to its end.
    """
    async with opened(settings) as offline:
        source = await open_destination(settings, name, offline.stack)
        task = Seed(source, offline.source, name, offline.clock, offline.pool)
        if not dry_run:
            offline.install.files.write(SEEDING, {"from": name})
        outcome = await task.run(offline.install.id, names=names, dry_run=dry_run, tell=tell)
        if not dry_run:
            offline.install.files.remove(SEEDING)
        found = outcome.as_json()
        back = await _bring_back(offline, names, tell) if folders and not dry_run else []
        problems = [f"{one['workspace']}: {one['error']}" for one in back if one["error"]]
        return {**found, "from": name, "restored": back, "problems": [*outcome.problems, *problems]}


def add(settings: Settings, table: dict[str, Any]) -> None:
    """Write another destination into `slipway.toml`; raises `UsageError` and `Conflict`."""
    path = settings.data / FILE
    write_atomic(path, with_one_more(text_of(path), path, table).encode())


def remove(settings: Settings, name: str) -> None:
    """Take a destination out of `slipway.toml`; what was copied there stays. Raises `NotFound` and `Conflict`."""
    path = settings.data / FILE
    write_atomic(path, without_one(text_of(path), path, name).encode())


def _backups(offline: Offline) -> Backups:
    async def primary() -> Primary:
        history = await offline.history()
        return Primary(history, offline.mirror(), offline.files, offline.settings.workspaces)

    return Backups(offline.destinations(), primary)


async def _bring_back(offline: Offline, names: Sequence[str], tell: Tell) -> list[dict[str, Any]]:
    """Each workspace's newest revision, for those that have no folder and were not deleted."""
    root = offline.settings.workspaces
    root.mkdir(parents=True, exist_ok=True)
    restorer_for = await offline_restorer(offline)
    archive = Archive(offline.source)
    restorer = restorer_for(archive)
    there, _ = assign_names((await offline.files.scan_root(root)).folders)
    found: list[dict[str, Any]] = []
    for name in await known(offline.source, names):
        if name in there or is_data(name):
            continue
        seqs = await archive.seqs(name)
        if not seqs or (await archive.header(name, seqs[-1])).kind == Why.DELETED:
            continue
        tell(f"restoring {name}", None, None)
        error = ""
        try:
            chosen = await Choosing(archive, offline.clock).choose(name, revision=seqs[-1])
            result = await restorer.run(Wish(chosen), tell=tell)
            error = "some paths could not be placed" if result.incomplete else ""
        except SlipwayError as problem:
            error = problem.message
        found.append({"workspace": name, "revision": seqs[-1], "error": error})
    return found
