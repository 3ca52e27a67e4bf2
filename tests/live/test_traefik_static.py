"""What the static configuration promises, asked of a real Traefik with a route to a real server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
import yaml
from aiohttp import web

from monitor.adapters.embedded.child import Child
from monitor.adapters.embedded.traefik import bundled_traefik
from monitor.adapters.embedded.traefik_config import TraefikSettings, render
from monitor.errors import UsageError
from monitor.shipped import shipped
from tests.support.ports import free_port
from tests.support.waiting import until

pytestmark = [pytest.mark.live, pytest.mark.traefik]


@dataclass
class Edge:
    """A running Traefik with one prefix `/n/`, behind which a server repeats what reached it."""

    port: int
    api: str


async def _echo(request: web.Request) -> web.Response:
    return web.json_response({"path": request.raw_path, "headers": dict(request.headers)})


@pytest.fixture
async def edge(tmp_path: Path) -> AsyncIterator[Edge]:
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", _echo)
    runner = web.AppRunner(app)
    await runner.setup()
    behind, port = free_port(), free_port()
    await web.TCPSite(runner, "127.0.0.1", behind).start()
    bundled = bundled_traefik(tmp_path / "traefik", tmp_path / "logs", bind="127.0.0.1", port=port, install_id="test")
    route = {"rule": "Path(`/n`) || PathPrefix(`/n/`)", "service": "echo"}
    service = {"loadBalancer": {"servers": [{"url": f"http://127.0.0.1:{behind}"}]}}
    (bundled.dynamic / "n.yml").write_text(
        json.dumps({"http": {"routers": {"n": route}, "services": {"echo": service}}})
    )
    child = Child(bundled.spec)
    try:
        await child.start()
        await until(lambda: _is_routed(bundled.api), 10)
        yield Edge(port, bundled.api)
    finally:
        await child.stop()
        await runner.cleanup()


async def _is_routed(api: str) -> bool:
    async with aiohttp.ClientSession() as session, session.get(f"{api}/api/http/routers/n@file") as answer:
        return answer.status == 200 and (await answer.json())["status"] == "enabled"


async def raw(edge: Edge, target: str, *headers: str) -> tuple[int, str]:
    """Status and body for exactly these bytes: client libraries tidy paths up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.port)
    lines = [f"GET {target} HTTP/1.1", "Host: localhost", "Connection: close", *headers, "", ""]
    writer.write("\r\n".join(lines).encode())
    async with asyncio.timeout(10):
        answer = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()
    head, _, body = answer.partition("\r\n\r\n")
    return int(head.split()[1]), body


@pytest.mark.parametrize("odd", ["%2f", "%2F", "%5c", "%00", "%3b"])
async def test_characters_that_mean_two_things_are_turned_away(edge: Edge, odd: str) -> None:
    assert (await raw(edge, f"/n/a{odd}..{odd}b"))[0] == 400


@pytest.mark.parametrize("plain", ["a%20b", "C%23.html", "100%25", "what%3F", "%C3%BC", "a;b"])
async def test_ordinary_file_names_arrive_as_they_were_asked_for(edge: Edge, plain: str) -> None:
    status, body = await raw(edge, f"/n/{plain}")
    assert status == 200
    assert f"/n/{plain}" in body


@pytest.mark.parametrize("path", ["/n/../other", "/n/%2e%2e/other", "/n/./../other", "//n/../other", "/nx/a"])
async def test_no_path_climbs_out_of_its_prefix(edge: Edge, path: str) -> None:
    status, body = await raw(edge, path)
    assert (status, "other" in body and "path" in body) == (404, False)


async def test_forged_headers_do_not_survive(edge: Edge) -> None:
    forged = [
        f"{name}: forged"
        for name in (
            "X-Forwarded-For",
            "X-Forwarded-Host",
            "X_Forwarded_For",
            "X.Forwarded.Host",
            "X_Any",
            "X-Real-Ip",
        )
    ]
    status, body = await raw(edge, "/n/", *forged, "X-Honest: yes")
    assert status == 200
    assert "forged" not in body
    assert "X-Honest" in body


async def test_huge_headers_are_turned_away(edge: Edge) -> None:
    assert (await raw(edge, "/n/", f"X-Huge: {'a' * 100_000}"))[0] == 431


async def test_the_api_is_not_where_visitors_are(edge: Edge) -> None:
    for path in ("/api/http/routers", "/ping", "/metrics", "/dashboard/"):
        assert (await raw(edge, path))[0] == 404
    async with aiohttp.ClientSession() as session, session.get(f"{edge.api}/metrics") as answer:
        assert "traefik_config_reloads_total" in await answer.text()


def text(**changed: str) -> str:
    settings = {"install_id": "one-2", "docker_host": "", **changed}
    return render(TraefikSettings("::1", 80, 81, Path('/odd "folder"\n'), **settings))


def test_docker_is_asked_only_where_there_is_one_and_only_for_our_own() -> None:
    assert "docker" not in yaml.safe_load(text())["providers"]
    docker = yaml.safe_load(text(docker_host="unix:///run/docker.sock"))["providers"]["docker"]
    assert docker["exposedByDefault"] is False
    assert docker["constraints"] == "Label(`slipway.install-id`, `one-2`)"


def test_no_value_breaks_out_of_its_place() -> None:
    written = yaml.safe_load(text())
    assert written["providers"]["file"]["directory"] == '/odd "folder"\n'
    assert written["entryPoints"]["web"]["address"] == "[::1]:80"
    assert written["entryPoints"]["traefik"]["address"] == "127.0.0.1:81"
    with pytest.raises(UsageError):
        text(install_id="x`) || Label(`a`")


def test_the_template_is_found_in_a_clone_and_in_a_wheel(tmp_path: Path) -> None:
    assert (shipped("traefik") / "traefik.yml.j2").is_file()
    package = tmp_path / "monitor"
    with pytest.raises(FileNotFoundError):
        shipped("traefik", package)
    (tmp_path / "traefik").mkdir()
    assert shipped("traefik", package) == tmp_path / "traefik"
    (package / "_shipped" / "traefik").mkdir(parents=True)
    assert shipped("traefik", package) == package / "_shipped" / "traefik"
