"""A Traefik, a real gate, and echo servers as instances."""

from __future__ import annotations

from monitor.adapters.traefik_router import TraefikRouter
from monitor.domain.gate import GateState
from monitor.domain.launch import ProjectType
from monitor.domain.route_table import Serving, route_table
from monitor.domain.routes import Provider, RouteTable
from monitor.domain.workspace import Phase
from monitor.web.gate import Gate
from tests.support.echo import Echo
from tests.support.raw_http import RawAnswer, raw
from tests.support.traefik import TraefikServer

HTML = "Accept: text/html"
WAIT_S = 10.0


class Town:
    """A Traefik, a real gate, and echo servers as instances."""

    def __init__(self, server: TraefikServer, router: TraefikRouter) -> None:
        self.server = server
        self.router = router
        self.states: dict[str, GateState] = {}
        self.gate = Gate(lambda: self.states, "localhost")
        self.gate_url = ""
        self.echoes: dict[tuple[str, int], Echo] = {}
        self.serving: dict[tuple[str, int], Serving] = {}
        self._published = RouteTable(())

    async def serve(self, name: str, generation: int = 1, *, strip: bool = True) -> Echo:
        """An instance comes up (its route with the next `publish`)."""
        echo = await Echo(f"{name}-{generation}").start()
        self.echoes[name, generation] = echo
        self.serving[name, generation] = Serving(name, generation, strip, Provider.FILE, echo.url, echo.port)
        self.states[name] = GateState(name, Phase.SERVING, type=ProjectType.PYTHON)
        return echo

    def withdraw(self, name: str, phase: Phase = Phase.STOPPED) -> None:
        """Its routes go (with the next `publish`); the workspace stays known."""
        for key in [key for key in self.serving if key[0] == name]:
            del self.serving[key]
        self.states[name] = GateState(name, phase, "because", ProjectType.PYTHON)

    async def publish(self) -> None:
        table = table_of(list(self.serving.values()), gate=self.gate_url, known=list(self.states))
        before, self._published = self._published, table
        await self.router.publish(table)
        assert await self.router.confirm(table.routes, WAIT_S) == ()
        left = [route for route in before if route.full_name not in table.by_name()]
        assert await self.router.gone(left, WAIT_S) == ()

    async def ask(self, target: str, *headers: str, host: str = "localhost", method: str = "GET") -> RawAnswer:
        return await raw(self.server.port, target, *headers, host=host, method=method)

    async def who(self, target: str, *headers: str, host: str = "localhost") -> str:
        """The instance that answered, or the status and Location of who did not."""
        answer = await self.ask(target, *headers, host=host)
        if answer.status == 200 and answer.headers.get("x-own"):
            return str(answer.json()["name"])
        return f"{answer.status} {answer.headers.get('location', '')}".strip()

    def reached(self) -> dict[str, list[str]]:
        """Paths each instance saw since it was last asked."""
        seen = {echo.name: list(echo.paths) for echo in self.echoes.values() if echo.paths}
        for echo in self.echoes.values():
            echo.paths.clear()
        return seen


def table_of(serving: list[Serving], *, gate: str, known: list[str]) -> RouteTable:
    return route_table(known, serving, gate_url=gate, dashboard_url="http://localhost:8081", domain="localhost")
