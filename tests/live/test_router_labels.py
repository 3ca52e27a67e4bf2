"""Routing by a real Traefik that reads the labels of real containers."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from docker import DockerClient
from docker.models.containers import Container
from docker.models.networks import Network

from monitor.adapters.clock import SystemClock
from monitor.adapters.traefik_router import TraefikRouter
from monitor.domain import labels
from monitor.domain.launch import LaunchSpec, ProjectType
from monitor.domain.route_difference import difference
from monitor.domain.route_render import route_labels
from monitor.domain.route_table import Serving
from monitor.domain.routes import Provider
from tests.contracts.router_contract import WAIT_S, Labelled, LabelsContract, RouterContract, routes_of, table
from tests.support.raw_http import raw
from tests.support.traefik import TraefikServer, traefik

pytestmark = [pytest.mark.traefik, pytest.mark.docker]

IMAGE = "debian:trixie-slim"
PORT = 8000
# Says which instance answered, the path it saw and the prefix it was told; one request a connection.
SERVER = r"""
use IO::Socket::INET; $| = 1;
my $l = IO::Socket::INET->new(LocalPort => 8000, Listen => 64, ReuseAddr => 1) or die;
while (my $c = $l->accept) {
  my ($path, $prefix) = ("", "-");
  while (my $line = <$c>) {
    $path = $1 if $line =~ m{^\w+ (\S+) HTTP};
    $prefix = $1 if $line =~ /^x-forwarded-prefix:\s*(\S+)/i;
    last if $line =~ /^\r?\n$/;
  }
  my $body = "$ENV{WHO} $path $prefix";
  print $c "HTTP/1.1 200 OK\r\nX-Own: kept\r\nService-Worker-Allowed: /\r\nConnection: close\r\n";
  print $c "Content-Length: " . length($body) . "\r\n\r\n$body";
  close $c;
}
"""


@dataclass
class Dock:
    """A Traefik that follows a real daemon, and containers with labels, all gone afterwards."""

    client: DockerClient
    network: Network
    server: TraefikServer
    router: TraefikRouter
    install_id: str
    containers: list[Container] = field(default_factory=list)

    def writes(self) -> int:
        seen = (self.server.directory / "slipway.yml").stat()
        return hash((seen.st_ino, seen.st_mtime_ns))

    async def again(self) -> TraefikRouter:
        return self.router

    async def go_away(self) -> None:
        await asyncio.to_thread(self.server.program.stop)

    async def start(self, workspace: str, generation: int, *, foreign: bool = False, strip: bool = True) -> Labelled:
        spec = LaunchSpec(workspace, ProjectType.STATIC, "static", "serve", (0, 0), port=PORT, strip=strip)
        assert self.network.name
        carried = route_labels(spec, generation, self.install_id, self.network.name, "localhost")
        container = await self.run(f"{workspace}-{generation}", carried)
        url = f"http://{self.address(container)}:{PORT}"
        return Labelled(Serving(workspace, generation, strip, Provider.DOCKER, url, PORT), container)

    async def run(self, who: str, carried: Mapping[str, str]) -> Container:
        return await asyncio.to_thread(self._run, who, dict(carried))

    async def stop(self, started: Labelled) -> None:
        assert isinstance(started.container, Container)
        await asyncio.to_thread(started.container.remove, force=True)

    def _run(self, who: str, carried: dict[str, str]) -> Container:
        container = self.client.containers.run(
            IMAGE,
            ["perl", "-e", SERVER],
            name=f"{self.network.name}-{who}",
            environment={"WHO": who},
            labels=carried,
            network=self.network.name,
            detach=True,
        )
        self.containers.append(container)
        return container

    def address(self, container: Container) -> str:
        container.reload()
        return str(container.attrs["NetworkSettings"]["Networks"][self.network.name]["IPAddress"])

    def clean(self) -> None:
        for container in self.client.containers.list(
            all=True, filters={"label": f"{labels.INSTALL_ID}={self.install_id}"}
        ):
            container.remove(force=True)
        for container in self.client.containers.list(all=True, filters={"name": str(self.network.name)}):
            container.remove(force=True)
        self.network.remove()
        self.client.close()


@pytest.fixture
def server_and_id(traefik_binary: Path, docker_host: str, tmp_path: Path) -> Iterator[tuple[TraefikServer, str]]:
    install_id = secrets.token_hex(8)
    with traefik(traefik_binary, tmp_path, docker=docker_host, install_id=install_id) as running:
        yield running, install_id


@pytest.fixture
async def bench(server_and_id: tuple[TraefikServer, str], docker_host: str) -> AsyncIterator[Dock]:
    server, install_id = server_and_id
    client = DockerClient(base_url=docker_host)
    network = client.networks.create(f"slipway-rt-{secrets.token_hex(4)}", driver="bridge")
    router = TraefikRouter(server.directory, server.api_url, SystemClock())
    dock = Dock(client, network, server, router, install_id)
    try:
        yield dock
    finally:
        await router.close()
        await asyncio.to_thread(dock.clean)


class TestTraefikByLabels(RouterContract, LabelsContract):
    """The whole contract again, with Docker beside the file, and what only labels can show."""

    async def test_requests_reach_the_container_as_by_file(self, bench: Dock) -> None:
        blog = await bench.start("blog", 1)
        docs = await bench.start("docs", 1, strip=False)
        www = await bench.start("www", 1)
        wanted = table(blog.one, docs.one, www.one)
        await bench.router.publish(wanted)
        assert await bench.router.confirm(wanted.routes, WAIT_S) == ()
        assert not difference(wanted, await bench.router.actual())
        for target, host, says in (
            ("/blog/x?q=1", "localhost", "blog-1 /x?q=1 /blog"),
            ("/docs/x", "localhost", "docs-1 /docs/x /docs"),
            ("/anything", "localhost", "www-1 /anything -"),
            ("/", "blog.localhost", "blog-1 / -"),
        ):
            answer = await raw(bench.server.port, target, "X-Forwarded-Prefix: /evil", host=host)
            assert answer.body.decode() == says
            assert ("service-worker-allowed" in answer.headers) is (host != "localhost")
        for target, host, location in (("/blog?q", "x:99", "/blog/?q"), ("/", "docs.localhost", "/docs/")):
            answer = await raw(bench.server.port, target, host=host)
            assert (answer.status, answer.headers["location"]) == (302, location)
        inspected = bench.client.api.inspect_container(str(bench.containers[0].id))
        assert inspected["Config"]["Labels"][labels.INSTALL_ID] == bench.install_id

    async def test_generations_are_swapped_without_a_single_error(self, bench: Dock) -> None:
        old = await bench.start("blog", 1)
        await bench.router.publish(table(known=["blog"]))
        assert await bench.router.confirm(routes_of(old.one), WAIT_S) == ()
        seen: list[str] = []
        swapped = asyncio.Event()

        async def visit() -> None:
            while len(seen) < 120 or not swapped.is_set():
                answer = await raw(bench.server.port, "/blog/")
                seen.append(answer.body.decode().partition(" ")[0] if answer.status == 200 else str(answer.status))

        async def swap() -> None:
            new = await bench.start("blog", 2)
            assert await bench.router.confirm(routes_of(new.one), WAIT_S) == ()
            assert (await raw(bench.server.port, "/blog/")).body.startswith(b"blog-2")
            await bench.stop(old)
            assert await bench.router.gone(routes_of(old.one), WAIT_S) == ()
            swapped.set()

        async with asyncio.TaskGroup() as group:
            group.create_task(visit())
            group.create_task(swap())
        assert len(seen) >= 120
        assert sorted(set(seen)) == ["blog-1", "blog-2"]
        assert seen == sorted(seen), "an old generation answered after the new one"

    async def test_containers_of_others_are_not_routed(self, bench: Dock) -> None:
        spec = LaunchSpec("blog", ProjectType.STATIC, "static", "serve", (0, 0), port=PORT)
        assert bench.network.name
        theirs = route_labels(spec, 1, "another-install", bench.network.name, "localhost")
        unnamed = {key: value for key, value in theirs.items() if key != labels.INSTALL_ID}
        off = {**theirs, labels.INSTALL_ID: bench.install_id, labels.TRAEFIK_ENABLE: "false"}
        for who, carried in (("theirs", theirs), ("unnamed", unnamed), ("off", off)):
            await bench.run(who, carried)
        ours = await bench.start("ours", 1)
        wanted = table(ours.one)
        await bench.router.publish(wanted)
        assert await bench.router.confirm(wanted.routes, WAIT_S) == ()
        assert not difference(wanted, await bench.router.actual())

    async def test_labels_somebody_added_are_found_with_the_containers_address(self, bench: Dock) -> None:
        spec = LaunchSpec("blog", ProjectType.STATIC, "static", "serve", (0, 0), port=PORT)
        assert bench.network.name
        carried = route_labels(spec, 1, bench.install_id, bench.network.name, "localhost")
        evil = {
            "traefik.http.routers.evil.rule": "PathPrefix(`/`)",
            "traefik.http.routers.evil.service": "ws-blog-1",
            "traefik.http.routers.evil.priority": "999999",
        }
        container = await bench.run("evil", {**carried, **evil})
        url = f"http://{bench.address(container)}:{PORT}"
        one = Serving("blog", 1, True, Provider.DOCKER, url, PORT)
        await bench.router.publish(table(one))
        assert await bench.router.confirm(routes_of(one), WAIT_S) == ()
        extra = await bench.router.unexpected(table(one))
        assert [(e.name, e.urls) for e in extra] == [("evil@docker", (url,))]
