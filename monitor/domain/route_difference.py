"""What the router really has, and how that differs from what is wanted, with reasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from monitor.domain.routes import INSTANCE_PREFIX, OWN_PREFIX, Provider, Route, RouteTable


class Kind(StrEnum):
    """The kinds of things in the router's configuration."""

    ROUTER = "router"
    MIDDLEWARE = "middleware"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class ActualRouter:
    """One router as the router reports it; names carry their provider. `errors` says why it is not enabled."""

    name: str
    rule: str
    priority: int
    service: str
    middlewares: tuple[str, ...] = ()
    enabled: bool = True
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RouterState:
    """All the router has: routers by full name, each service's server URLs, and the names of middlewares."""

    routers: Mapping[str, ActualRouter] = field(default_factory=dict)
    services: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    middlewares: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A wanted route that is not there as wanted, and what was seen instead."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Extra:
    """Something from a container's labels that nobody wants; `urls` lead to the container."""

    kind: Kind
    name: str
    urls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """`mismatched`: wanted and not there as wanted. `stale`: from our file, no longer in it. `extra`: from labels."""

    mismatched: tuple[Mismatch, ...] = ()
    stale: tuple[str, ...] = ()
    extra: tuple[Extra, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.mismatched or self.stale or self.extra)


def difference(wanted: RouteTable, actual: RouterState) -> Difference:
    """Compare the whole table with all the router has.

    Routers of other providers, and those in files of other people beside ours, are none of our business.
    """
    names = wanted.by_name().keys()
    stale = sorted(name for name in actual.routers if _is_ours(name) and name not in names)
    expected = [route for route in wanted if route.full_name not in wanted.pending]
    return Difference(mismatches(expected, actual), tuple(stale), unexpected(wanted, actual))


def mismatches(routes: Iterable[Route], actual: RouterState) -> tuple[Mismatch, ...]:
    """The routes of `routes` the router does not have enabled with the right rule, priority, way and address."""
    found = ((route, why_not(route, actual)) for route in routes)
    return tuple(Mismatch(route.full_name, reason) for route, reason in found if reason)


def unexpected(wanted: RouteTable, actual: RouterState) -> tuple[Extra, ...]:
    """What containers' labels (or their images') brought beyond the table."""
    docker = [route for route in wanted if route.provider is Provider.DOCKER]
    routers = {route.full_name for route in docker}
    services = {route.full_service for route in docker}
    middlewares = {name for route in docker for name in route.full_middlewares}
    extra = [
        Extra(Kind.ROUTER, router.name, actual.services.get(router.service, ()))
        for router in actual.routers.values()
        if _is_labelled(router.name) and router.name not in routers
    ]
    extra += [Extra(Kind.MIDDLEWARE, n) for n in actual.middlewares if _is_labelled(n) and n not in middlewares]
    extra += [Extra(Kind.SERVICE, n, u) for n, u in actual.services.items() if _is_labelled(n) and n not in services]
    return tuple(sorted(extra, key=lambda e: (e.kind, e.name)))


def why_not(route: Route, actual: RouterState) -> str:
    """Why a route is not live as wanted; '' where it is."""
    router = actual.routers.get(route.full_name)
    if router is None:
        return "the router does not have it"
    if not router.enabled:
        return "the router refused it: " + ("; ".join(router.errors) or "no reason given")
    if router.rule != route.rule:
        return f"its rule is {router.rule}"
    if router.priority != route.priority:
        return f"its priority is {router.priority}, not {route.priority}"
    if router.middlewares != route.full_middlewares:
        return f"its middlewares are {', '.join(router.middlewares) or 'none'}"
    if router.service != route.full_service:
        return f"it leads to the service {router.service}"
    urls = actual.services.get(route.full_service, ())
    if route.service.url is not None and urls != (route.service.url,):
        return f"it leads to {', '.join(urls) or 'no address'}, not {route.service.url}"
    return ""


def _is_ours(name: str) -> bool:
    return name.endswith(f"@{Provider.FILE}") and name.startswith((INSTANCE_PREFIX, OWN_PREFIX))


def _is_labelled(name: str) -> bool:
    return name.endswith(f"@{Provider.DOCKER}")
