"""Traffic through a real Traefik while instances change, restart, talk by WebSocket or stream."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from monitor.domain.gate import GateState
from monitor.domain.route_table import Serving
from monitor.domain.routes import Provider
from monitor.domain.workspace import Phase
from tests.live.routing.town import Town

pytestmark = pytest.mark.traefik


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
