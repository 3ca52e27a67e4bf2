"""A route as a value: which requests (rule), before which others (priority), through what, to where.

Words are Traefik's own: a router is named by its provider too (`ws-blog-1@docker`), a middleware is changed
requests or answers on the way, a service is where they go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum

MAX_GENERATION = 899
"""A generation is added to a priority; from 900 on `www` would climb over the orphans."""

INSTANCE_PREFIX = "ws-"
OWN_PREFIX = "slipway-"
_INSTANCE_NAME = re.compile(rf"{INSTANCE_PREFIX}(?P<workspace>[a-z0-9-]+)-[0-9]+(-[a-z]+)?")


class Provider(StrEnum):
    """Where the router learns a route from: our published file, or the labels of a container."""

    FILE = "file"
    DOCKER = "docker"


class Priority(IntEnum):
    """The whole table, from the first asked to the last; instances add their generation.

    The hop's row reaches over our own, which no workspace's rule meets.
    """

    HOST = 4000
    HOST_GATE = 3900
    OWN = 3000
    HOP = 2950
    INSTANCE = 2000
    GATE = 1900
    ORPHANS = 1000
    WWW = 100
    REST = 1


@dataclass(frozen=True, slots=True)
class Middleware:
    """One step on the way; `config` in Traefik's words, `{kind: {option: value}}`.

    A `shared` one stands once in the published file and is used from labels as `name@file`.
    """

    name: str
    config: Mapping[str, Mapping[str, object]]
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Service:
    """Where requests go: `url` as seen from the router, None while only the container's `port` is known."""

    name: str
    url: str | None = None
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """One router of the table."""

    name: str
    rule: str
    priority: int
    service: Service
    middlewares: tuple[Middleware, ...] = ()
    provider: Provider = Provider.FILE

    @property
    def full_name(self) -> str:
        """Its name in Traefik's API: `name@provider`."""
        return f"{self.name}@{self.provider}"

    @property
    def full_service(self) -> str:
        return _full(self.service.name, self.provider)

    @property
    def full_middlewares(self) -> tuple[str, ...]:
        """In the order they act, as Traefik's API names them."""
        return tuple(_full(m.name, Provider.FILE if m.shared else self.provider) for m in self.middlewares)


@dataclass(frozen=True, slots=True)
class RouteTable:
    """Every route there should be now, highest priority first; equal states give equal tables.

    `pending` are full names of routes whose instance is not ready: the router may have them or not.
    """

    routes: tuple[Route, ...]
    pending: frozenset[str] = frozenset()

    def __iter__(self) -> Iterator[Route]:
        return iter(self.routes)

    def of(self, workspace: str) -> tuple[Route, ...]:
        """The routes that lead to instances of one workspace."""
        return tuple(route for route in self.routes if workspace_of(route.name) == workspace)

    def by_name(self) -> dict[str, Route]:
        """Routes by their full name."""
        return {route.full_name: route for route in self.routes}


def instance_name(workspace: str, generation: int) -> str:
    """The name shared by an instance's router and service: `ws-<workspace>-<generation>`.

    Raises ValueError for a generation outside 1 … `MAX_GENERATION`.
    """
    if not 1 <= generation <= MAX_GENERATION:
        raise ValueError(f"generation {generation} is not between 1 and {MAX_GENERATION}")
    return f"{INSTANCE_PREFIX}{workspace}-{generation}"


def workspace_of(router: str) -> str | None:
    """The workspace an instance's router (or service, or middleware) belongs to, from its name; else None."""
    match = _INSTANCE_NAME.fullmatch(router.partition("@")[0])
    return match["workspace"] if match else None


def _full(name: str, provider: Provider) -> str:
    return name if "@" in name else f"{name}@{provider}"
