"""The hop, whole: what an app that does not know its prefix answers, and what the visitor gets."""

from __future__ import annotations

import asyncio
import gzip
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from monitor.domain.prefix.hop import HEADER, Hop
from monitor.web.hop import hop_app
from tests.support.ports import free_port

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
HOST = {"Host": "example.org:8080"}


class Bench:
    """A hop and one app behind it, which answers with `handler`."""

    def __init__(self) -> None:
        self.handler: Handler | None = None
        self.seen: list[web.Request] = []

    async def start(self) -> None:
        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self.app = TestServer(app)
        await self.app.start_server()
        runner_app = hop_app()
        self.hop = TestClient(TestServer(runner_app), auto_decompress=False)
        await self.hop.start_server()

    async def close(self) -> None:
        await self.hop.close()
        await self.app.close()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        assert self.handler is not None
        self.seen.append(request)
        return await self.handler(request)

    def told(self, *, inside: str = "") -> dict[str, str]:
        return {**HOST, HEADER: Hop(f"http://127.0.0.1:{self.app.port}", "/shop", inside).header()}

    async def ask(
        self,
        path: str = "/",
        *,
        method: str = "GET",
        inside: str = "",
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> tuple[aiohttp.ClientResponse, bytes]:
        sent = {**self.told(inside=inside), **(headers or {})}
        url = URL(f"{self.hop.make_url('/')}"[:-1] + path, encoded=True)
        async with self.hop.session.request(method, url, headers=sent, allow_redirects=False, **more) as answer:
            return answer, await answer.read()


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    await made.start()
    yield made
    await made.close()


def says(body: str | bytes = "", status: int = 200, **headers: str) -> Handler:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    data = body if isinstance(body, bytes) else body.encode()

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=data, headers=given)

    return answer


PAGE = '<!doctype html><html><head><link rel="stylesheet" href="/s.css"></head><body><a href="/about">x</a></body>'


async def test_a_page_comes_with_its_addresses_below_the_prefix(bench: Bench) -> None:
    bench.handler = says(PAGE, Content_Type="text/html; charset=utf-8", ETag='"abc"', Last_Modified="yesterday")
    answer, body = await bench.ask()
    assert answer.status == 200
    assert b'href="/shop/s.css"' in body
    assert b'href="/shop/about"' in body
    assert b'<head><script src="/shop/_slipway/prefix.js' in body
    assert answer.headers["ETag"] == 'W/"abc-slipway"'
    assert "Last-Modified" not in answer.headers
    assert "Content-Length" not in answer.headers


async def test_a_page_that_is_compressed_stays_so(bench: Bench) -> None:
    zipped = gzip.compress((PAGE + "<p>long</p>" * 100_000).encode())
    bench.handler = says(zipped, Content_Type="text/html", Content_Encoding="gzip")
    answer, body = await bench.ask(headers={"Accept-Encoding": "br, gzip, zstd"})
    assert bench.seen[0].headers["Accept-Encoding"] == "gzip"
    assert answer.headers["Content-Encoding"] == "gzip"
    assert b'href="/shop/about"' in gzip.decompress(body)
    assert gzip.decompress(body).endswith(b"<p>long</p>")


async def test_everything_else_passes_byte_by_byte(bench: Bench) -> None:
    script = b"fetch('/x'); document.write('<a href=\"/x\">')" * 100
    bench.handler = says(script, Content_Type="text/javascript", ETag='"abc"', Last_Modified="then")
    answer, body = await bench.ask("/a%2Fb/%7Ec?x=%20y&z", headers={"If-None-Match": '"old"', "Accept": "*/*"})
    assert body == script
    assert answer.headers["Content-Length"] == str(len(script))
    assert (answer.headers["ETag"], answer.headers["Last-Modified"]) == ('"abc"', "then")
    assert bench.seen[0].raw_path == "/a%2Fb/%7Ec?x=%20y&z"
    assert bench.seen[0].headers["If-None-Match"] == '"old"'
    assert HEADER not in bench.seen[0].headers
    assert bench.seen[0].headers["Host"] == "example.org:8080"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("/login", "/shop/login"),
        ("/", "/shop/"),
        ("/shop/x", "/shop/x"),
        ("next?a=b", "next?a=b"),
        ("http://example.org:8080/x", "http://example.org:8080/shop/x"),
        ("https://elsewhere.org/x", "https://elsewhere.org/x"),
        ("//elsewhere.org/x", "//elsewhere.org/x"),
    ],
)
async def test_redirects_stay_below_the_prefix(bench: Bench, given: str, expected: str) -> None:
    bench.handler = says(status=302, Location=given)
    answer, _ = await bench.ask("/old", method="POST", data=b"a=b")
    assert (answer.status, answer.headers["Location"]) == (302, expected)


async def test_a_redirect_to_its_own_inner_address_becomes_a_path(bench: Bench) -> None:
    bench.handler = says(status=302, Location=f"http://127.0.0.1:{bench.app.port}/in?x")
    answer, _ = await bench.ask()
    assert answer.headers["Location"] == "/shop/in?x"


async def test_each_cookie_gets_the_workspaces_path(bench: Bench) -> None:
    async def answer(_request: web.Request) -> web.Response:
        made = web.Response(text="x")
        for cookie in ("sid=1; Path=/; HttpOnly", "deep=2; path=/admin", "bare=3", "__Host-own=4; Path=/; Secure"):
            made.headers.add("Set-Cookie", cookie)
        return made

    bench.handler = answer
    got, _ = await bench.ask()
    assert got.headers.getall("Set-Cookie") == [
        "sid=1; Path=/shop/; HttpOnly",
        "deep=2; path=/shop/admin",
        "bare=3",
        "__Host-own=4; Path=/; Secure",
    ]


async def test_over_plain_http_nothing_is_asked_for_over_tls(bench: Bench) -> None:
    bench.handler = says(
        Content_Security_Policy="default-src 'self';upgrade-insecure-requests", Referrer_Policy="no-referrer"
    )
    plain, _ = await bench.ask()
    tls, _ = await bench.ask(headers={"X-Forwarded-Proto": "https"})
    assert plain.headers["Content-Security-Policy"] == "default-src 'self'"
    assert tls.headers["Content-Security-Policy"] == "default-src 'self';upgrade-insecure-requests"
    assert plain.headers["Referrer-Policy"] == "same-origin"


async def test_conditions_count_only_for_pages_that_came_this_way(bench: Bench) -> None:
    bench.handler = says(PAGE, Content_Type="text/html")
    old = {"Accept": "text/html", "If-None-Match": '"abc"', "If-Modified-Since": "then"}
    await bench.ask(headers=old)
    await bench.ask(headers={"Accept": "text/html", "If-None-Match": 'W/"abc-slipway"'})
    first, second = bench.seen
    assert "If-None-Match" not in first.headers
    assert "If-Modified-Since" not in first.headers
    assert second.headers["If-None-Match"] == 'W/"abc"'


async def test_an_answer_that_streams_arrives_as_it_is_written(bench: Bench) -> None:
    goes_on = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        streamed = web.StreamResponse(headers={"Content-Type": request.query["type"]})
        await streamed.prepare(request)
        await streamed.write(b"data: <b>one</b>\n\n")
        await goes_on.wait()
        await streamed.write(b"data: two\n\n")
        return streamed

    bench.handler = answer
    for kind in ("text/event-stream", "text/html", "application/x-ndjson"):
        goes_on.clear()
        async with asyncio.timeout(5), bench.hop.get("/", headers=bench.told(), params={"type": kind}) as got:
            assert await got.content.readany() == b"data: <b>one</b>\n\n"
            goes_on.set()
            assert await got.content.read() == b"data: two\n\n"


async def test_a_visitor_who_leaves_frees_the_app(bench: Bench) -> None:
    left = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        streamed = web.StreamResponse()
        await streamed.prepare(request)
        await streamed.write(b"x")
        try:
            while True:
                await asyncio.sleep(0.02)
                await streamed.write(b"x")
        except (ConnectionError, asyncio.CancelledError):
            left.set()
            raise

    bench.handler = answer
    async with bench.hop.get("/", headers=bench.told()) as got:
        await got.content.readany()
    async with asyncio.timeout(5):
        await left.wait()


async def test_uploads_pass_whole_and_with_their_length(bench: Bench) -> None:
    async def answer(request: web.Request) -> web.Response:
        size = 0
        async for piece in request.content.iter_any():
            size += len(piece)
        return web.json_response([size, request.headers.get("Content-Length"), request.headers["Content-Type"]])

    bench.handler = answer
    data = io.BytesIO(b"x" * 3_000_000)
    got, body = await bench.ask("/up", method="POST", data=data, headers={"Content-Type": "image/png"})
    assert (got.status, body) == (200, b'[3000000, "3000000", "image/png"]')


async def test_an_answer_cut_short_is_not_passed_off_as_whole(bench: Bench) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        streamed = web.StreamResponse(headers={"Content-Type": "text/html"})
        streamed.enable_chunked_encoding()
        await streamed.prepare(request)
        await streamed.write(b"<p>half")
        assert request.transport is not None
        request.transport.abort()
        return streamed

    bench.handler = answer
    with pytest.raises(aiohttp.ClientError):
        await bench.ask()


async def test_an_app_that_is_away_for_a_moment_is_waited_for() -> None:
    port = free_port()
    hop = TestClient(TestServer(hop_app()))
    await hop.start_server()
    app = web.Application()
    app.router.add_get("/", says("back"))
    server = TestServer(app, port=port)
    told = {**HOST, HEADER: Hop(f"http://127.0.0.1:{port}", "/shop").header()}

    async def come_back() -> None:
        await asyncio.sleep(0.4)
        await server.start_server()

    async with asyncio.TaskGroup() as group:
        group.create_task(come_back())
        async with hop.get("/", headers=told) as got:
            assert (got.status, await got.text()) == (200, "back")
    await server.close()
    async with hop.get("/", headers=told) as got:
        assert got.status == 502
    await hop.close()


async def test_without_the_routers_word_nothing_is_asked(bench: Bench) -> None:
    bench.handler = says("secret")
    for value in ("", "to=http%3A%2F%2Fexample.org", "to=file%3A%2F%2F%2Fetc&prefix=%2Fshop", "prefix=%2Fshop"):
        async with bench.hop.get("/", headers={HEADER: value}) as got:
            assert got.status == 404
    assert bench.seen == []


async def test_the_shim_is_the_apps_own_file_and_never_asked_of_it(bench: Bench) -> None:
    for path, inside in (("/_slipway/prefix.js", ""), ("/shop/_slipway/prefix.js", "/shop")):
        answer, body = await bench.ask(path, inside=inside)
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/javascript")
        assert b"dataset" in body
    assert bench.seen == []


async def test_nexts_images_are_asked_for_below_its_base_path(bench: Bench) -> None:
    bench.handler = says("x")
    for asked, seen in (
        ("/shop/_next/image?url=%2Fa.jpg&w=64&q=75", "/shop/_next/image?url=%2Fshop%2Fa.jpg&w=64&q=75"),
        ("/shop/_next/image?url=%2Fshop%2Fa.jpg&w=64", "/shop/_next/image?url=%2Fshop%2Fa.jpg&w=64"),
        ("/shop/_next/image?url=https%3A%2F%2Fx%2Fa.jpg&w=64", "/shop/_next/image?url=https%3A%2F%2Fx%2Fa.jpg&w=64"),
    ):
        await bench.ask(asked, inside="/shop")
        assert bench.seen[-1].raw_path == seen
