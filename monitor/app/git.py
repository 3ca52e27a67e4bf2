"""Remotes for the doors: beside a running monitor, or on a data folder opened for the while."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from typing import Any

from monitor.adapters.files import DiskFiles
from monitor.adapters.git.clones import Clones
from monitor.adapters.git.credentials import Credential, Credentials
from monitor.adapters.placing.disk import DiskPlacing
from monitor.app.install import Install
from monitor.app.offline import opened
from monitor.app.past import past_on
from monitor.domain.git.state import GitState
from monitor.domain.git.urls import parse_protocols
from monitor.domain.workspace import Phase
from monitor.ports.clock import Clock
from monitor.services.git.book import Book
from monitor.services.git.following import Begin, Following
from monitor.services.git.means import Means
from monitor.services.jobs import Tell
from monitor.services.past.acting import Acting
from monitor.services.registry import Registry
from monitor.services.restore.safety import HistorySafety
from monitor.services.restore.turns import Turns
from monitor.settings import Settings

FOLDER = "git"


def following_of(
    settings: Settings,
    install: Install,
    acting: Acting,
    files: DiskFiles,
    clock: Clock,
    turns: Turns,
    stack: AsyncExitStack,
    *,
    begin: Begin | None = None,
    registry: Registry | None = None,
) -> Following:
    """`begin` and `registry` are a running monitor's; `stack` ends the workers."""
    clones = Clones(settings.data / FOLDER, _credentials(settings), parse_protocols(settings.git_protocols))
    placing = DiskPlacing()
    pool = ThreadPoolExecutor(2, thread_name_prefix="following")
    for end in (clones.close, placing.close, pool.shutdown):
        stack.callback(end)
    means = Means(
        git=clones,
        book=Book(install.files),
        files=files,
        placing=placing,
        clock=clock,
        acting=acting,
        safety=HistorySafety(acting.history, files),
        turns=turns,
        pool=pool,
        root=settings.workspaces,
        protocols=parse_protocols(settings.git_protocols),
        author=settings.git_author,
    )
    following = Following(means, begin, _shows(registry) if registry else None)
    if registry is not None:
        registry.on_change(_phases(registry, following))
    return following


async def sync(settings: Settings, name: str, direction: str, tell: Tell) -> dict[str, Any]:
    """`slipway sync` without a monitor."""
    async with opened(settings) as offline:
        past = await past_on(offline)
        turns = past.acting.restorer.turns
        following = following_of(
            settings, offline.install, past.acting, offline.files, offline.clock, turns, offline.stack
        )
        return await (following.pull(name, tell) if direction == "pull" else following.push(name, tell))


async def make(settings: Settings, name: str, url: str, branch: str | None, tell: Tell) -> dict[str, Any]:
    """`slipway new --from-git` without a monitor."""
    async with opened(settings) as offline:
        past = await past_on(offline)
        turns = past.acting.restorer.turns
        following = following_of(
            settings, offline.install, past.acting, offline.files, offline.clock, turns, offline.stack
        )
        return await following.make(name, url, branch, tell)


def _credentials(settings: Settings) -> Credentials:
    own = settings.git_url and Credential(
        url=settings.git_url, username=settings.git_username, password=settings.git_token
    )
    return Credentials(settings.data, own or None)


def _shows(registry: Registry) -> Callable[[str, GitState | None], None]:
    def show(name: str, state: GitState | None) -> None:
        if registry.get(name) is not None:
            registry.update(name, git=state)

    return show


def _phases(registry: Registry, following: Following) -> Callable[[], None]:
    """Tell which workspace moved on to which phase; called at every change, so it compares first."""
    seen: dict[str, Phase] = {}

    def changed() -> None:
        for name, state in registry.states.items():
            if seen.get(name) is not state.phase:
                seen[name] = state.phase
                following.phase(name, state.phase)
        for name in seen.keys() - registry.states.keys():
            del seen[name]

    return changed
