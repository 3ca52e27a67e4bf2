"""Small functions handed to the parts of a monitor, so that each knows only what it needs."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlsplit

from monitor.domain.gate import GateState
from monitor.domain.launch import ProjectType
from monitor.domain.route_difference import Extra
from monitor.domain.routes import workspace_of
from monitor.ports.engine import Engine
from monitor.services.keeping import Keeping
from monitor.services.observer import Observer
from monitor.services.reconciler import Reconciler
from monitor.services.registry import Registry
from monitor.services.restore.turns import Turns
from monitor.settings import Settings

log = logging.getLogger(__name__)


def addresses(settings: Settings, name: str) -> dict[str, str]:
    """Where people see a workspace."""
    base = settings.workspaces_url
    return {"url": f"{base}/{name}/", "host_url": f"http://{name}.{settings.domain}:{settings.http_port}/"}


def gate_states(registry: Registry) -> Mapping[str, GateState]:
    """What the gate says of each workspace."""
    return {
        name: GateState(
            name, state.phase, state.reason, ProjectType(state.type), state.description, changing=bool(state.changing)
        )
        for name, state in registry.states.items()
    }


def teller(registry: Registry) -> Callable[[str], None]:
    """Says what the watchdog saw and did: in the log, and as an event to whoever watches."""

    def tell(text: str) -> None:
        log.warning("%s", text)
        registry.emit({"type": "notice", "text": text})

    return tell


def remover(engine: Engine, observer: Observer) -> Callable[[Extra], Awaitable[None]]:
    """What takes away a router that came from labels nobody wanted: its instance, if it is one of ours."""

    async def remove(extra: Extra) -> None:
        hosts = {urlsplit(url).hostname for url in extra.urls}
        for instances in (await observer.all()).values():
            for instance in instances:
                # An instance's own routers are extra only until its workspace's loop has met it after a restart.
                if instance.host in hosts and workspace_of(extra.name) != instance.workspace:
                    await engine.stop(instance, 0)
        for sentence in await engine.evict({host for host in hosts if host}):
            log.warning("%s", sentence)

    return remove


def take_turns(turns: Turns, reconciler: Reconciler, keeping: Keeping) -> None:
    """A restore that begins breaks off what a workspace's loop is at; when it is over, the loop looks again."""

    def begun(name: str) -> None:
        if name in reconciler.keepers:
            reconciler.keepers[name].give_way()

    def over(name: str) -> None:
        keeping.show(name)
        reconciler.look(name)

    turns.begun, turns.over = begun, over
