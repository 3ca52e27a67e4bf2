"""Routing by a real Traefik through its file provider: who is reached by which request, and who never is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from monitor.adapters.clock import SystemClock
from monitor.adapters.traefik_router import FILE_NAME, TraefikRouter
from monitor.domain.gate import GateState
from monitor.domain.launch import ProjectType
from monitor.domain.route_difference import Mismatch
from monitor.domain.route_table import Serving, route_table
from monitor.domain.routes import Provider, RouteTable
from monitor.domain.workspace import Phase
from monitor.web.gate import Gate
from tests.contracts.router_contract import RouterContract
from tests.support.echo import Echo
from tests.support.raw_http import RawAnswer, raw
from tests.support.route_latency import route_latency
from tests.support.traefik import TraefikServer, traefik

pytestmark = pytest.mark.traefik

HTML = "Accept: text/html"
WAIT_S = 10.0


@pytest.fixture
def server(traefik_binary: Path, tmp_path: Path) -> Iterator[TraefikServer]:
    with traefik(traefik_binary, tmp_path) as running:
        yield running


@pytest.fixture
async def router(server: TraefikServer) -> AsyncIterator[TraefikRouter]:
    made = TraefikRouter(server.directory, server.api_url, SystemClock())
    yield made
    await made.close()


class TraefikBench:
    def __init__(self, server: TraefikServer, router: TraefikRouter) -> None:
        self.server = server
        self.router = router

    def writes(self) -> int:
        """The file's inode and time: neither stays through a write."""
        seen = (self.server.directory / FILE_NAME).stat()
        return hash((seen.st_ino, seen.st_mtime_ns))

    async def again(self) -> TraefikRouter:
        return TraefikRouter(self.server.directory, self.server.api_url, SystemClock())

    async def go_away(self) -> None:
        await asyncio.to_thread(self.server.program.stop)


class TestTraefikByFile(RouterContract):
    @pytest.fixture
    def bench(self, server: TraefikServer, router: TraefikRouter) -> TraefikBench:
        return TraefikBench(server, router)

    async def test_a_new_process_writes_nothing_either(self, bench: TraefikBench) -> None:
        wanted = _table([], gate="http://127.0.0.1:9", known=["a"])
        await bench.router.publish(wanted)
        before = bench.writes()
        again = await bench.again()
        assert await again.publish(wanted) is False
        await again.close()
        assert bench.writes() == before

    async def test_a_file_somebody_spoiled_is_mended(self, bench: TraefikBench) -> None:
        wanted = _table([], gate="http://127.0.0.1:9", known=["a"])
        await bench.router.publish(wanted)
        (bench.server.directory / FILE_NAME).write_text("http: [")
        assert await bench.router.publish(wanted) is True
        assert await bench.router.confirm(wanted.routes, WAIT_S) == ()

    async def test_what_traefik_refuses_is_told_with_its_reason(self, bench: TraefikBench) -> None:
        wanted = _table([], gate="http://127.0.0.1:9", known=["a"])
        await bench.router.publish(wanted)
        assert await bench.router.confirm(wanted.routes, WAIT_S) == ()
        path = bench.server.directory / FILE_NAME
        path.write_text(path.read_text().replace("PathRegexp(`^/(?:a)", "PathRegexp(`^/(?:a"))
        missing: tuple[Mismatch, ...] = ()
        async with asyncio.timeout(WAIT_S):
            # Asked route by route: an answer may be half from before Traefik read the file, half from after.
            while [m.name for m in missing] != ["slipway-gate@file"] or "refused" not in str(missing):
                missing = await bench.router.confirm(wanted.routes, 0.1)


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
        table = _table(list(self.serving.values()), gate=self.gate_url, known=list(self.states))
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


@pytest.fixture
async def town(server: TraefikServer, router: TraefikRouter) -> AsyncIterator[Town]:
    made = Town(server, router)
    made.gate_url = await made.gate.start()
    yield made
    await made.gate.close()
    for echo in made.echoes.values():
        await echo.stop()


async def test_each_row_of_the_table_leads_where_it_should(town: Town) -> None:
    await town.serve("blog")
    await town.serve("docs", strip=False)
    town.withdraw("off")
    await town.publish()
    assert await town.who("/blog/") == "blog-1"
    assert await town.who("/blog/deep?q=1") == "blog-1"
    assert await town.who("/docs/deep") == "docs-1"
    assert town.reached() == {"blog-1": ["/", "/deep?q=1"], "docs-1": ["/docs/deep"]}
    assert await town.who("/", host="blog.localhost:8080") == "blog-1"
    assert await town.who("/blog/x", host="docs.localhost") == "302 /docs/blog/x"
    assert await town.who("/docs/blog/x", host="docs.localhost") == "docs-1"
    assert town.reached() == {"blog-1": ["/"], "docs-1": ["/docs/blog/x"]}
    assert await town.who("/off/") == "503"
    assert await town.who("/nope") == "404"
    assert await town.who("/monitor") == await town.who("/monitor/x?y") == "302 http://localhost:8081"
    assert (await town.ask("/_slipway/gate.css")).headers["content-type"].startswith("text/css")
    assert b"/blog/" in (await town.ask("/", HTML)).body
    assert town.reached() == {}


async def test_the_slash_is_added_whatever_the_visitor_typed(town: Town) -> None:
    await town.serve("blog")
    await town.serve("docs", strip=False)
    await town.publish()
    for host in ("localhost", "10.1.2.3:9999", "[::1]:81", "a.example:443"):
        assert await town.who("/blog", host=host) == "302 /blog/"
        assert await town.who("/docs?x=/docs&y=%2F", host=host) == "302 /docs/?x=/docs&y=%2F"
        assert await town.who("/blog", "X-Forwarded-Proto: https", host=host) == "302 /blog/"
    assert (await town.ask("/blog", method="POST")).status == 307
    assert await town.who("/blog/blog") == "blog-1"
    assert await town.who("/blog/x?y=http://a/blog") == "blog-1"


async def test_stopping_one_never_sends_its_visitors_to_another(town: Town) -> None:
    await town.serve("foo")
    await town.serve("foobar")
    await town.serve("www")
    await town.publish()
    assert await town.who("/foobar/") == "foobar-1"
    town.withdraw("foobar")
    await town.publish()
    town.reached()
    for target in ("/foobar", "/foobar/", "/foobar/x", "/foobar?x"):
        for headers in ((), (HTML,), ("Referer: http://localhost/foo/",)):
            assert await town.who(target, *headers) == "503"
    assert await town.who("/", host="foobar.localhost") == "503"
    assert await town.who("/foo/", host="foobar.localhost") == "503"
    assert town.reached() == {}


RAW_PATHS = [
    "/a/../b", "/a/../b/", "/a/..", "/a/..;/b/", "/a..;/", "/a;/b/", "/a/%2e%2e/b/", "/a/%2E%2e/b",
    "/a/.%2e/b/", "/a%2fb", "/a%2f..%2fb/", "/a/%2f/b/", "/a/..%2fb/", "/a%5cb", "/a/..%5cb/", "/a/..\\b/",
    "\\b/", "/a/%00", "/a%00/b/", "//", "//b/", "/a//b/", "/a/x//../../b/", "///a//", "/a./x", "/a./../b/",
    "/./b/", "/a/./x", "/%61/x", "/%62", "/a%20/", "/a/%252e%252e/b/", "/a/%252fb", "/A/", "/a%3b/b/",
    "/a/%09/b/", "/a?/../b/", "/a/?/../b/", "/a#/../b/", "/%2e/b/", "/a\u00e9/", "http://evil/b/",
    "http://b.localhost/a/", "/a/;/../b/",
]  # fmt: skip


@pytest.mark.parametrize("www", [False, True])
async def test_odd_paths_reach_only_the_addressed_workspace_or_nobody(town: Town, www: bool) -> None:
    for name in ("a", "b", *(["www"] if www else [])):
        await town.serve(name)
    await town.publish()
    for target in RAW_PATHS:
        answer = await town.ask(target)
        for name, paths in town.reached().items():
            assert name.partition("-")[0] in _addressed(target, www), f"{target} reached {name} as {paths}"
            assert answer.status < 400, target
            assert not any(segment in {"..", "%2e%2e", ".%2e"} for segment in paths[0].partition("?")[0].split("/"))
        assert answer.status < 500, target


def _addressed(target: str, www: bool) -> set[str]:
    """Whose request this is by the rules of URLs (RFC 3986): dot segments removed, unreserved characters decoded."""
    host, path = "", target
    if target.startswith("http://"):
        host, _, path = target.removeprefix("http://").partition("/")
        path = f"/{path}"
    if host.endswith(".localhost"):
        return {host.removesuffix(".localhost")}
    plain = path.partition("?")[0].partition("#")[0]
    for code, char in (("%2e", "."), ("%61", "a"), ("%62", "b")):
        plain = plain.replace(code, char).replace(code.upper(), char).replace(code[:2] + code[2:].upper(), char)
    kept: list[str] = []
    for segment in plain.split("/"):
        if segment == "..":
            kept = kept[:-1]
        elif segment not in {"", "."}:
            kept.append(segment)
    first = kept[0] if kept else ""
    return {first} if first in {"a", "b"} else ({"www"} if www else set())


async def test_what_visitors_claim_about_themselves_does_not_survive(town: Town) -> None:
    await town.serve("blog")
    await town.serve("docs", strip=False)
    await town.publish()
    claims = [
        f"{name.replace('-', dash)}: 6.6.6.6"
        for name in (
            "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Prefix",
            "X-Forwarded-Server", "X-Forwarded-Uri", "X-Forwarded-Method", "X-Forwarded-Scheme", "X-Forwarded-Ssl",
            "X-Real-Ip", "X-Original-Url", "X-Rewrite-Url", "X-Script-Name",
        )
        for dash in ("-", "_", ".")
    ]  # fmt: skip
    claims += ["Forwarded: for=6.6.6.6", "Proxy: http://6.6.6.6", "x-forwarded-PREFIX: 6.6.6.6"]
    hop_by_hop = "Connection: close, X-Forwarded-For, X-Forwarded-Prefix, X-Real-Ip"
    for target, host, prefix in (
        ("/blog/", "localhost", ["/blog"]),
        ("/docs/", "localhost", ["/docs"]),
        ("/", "blog.localhost", []),
    ):
        for more in ([], [hop_by_hop]):
            seen: list[list[str]] = (await town.ask(target, *claims, *more, host=host)).json()["headers"]
            assert not [pair for pair in seen if "6.6.6.6" in pair[1]], target
            assert [value for name, value in seen if name == "x-forwarded-prefix"] == prefix
            assert [value for name, value in seen if name == "x-forwarded-for"] == ["127.0.0.1"]
            assert not [name for name, _ in seen if "_" in name]


async def test_a_path_route_cannot_claim_the_shared_origin_but_an_own_host_can(town: Town) -> None:
    await town.serve("blog")
    await town.serve("www")
    await town.publish()
    for target in ("/blog/sw.js", "/sw.js"):
        answer = await town.ask(target)
        assert "service-worker-allowed" not in answer.headers
        assert answer.headers["x-own"] == "kept"
    assert (await town.ask("/sw.js", host="blog.localhost")).headers["service-worker-allowed"] == "/"


async def test_an_app_that_knows_its_prefix_is_entered_there_on_its_own_host(town: Town) -> None:
    await town.serve("docs", strip=False)
    await town.publish()
    assert await town.who("/", host="docs.localhost:8080") == "302 /docs/"
    assert await town.who("/?a=1", host="docs.localhost") == "302 /docs/?a=1"
    assert await town.who("/docs/x", host="DOCS.localhost.") == "docs-1"
    assert town.reached() == {"docs-1": ["/docs/x"]}


@pytest.mark.parametrize(
    ("www", "accept", "sent"),
    [(False, HTML, True), (False, "Accept: */*", True), (True, HTML, False), (True, "Accept: image/webp", True)],
)
async def test_orphans_go_home(town: Town, www: bool, accept: str, sent: bool) -> None:
    await town.serve("blog")
    await town.serve("a-b")
    if www:
        await town.serve("www")
    await town.publish()
    home, nobody = ("307 /blog/app.css?v=1", "www-1" if www else "404")
    referer = "Referer: http://localhost:8080/blog/deep"
    here = {"host": "localhost:8080"}
    assert await town.who("/app.css?v=1", accept, referer, **here) == (home if sent else nobody)
    assert await town.who("/app.css", accept, "Referer: http://localhost:8080/a-b/", **here) == (
        "307 /a-b/app.css" if sent else nobody
    )
    assert await town.who("/a-b/x", accept, referer, **here) == "a-b-1"
    assert (await town.who("/", accept, referer, **here)) == ("www-1" if www else "200")
    for other in ("http://localhost:8080/blogger/", "http://localhost:8080/blog", "http://localhost:8080/x/blog/"):
        assert await town.who("/app.css", accept, f"Referer: {other}", **here) == nobody
    foreign = await town.who("/app.css", accept, "Referer: http://other.example/blog/", **here)
    assert foreign == ("404" if sent else nobody)


async def test_www_gets_what_nobody_claims_and_nothing_else(town: Town) -> None:
    await town.serve("www")
    await town.serve("blog")
    town.withdraw("off")
    await town.publish()
    for target in ("/", "/about", "/assets/x.js?q", "/blogger", "/www/x"):
        assert await town.who(target) == "www-1"
    assert town.reached() == {"www-1": ["/", "/about", "/assets/x.js?q", "/blogger", "/x"]}
    assert (await town.who("/blog/"), await town.who("/off/"), await town.who("/monitor/")) == (
        "blog-1", "503", "302 http://localhost:8081",
    )  # fmt: skip
    town.withdraw("www", Phase.FAILED)
    await town.publish()
    assert (await town.who("/"), await town.who("/about"), await town.who("/blog/")) == ("502", "502", "blog-1")


async def test_generations_are_swapped_without_a_single_error(town: Town) -> None:
    await town.serve("blog", 1)
    await town.serve("www", 1)
    await town.publish()
    seen: list[tuple[str, str]] = []
    swapped = asyncio.Event()

    async def visit() -> None:
        while len(seen) < 120 or not swapped.is_set():
            seen.append((await town.who("/blog/"), await town.who("/")))

    async def swap() -> None:
        await asyncio.sleep(0.2)
        await town.serve("blog", 2)
        await town.serve("www", 2)
        await town.publish()
        assert (await town.who("/blog/"), await town.who("/")) == ("blog-2", "www-2")
        for name in ("blog", "www"):
            del town.serving[name, 1]
        await town.publish()
        await town.echoes["blog", 1].stop()
        await town.echoes["www", 1].stop()
        await asyncio.sleep(0.2)
        swapped.set()

    async with asyncio.TaskGroup() as group:
        group.create_task(visit())
        group.create_task(swap())
    assert len(seen) >= 120
    for index, name in enumerate(("blog", "www")):
        answers = [pair[index] for pair in seen]
        assert sorted(set(answers)) == [f"{name}-1", f"{name}-2"]
        assert answers == sorted(answers), "an old generation answered after the new one"


async def test_a_servers_restart_is_bridged_for_requests_not_yet_sent(town: Town) -> None:
    echo = await town.serve("blog")
    await town.publish()
    await echo.stop()
    asking = asyncio.ensure_future(town.ask("/blog/x", "Content-Length: 0", method="POST"))
    await asyncio.sleep(0.15)
    await echo.start()
    answer = await asking
    assert answer.status == 200
    assert town.reached() == {"blog-1": ["/x"]}


async def test_a_websocket_goes_through_a_prefix_and_a_host(town: Town) -> None:
    await town.serve("blog")
    await town.publish()
    async with aiohttp.ClientSession() as session:
        ways: tuple[tuple[str, dict[str, str], str], ...] = (
            ("/blog/live?x=1", {}, "blog-1 /live?x=1 /blog http"),
            ("/live", {"Host": "blog.localhost"}, "blog-1 /live - http"),
        )
        for target, headers, hello in ways:
            async with session.ws_connect(town.server.url + target, headers=headers) as socket:
                assert await socket.receive_str() == hello
                await socket.send_str("ping")
                assert await socket.receive_str() == "ping"


async def test_an_answer_that_streams_is_passed_on_as_it_comes(town: Town) -> None:
    from aiohttp import web

    release = asyncio.Event()

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"data: first\n\n")
        await release.wait()
        return response

    app = web.Application()
    app.router.add_get("/", stream)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    town.serving["sse", 1] = Serving("sse", 1, True, Provider.FILE, url)
    town.states["sse"] = GateState("sse", Phase.SERVING)
    await town.publish()
    try:
        async with aiohttp.ClientSession() as session, session.get(f"{town.server.url}/sse/") as answer:
            assert await asyncio.wait_for(answer.content.readline(), 5) == b"data: first\n"
    finally:
        release.set()
        await runner.cleanup()


@pytest.mark.parametrize("workspaces", [100, 1000])
async def test_how_soon_a_published_route_is_live(
    server: TraefikServer, router: TraefikRouter, workspaces: int, record_property: Any
) -> None:
    seen = await route_latency(server, router, workspaces, rounds=3)
    for what, seconds in (("live", seen.ours), ("confirmed", seen.confirmed), ("traefik alone", seen.peer)):
        line = " ".join(f"{one:.3f}" for one in seconds)
        record_property(f"{workspaces} workspaces, {what}", line)
        print(f"{workspaces} workspaces, {what}: {line} s")  # noqa: T201
    assert len(seen.ours) == len(seen.peer) == 3


def _table(serving: list[Serving], *, gate: str, known: list[str]) -> RouteTable:
    return route_table(known, serving, gate_url=gate, dashboard_url="http://localhost:8081", domain="localhost")
