"""The ways in: the gate, the bundled Traefik, the hop, and the routing that leads visitors through them."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass

from monitor.adapters.embedded.hop import bundled_hop
from monitor.adapters.embedded.supervisor import State, Supervisor
from monitor.adapters.embedded.traefik import bundled_traefik
from monitor.adapters.traefik_router import TraefikRouter
from monitor.app import engines
from monitor.app.hands import gate_states
from monitor.app.install import Install
from monitor.ports.clock import Clock
from monitor.ports.engine import Engine
from monitor.ports.probe import Probe
from monitor.services.registry import Registry
from monitor.services.routing import Place, Routing
from monitor.settings import Settings
from monitor.web.gate import Gate


@dataclass(frozen=True, slots=True)
class WaysIn:
    """`traefik` and `hop` are started and watched by the platform; the gate listens already."""

    traefik: Supervisor
    hop: Supervisor
    router: TraefikRouter
    routing: Routing


async def ways_in(
    settings: Settings,
    install: Install,
    clock: Clock,
    engine: Engine,
    probe: Probe,
    registry: Registry,
    stack: AsyncExitStack,
) -> WaysIn:
    """Make all of them; `stack` closes what must be closed. The routing looks again at each change of `registry`."""
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
    return WaysIn(traefik, hop, router, routing)
