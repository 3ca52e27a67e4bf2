"""Tables of routes for tests, and a router that has exactly one of them."""

from __future__ import annotations

from monitor.domain.route_difference import (
    ActualRouter,
    RouterState,
)
from monitor.domain.route_table import Serving, route_table
from monitor.domain.routes import Provider, RouteTable


def table(*serving: Serving, known: tuple[str, ...] = ()) -> RouteTable:
    names = {*known, *(one.workspace for one in serving)}
    return route_table(
        names, serving, gate_url="http://127.0.0.1:9000", dashboard_url="http://localhost:8081", domain="localhost"
    )


def process(workspace: str, generation: int = 1, *, strip: bool = True, port: int = 9100) -> Serving:
    return Serving(workspace, generation, strip, Provider.FILE, f"http://127.0.0.1:{port}", port)


def as_actual(wanted: RouteTable) -> RouterState:
    """A router that has exactly the table."""
    routers = {
        r.full_name: ActualRouter(r.full_name, r.rule, r.priority, r.full_service, r.full_middlewares) for r in wanted
    }
    services = {r.full_service: (r.service.url,) if r.service.url else () for r in wanted}
    return RouterState(routers, services, frozenset(name for r in wanted for name in r.full_middlewares))
