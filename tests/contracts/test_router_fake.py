"""The router in memory keeps the router's promises."""

from __future__ import annotations

import pytest

from monitor.adapters.fake_router import FakeRouter
from monitor.domain.route_table import Serving
from monitor.domain.routes import Provider
from tests.contracts.router_contract import Labelled, LabelsContract, RouterContract, routes_of


class FakeBench:
    def __init__(self) -> None:
        self.router = FakeRouter()

    def writes(self) -> int:
        return self.router.writes

    async def again(self) -> FakeRouter:
        return self.router

    async def go_away(self) -> None:
        self.router.away = True

    async def start(self, workspace: str, generation: int, *, foreign: bool = False) -> Labelled:
        one = Serving(workspace, generation, True, Provider.DOCKER, "http://10.0.0.2:8000", 8000)
        self.router.label(routes_of(one))
        return Labelled(one, None)

    async def stop(self, started: Labelled) -> None:
        self.router.unlabel(routes_of(started.one))


class TestFakeRouter(RouterContract, LabelsContract):
    @pytest.fixture
    def bench(self) -> FakeBench:
        return FakeBench()
