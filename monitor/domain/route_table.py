"""The whole routing table, computed from which workspaces are known and which instances serve.

| priority | requests | lead to |
| --- | --- | --- |
| 4000 + generation | host `n.<domain>` | the instance, on an origin of its own |
| 3900 | any other host below the domain | the gate: no path route answers on a workspace's own origin |
| 2950 + generation | `/n`, `/n/…` of an app that needs it | the hop, and through it the instance |
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
from monitor.domain.launch import LaunchSpec, OwnHost
from monitor.domain.prefix.hop import Hop
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
    expected to be live, a lasting absence is the router's fault. `hop`: its path goes through the hop as well.
    """

    workspace: str
    generation: int
    strip: bool
    provider: Provider
    url: str | None = None
    port: int | None = None
    ready: bool = True
    inside: str = ""
    own_host: OwnHost = OwnHost.ROOT
    hop: bool = False

    @property
    def below_only(self) -> bool:
        """Whether it answers below its prefix only, on its own host too."""
        return self.own_host is OwnHost.PREFIX or not self.strip


def serving(instance: Instance, spec: LaunchSpec, *, labelled: bool, hop: bool = False) -> Serving:
    """The routing view of an observed instance; `labelled` where it carries its routes as container labels."""
    provider = Provider.DOCKER if labelled else Provider.FILE
    return Serving(
        instance.workspace, instance.generation, spec.strip, provider, _url(instance), instance.port, instance.ready,
        spec.inside, spec.own_host, hop,
    )  # fmt: skip


def labelled_serving(spec: LaunchSpec, generation: int) -> Serving:
    """The same of a container that is not there yet."""
    return Serving(
        spec.workspace,
        generation,
        spec.strip,
        Provider.DOCKER,
        port=spec.port,
        inside=spec.inside,
        own_host=spec.own_host,
    )


def route_table(
    known: Iterable[str],
    serving: Iterable[Serving],
    *,
    gate_url: str,
    dashboard_url: str,
    domain: str,
    hop_url: str = "",
) -> RouteTable:
    """Given every known workspace's name and the instances that serve, return the whole table.

    `hop_url` is "" while there is no hop: apps then answer without it.

    Raises ValueError for a name, domain or generation that must not get into a rule.
    """
    names = sorted(set(known))
    routes = [*_own_routes(names, Service(f"{OWN_PREFIX}gate", gate_url), dashboard_url, domain)]
    pending: set[str] = set()
    for one in serving:
        own = (*instance_routes(one, domain), *hop_routes(one, hop_url))
        routes += own
        pending |= set() if one.ready else {route.full_name for route in own}
    return RouteTable(tuple(sorted(routes, key=lambda route: (-route.priority, route.name))), frozenset(pending))


def instance_routes(one: Serving, domain: str) -> tuple[Route, ...]:
    """The routes to one instance: by path, by host and, for `www`, everything else."""
    base = instance_name(one.workspace, one.generation)
    service = Service(base, one.url, one.port)
    into = (steps.into(base, one.workspace),) if one.below_only else ()

    def route(suffix: str, rule: str, priority: Priority, *middlewares: Middleware) -> Route:
        chain = (*middlewares, steps.RETRY)
        return Route(base + suffix, rule, priority + one.generation, service, chain, one.provider)

    by_path = rules.of_workspace(one.workspace)
    routes = [route("", by_path, Priority.INSTANCE, steps.SLASH, steps.SHARED_ORIGIN, *_prefixed(one, base))]
    if one.below_only:
        below, beside = (f(one.workspace, domain) for f in (rules.of_host_under, rules.of_host_beside))
        routes.append(route("-host", below, Priority.HOST, steps.SLASH, steps.CLEAN, *_prefixed(one, base)))
        routes.append(route("-into", beside, Priority.HOST, steps.CLEAN, steps.all_into(base, one.workspace)))
    else:
        inside = _inside(one, base) if one.own_host is OwnHost.ROOT else _prefixed(one, base)
        routes.append(route("-host", rules.of_host(one.workspace, domain), Priority.HOST, steps.CLEAN, *inside))
    if one.workspace == FRONT:
        routes.append(route("-all", rules.EVERYTHING, Priority.WWW, steps.SHARED_ORIGIN, *into, *_inside(one, base)))
    return tuple(routes)


def hop_routes(one: Serving, hop_url: str) -> tuple[Route, ...]:
    """The way through the hop, published by us whoever announces the instance; none where it is not needed."""
    if not one.hop or not hop_url or one.url is None:
        return ()
    base = instance_name(one.workspace, one.generation)
    prefix = f"/{one.workspace}"
    hop = Hop(one.url, prefix, one.inside if one.strip else prefix)
    chain = (steps.SLASH, steps.SHARED_ORIGIN, *_prefixed(one, base), steps.hop(base, hop), steps.RETRY)
    priority = Priority.HOP + one.generation
    return (Route(f"{base}-hop", rules.of_hop(one.workspace), priority, Service(f"{OWN_PREFIX}hop", hop_url), chain),)


def _prefixed(one: Serving, base: str) -> tuple[Middleware, ...]:
    """What happens to the prefix on the way in."""
    if not one.strip:
        return (steps.prefix(base, one.workspace),)
    return (steps.strip(base, one.workspace), *_inside(one, base))


def _inside(one: Serving, base: str) -> tuple[Middleware, ...]:
    return (steps.inside(base, one.inside),) if one.inside else ()


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
