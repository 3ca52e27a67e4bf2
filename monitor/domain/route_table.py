"""The whole routing table, computed from which workspaces are known and which instances serve.

| priority | requests | lead to |
| --- | --- | --- |
| 4000 + generation | host `n.<domain>` | the instance, on an origin of its own |
| 3900 | any other host below the domain | the gate: no path route answers on a workspace's own origin |
| 3000 | `/monitor`, `/_slipway/` | the dashboard's own origin, the gate's own files |
| 2000 + generation | `/n`, `/n/…` | the instance; the newest generation wins |
| 1900 | the same for every known workspace | the gate |
| 1000 | orphans: sent by a page of a known workspace | the gate, which sends them home |
| 100 + generation | everything, where `www` serves | `www` |
| 1 | everything | the gate |
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.domain import route_middlewares as steps
from monitor.domain import route_rules as rules
from monitor.domain.instance import Instance
from monitor.domain.routes import (
    OWN_PREFIX,
    Middleware,
    Priority,
    Provider,
    Route,
    RouteTable,
    Service,
    instance_name,
)

FRONT = "www"
"""The workspace that also gets every path nobody else claims."""

OWN_FILES = "_slipway"
_NOWHERE = Service("noop@internal")


@dataclass(frozen=True, slots=True)
class Serving:
    """One instance that is to be routed now.

    `strip`: the router takes `/n` off the path. `url` is where the instance listens, None where unknown;
    `port` is the one inside its container. `provider` says who tells the router about it. `ready`: its route is
    expected to be live, a lasting absence is the router's fault.
    """

    workspace: str
    generation: int
    strip: bool
    provider: Provider
    url: str | None = None
    port: int | None = None
    ready: bool = True


def serving(instance: Instance, *, strip: bool, labelled: bool) -> Serving:
    """The routing view of an observed instance; `labelled` where it carries its routes as container labels."""
    provider = Provider.DOCKER if labelled else Provider.FILE
    url = _url(instance)
    return Serving(instance.workspace, instance.generation, strip, provider, url, instance.port, instance.ready)


def route_table(
    known: Iterable[str],
    serving: Iterable[Serving],
    *,
    gate_url: str,
    dashboard_url: str,
    domain: str,
) -> RouteTable:
    """Given every known workspace's name and the instances that serve, return the whole table.

    Raises ValueError for a name, domain or generation that must not get into a rule.
    """
    names = sorted(set(known))
    routes = [*_own_routes(names, Service(f"{OWN_PREFIX}gate", gate_url), dashboard_url, domain)]
    pending: set[str] = set()
    for one in serving:
        own = instance_routes(one, domain)
        routes += own
        pending |= set() if one.ready else {route.full_name for route in own}
    return RouteTable(tuple(sorted(routes, key=lambda route: (-route.priority, route.name))), frozenset(pending))


def instance_routes(one: Serving, domain: str) -> tuple[Route, ...]:
    """The routes to one instance: by path, by host and, for `www`, everything else."""
    base = instance_name(one.workspace, one.generation)
    service = Service(base, one.url, one.port)
    into = () if one.strip else (steps.into(base, one.workspace),)
    prefixed = steps.strip(base, one.workspace) if one.strip else steps.prefix(base, one.workspace)

    def route(suffix: str, rule: str, priority: Priority, *middlewares: Middleware) -> Route:
        chain = (*middlewares, steps.RETRY)
        return Route(base + suffix, rule, priority + one.generation, service, chain, one.provider)

    own_host = rules.of_host(one.workspace, domain)
    by_path = rules.of_workspace(one.workspace)
    routes = [
        route("-host", own_host, Priority.HOST, steps.CLEAN, *into),
        route("", by_path, Priority.INSTANCE, steps.SLASH, steps.SHARED_ORIGIN, prefixed),
    ]
    if one.workspace == FRONT:
        routes.append(route("-all", rules.EVERYTHING, Priority.WWW, steps.SHARED_ORIGIN, *into))
    return tuple(routes)


def _own_routes(names: list[str], gate: Service, dashboard_url: str, domain: str) -> Iterable[Route]:
    yield Route(f"{OWN_PREFIX}host", rules.of_any_host(domain), Priority.HOST_GATE, gate)
    to_dashboard = (steps.dashboard(dashboard_url),)
    yield Route(f"{OWN_PREFIX}monitor", rules.under("monitor"), Priority.OWN, _NOWHERE, to_dashboard)
    yield Route(f"{OWN_PREFIX}files", rules.under(OWN_FILES), Priority.OWN, gate)
    if names:
        orphans = rules.of_orphans(names, navigations=FRONT not in names)
        yield Route(f"{OWN_PREFIX}gate", rules.of_known(names), Priority.GATE, gate)
        yield Route(f"{OWN_PREFIX}orphans", orphans, Priority.ORPHANS, gate)
    yield Route(f"{OWN_PREFIX}rest", rules.EVERYTHING, Priority.REST, gate)


def _url(instance: Instance) -> str | None:
    if instance.host is None or instance.port is None:
        return None
    host = f"[{instance.host}]" if ":" in instance.host else instance.host
    return f"http://{host}:{instance.port}"
