"""Keeps the router's table equal to what serves, and says when an instance is really live through it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace

from monitor.domain.instance import Instance
from monitor.domain.launch import LaunchSpec, Rewrite
from monitor.domain.prefix.page import read_page, strays
from monitor.domain.prefix.urls import Mount
from monitor.domain.route_table import FRONT, Serving, hop_routes, instance_routes, route_table, serving
from monitor.domain.routes import Provider, Route, RouteTable
from monitor.errors import SlipwayError
from monitor.ports.probe import Probe
from monitor.ports.router import Router, RouterAway

PROBE_S = 5.0
GONE_S, LABELS_GONE_S = 1.0, 3.0
HOP_S = 1.0
RETRY_S = 2.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """The fixed ends of the table: the gate's and the dashboard's addresses, and the host routes' domain."""

    gate_url: str
    dashboard_url: str
    domain: str


def no_hop() -> str:
    """Where the hop listens: nowhere."""
    return ""


class Routing:
    """Owns the table. `labelled` engines announce their instances themselves; all else is published by us.

    `hop` says where the hop listens now, "" while it does not.
    """

    def __init__(
        self,
        router: Router,
        probe: Probe,
        place: Place,
        *,
        labelled: bool,
        known: Callable[[], Iterable[str]],
        hop: Callable[[], str] = no_hop,
    ) -> None:
        self._router = router
        self._probe = probe
        self._place = place
        self._labelled = labelled
        self._known = known
        self._hop = hop
        self._measured: set[str] = set()
        self._looked: set[str] = set()
        self._readied: set[str] = set()
        self._serving: dict[str, Serving] = {}
        self._dirty = asyncio.Event()
        self._publishing = asyncio.Lock()
        self._asked = self._published = 0
        self._dirty.set()

    def wanted(self) -> RouteTable:
        """The whole table as it should be now."""
        return route_table(
            self._known(),
            self._serving.values(),
            gate_url=self._place.gate_url,
            dashboard_url=self._place.dashboard_url,
            domain=self._place.domain,
            hop_url=self._hop(),
        )

    def to_instances(self, workspace: str) -> tuple[Route, ...]:
        """The routes that lead to a workspace's instances now."""
        return tuple(r for one in self._serving.values() if one.workspace == workspace for r in self._routes_to(one))

    def changed(self) -> None:
        """The set of known workspaces may have changed."""
        self._dirty.set()

    async def run(self) -> None:
        """Publish whenever something changed, until cancelled."""
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            try:
                await self._publish()
            except SlipwayError as error:
                log.warning("routes not published: %s", error.message)
            except Exception:
                log.exception("routes not published")
            else:
                continue
            await asyncio.sleep(RETRY_S)
            self._dirty.set()

    async def live(self, instance: Instance, spec: LaunchSpec, *, wait_s: float) -> bool:
        """Whether visitors' requests reach this instance within `wait_s`; raises `RouterAway`."""
        labelled = self._labelled and instance.announced
        if instance.host is None or not (instance.ready or labelled):
            return await _not_yet(wait_s)
        through = self._needs_hop(spec)
        one = serving(instance, spec, labelled=labelled, hop=through and self._was_ready(instance))
        if not await self._leads_to(instance, one, wait_s):
            return False
        self._readied.add(instance.id)
        if through and not one.hop and not await self._leads_to(instance, replace(one, hop=True), wait_s):
            return False
        await self._look(instance.host, instance, spec)
        seen = await self._probe.http(instance.host, instance.port or spec.port, spec.health_path, PROBE_S)
        return seen.status is not None or await _not_yet(wait_s)

    async def _leads_to(self, instance: Instance, one: Serving, wait_s: float) -> bool:
        """Publish it where that is news; whether the router has all of its routes within `wait_s`."""
        if self._serving.get(instance.id) != one:
            self._serving[instance.id] = one
            await self._publish()
        return not await self._router.confirm(self._routes_to(one), wait_s)

    def _was_ready(self, instance: Instance) -> bool:
        """The router leaves out a container that is not ready yet; the hop's way to it is ours to leave out."""
        return instance.ready or instance.id in self._readied

    async def _look(self, host: str, instance: Instance, spec: LaunchSpec) -> None:
        """Before it counts as live, once: the first page it writes may show already that it needs the hop."""
        if spec.rewrite is not Rewrite.MEASURED or instance.id in self._looked or not self._hop():
            return
        self._looked = {*self._looked & self._serving.keys(), instance.id}
        text = await self._probe.page(host, instance.port or spec.port, spec.health_path, PROBE_S)
        if text and strays(read_page(text), Mount(f"/{spec.workspace}", spec.inside, f"{host}:{instance.port}")):
            await self.measured(spec.workspace, needs_hop=True, wait_s=HOP_S)

    async def measured(self, workspace: str, *, needs_hop: bool, wait_s: float) -> None:
        """Send its pages through the hop, or no longer; returns once that is live. Raises `RouterAway`."""
        if needs_hop == (workspace in self._measured) or workspace == FRONT:
            return
        (self._measured.add if needs_hop else self._measured.discard)(workspace)
        changed = [key for key, one in self._serving.items() if one.workspace == workspace and key in self._readied]
        for key in changed:
            self._serving[key] = replace(self._serving[key], hop=needs_hop)
        await self._publish()
        for key in changed:
            await self._router.confirm(self._routes_to(self._serving[key]), wait_s)

    def through_hop(self, workspace: str) -> bool:
        """Whether this workspace's pages go through the hop now."""
        return bool(self._hop()) and any(one.hop for one in self._serving.values() if one.workspace == workspace)

    def _needs_hop(self, spec: LaunchSpec) -> bool:
        """The front site's addresses are right as they are: it has the root as well."""
        if spec.workspace == FRONT or spec.rewrite is Rewrite.NEVER:
            return False
        return spec.rewrite is Rewrite.ALWAYS or spec.workspace in self._measured

    def _routes_to(self, one: Serving) -> tuple[Route, ...]:
        return (*instance_routes(one, self._place.domain), *hop_routes(one, self._hop()))

    def observed(self, instances: Iterable[Instance]) -> None:
        """What the engine now says of instances: the router drops one that is not ready any more."""
        for instance in instances:
            one = self._serving.get(instance.id)
            if one is not None and one.ready != instance.ready:
                self._serving[instance.id] = replace(one, ready=instance.ready)

    @asynccontextmanager
    async def retiring(self, instance: Instance) -> AsyncIterator[None]:
        """Around an instance's end: it begins once our routes send it nothing more, and is over once its own
        labels' routes are gone from the router too."""
        one = self._serving.pop(instance.id, None)
        self._readied.discard(instance.id)
        routes = () if one is None else self._routes_to(one)
        ours = tuple(route for route in routes if route.provider is Provider.FILE)
        if ours:
            await self._publish()
            await self._gone(ours, GONE_S)
        yield
        await self._gone(tuple(route for route in routes if route.provider is not Provider.FILE), LABELS_GONE_S)

    async def withdraw(self, workspace: str) -> None:
        """Nothing of this workspace is to be routed to an instance."""
        gone = [key for key, one in self._serving.items() if one.workspace == workspace]
        for key in gone:
            del self._serving[key]
        self._readied &= self._serving.keys()
        self._measured.discard(workspace)
        self._dirty.set()

    async def _gone(self, routes: tuple[Route, ...], wait_s: float) -> None:
        """A router that does not answer, or holds on to a route, delays nothing further."""
        if routes:
            with suppress(RouterAway):
                await self._router.gone(routes, wait_s)

    async def _publish(self) -> None:
        """Publish the table as it is now; of many callers at once, one does it for all who came before it began."""
        self._asked += 1
        mine = self._asked
        async with self._publishing:
            if self._published >= mine:
                return
            begun = self._asked
            await self._router.publish(self.wanted())
            self._published = begun


async def _not_yet(wait_s: float) -> bool:
    await asyncio.sleep(wait_s / 2)
    return False
