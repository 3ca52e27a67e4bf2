"""The way of an app whose answers are put right, beside its direct one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.domain.launch import OwnHost
from monitor.domain.prefix.hop import HEADER
from monitor.domain.route_render import file_configuration
from monitor.domain.route_table import Serving, route_table
from monitor.domain.routes import MAX_GENERATION, Provider, RouteTable
from tests.support.routes import process


class TestHop:
    """The way of an app whose answers are put right, beside its direct one."""

    HOPPING = replace(process("blog", 3), hop=True)

    def routed(self, one: Serving, hop_url: str = "http://127.0.0.1:9300") -> RouteTable:
        return route_table(
            ["blog"],
            [one],
            gate_url="http://127.0.0.1:9000",
            dashboard_url="http://d",
            domain="localhost",
            hop_url=hop_url,
        )

    def test_it_comes_before_the_direct_way_and_says_where_to(self) -> None:
        routes = {route.name: route for route in self.routed(self.HOPPING)}
        hop = routes["ws-blog-3-hop"]
        assert routes["slipway-host"].priority > hop.priority > routes["ws-blog-3"].priority
        assert hop.service.url == "http://127.0.0.1:9300"
        said = hop.middlewares[-2].config["headers"]["customRequestHeaders"]
        assert said == {HEADER: "to=http%3A%2F%2F127.0.0.1%3A9100&prefix=%2Fblog&inside="}
        assert [m.name for m in hop.middlewares[:3]] == ["slipway-slash", "slipway-shared-origin", "ws-blog-3-strip"]

    def test_what_cannot_be_changed_goes_straight_on(self) -> None:
        rule = next(route.rule for route in self.routed(self.HOPPING) if route.name == "ws-blog-3-hop")
        assert "!HeaderRegexp(`Upgrade`, `(?i)^websocket$`)" in rule
        assert "!HeaderRegexp(`Accept`, `text/event-stream`)" in rule

    def test_containers_have_it_in_our_file_beside_their_labels(self) -> None:
        labelled = Serving("blog", 2, True, Provider.DOCKER, "http://10.0.0.2:8000", 8000, hop=True)
        wanted = self.routed(labelled)
        assert {"ws-blog-2@docker", "ws-blog-2-hop@file"} <= wanted.by_name().keys()
        assert "ws-blog-2-strip" in file_configuration(wanted)["middlewares"]

    def test_without_a_hop_apps_answer_directly(self) -> None:
        assert not any(route.name.endswith("-hop") for route in self.routed(self.HOPPING, hop_url=""))
        assert not any(route.name.endswith("-hop") for route in self.routed(process("blog")))

    @pytest.mark.parametrize("generation", [1, MAX_GENERATION])
    def test_no_generation_reaches_another_hosts_row(self, generation: int) -> None:
        priorities = {
            route.name: route.priority for route in self.routed(replace(process("blog", generation), hop=True))
        }
        assert (
            priorities["slipway-host"] > priorities[f"ws-blog-{generation}-hop"] > priorities[f"ws-blog-{generation}"]
        )

    def test_an_app_that_knows_its_prefix_keeps_it(self) -> None:
        whole = replace(process("blog", 3, strip=False), hop=True)
        hop = next(route for route in self.routed(whole) if route.name == "ws-blog-3-hop")
        assert [m.name for m in hop.middlewares[2:3]] == ["ws-blog-3-prefix"]
        assert "inside=%2Fblog" in str(hop.middlewares[-2].config)

    def test_an_app_that_insists_on_a_path_gets_that(self) -> None:
        moved = replace(process("blog", 3), inside="/app", hop=True)
        by_name = {route.name: route for route in self.routed(moved)}
        assert [m.name for m in by_name["ws-blog-3"].middlewares[2:4]] == ["ws-blog-3-strip", "ws-blog-3-inside"]
        assert "inside=%2Fapp" in str(by_name["ws-blog-3-hop"].middlewares[-2].config)

    def test_on_its_own_host_a_told_app_answers_with_and_without_its_prefix(self) -> None:
        both = next(
            r for r in self.routed(replace(process("blog"), own_host=OwnHost.BOTH)) if r.name == "ws-blog-1-host"
        )
        assert [m.name for m in both.middlewares] == ["slipway-clean", "ws-blog-1-strip", "slipway-retry"]
        below = {r.name: r for r in self.routed(replace(process("blog"), own_host=OwnHost.PREFIX))}
        assert "ws-blog-1-strip" in [m.name for m in below["ws-blog-1-host"].middlewares]
        assert below["ws-blog-1-into"].rule == "Host(`blog.localhost`) && !(Path(`/blog`) || PathPrefix(`/blog/`))"
