"""When an instance's ways are published: the hop's only once it was ready, so that no visitor waits there in vain."""

from __future__ import annotations

from dataclasses import replace

from monitor.adapters.fake_router import FakeRouter
from monitor.domain.instance import Instance, Running
from monitor.domain.launch import LaunchSpec, ProjectType, Rewrite
from monitor.domain.route_table import instance_routes, labelled_serving
from monitor.services.routing import Place, Routing
from tests.services.world import Answering

PLACE = Place("http://127.0.0.1:1", "http://localhost:8081", "localhost")
SPEC = LaunchSpec("shop", ProjectType.NODE, "node", "node s.js", (1, 1), rewrite=Rewrite.ALWAYS)


def instance(generation: int, *, ready: bool) -> Instance:
    return Instance(f"i{generation}", "shop", "h", generation, Running.RUNNING, ready, "10.0.0.2", 8000)


def routing(router: FakeRouter) -> Routing:
    return Routing(
        router, Answering(), PLACE, labelled=True, known=lambda: ["shop"], hop=lambda: "http://127.0.0.1:2"
    )


def up(router: FakeRouter, generation: int) -> None:
    """Its container is healthy: the router has what its labels say."""
    found = instance_routes(labelled_serving(SPEC, generation), PLACE.domain)
    router.label(replace(one, service=replace(one.service, url="http://10.0.0.2:8000", port=8000)) for one in found)


def hops(routes: Routing) -> list[str]:
    return [route.name for route in routes.wanted() if route.name.endswith("-hop")]


async def test_a_new_generation_is_reached_through_the_hop_only_once_it_is_ready() -> None:
    """Its own labels wait for its health; the hop's route is ours, and above those of the one that still serves."""
    router = FakeRouter()
    routes = routing(router)
    for generation, told in ((1, True), (2, False)):
        before = hops(routes)
        assert not await routes.live(instance(generation, ready=False), SPEC, wait_s=0.01)
        assert hops(routes) == before
        up(router, generation)
        # The router may know of its health before we do.
        assert await routes.live(instance(generation, ready=told), SPEC, wait_s=0.01)
        assert hops(routes)[0] == f"ws-shop-{generation}-hop"
    # While its server is replaced after an edit it is not ready, and the hop itself waits for it.
    routes.observed([instance(2, ready=False)])
    assert hops(routes)[0] == "ws-shop-2-hop"


async def test_what_is_found_to_need_the_hop_while_another_starts_leaves_that_one_alone() -> None:
    router = FakeRouter()
    routes, spec = routing(router), replace(SPEC, rewrite=Rewrite.MEASURED)
    up(router, 1)
    assert await routes.live(instance(1, ready=True), spec, wait_s=0.01)
    assert not await routes.live(instance(2, ready=False), spec, wait_s=0.01)
    await routes.measured("shop", needs_hop=True, wait_s=0.01)
    assert hops(routes) == ["ws-shop-1-hop"]
    up(router, 2)
    assert await routes.live(instance(2, ready=True), spec, wait_s=0.01)
    assert hops(routes) == ["ws-shop-2-hop", "ws-shop-1-hop"]
