"""Data volumes: the engine that holds them, the history they are kept in, and the loops of their workspaces."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from monitor.app.engines import user_of
from monitor.app.install import Install
from monitor.app.recording import Recording
from monitor.ports.clock import Clock
from monitor.ports.engine import Engine
from monitor.ports.files import Files
from monitor.services.data.data import Data
from monitor.services.data.keeping import DataKeeper, mark_file
from monitor.services.data.replacing import DataReplacer
from monitor.services.data.rounds import DataRounds
from monitor.services.jobs import OVER, Jobs
from monitor.services.launcher import GRACE_S
from monitor.services.observer import Observer
from monitor.services.registry import Registry
from monitor.services.routing import Routing


def data_of(
    install: Install,
    engine: Engine,
    kept: Recording,
    files: Files,
    clock: Clock,
    registry: Registry,
    observer: Observer,
    routing: Routing,
    jobs: Jobs,
) -> Data:
    """The one value the doors and the clock ask."""
    past = kept.past
    keeper = DataKeeper(engine, kept.history, files, install.files, past.terms.data)
    user = user_of(engine)

    async def stop(name: str) -> None:
        for instance in await observer.of(name):
            async with routing.retiring(instance):
                await engine.stop(instance, GRACE_S)

    async def user_for(name: str) -> tuple[int, int]:
        return user(await files.owner(await past.acting.folder_of(name)))

    def runs(name: str) -> bool:
        return any(job.kind == "run" and job.workspace == name and job.state not in OVER for job in jobs.jobs())

    replacer = DataReplacer(
        engine, keeper, kept.restoring.restorer, kept.turns, install.files, clock, stop, user_for, runs
    )

    async def keep(name: str) -> object:
        return await data.kept(name)

    rounds = DataRounds(lambda: registry.states, keep, past.terms.data, clock)
    data = Data(keeper, replacer, rounds, kept.restoring, past, registry)
    return data


def forgetting(install: Install, purge: Callable[[str], Awaitable[None]]) -> Callable[[str], Awaitable[None]]:
    """Purges what the engine has of a workspace, and what is remembered of its volume."""

    async def forget(name: str) -> None:
        await purge(name)
        install.files.remove(mark_file(name))

    return forget
