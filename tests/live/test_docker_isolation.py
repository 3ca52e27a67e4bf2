"""From one workspace there is no way to another, to the host, to Docker or to a cloud's metadata (R9)."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from monitor.adapters.clock import SystemClock
from monitor.adapters.docker_engine import DockerEngine
from monitor.adapters.firewall import NOT_ROOT, Firewall
from monitor.ports.engine import Instance
from tests.contracts.engine_world import ready
from tests.live.docker_world import SUBNETS, DockerWorld, route_labels

pytestmark = [
    pytest.mark.docker,
    pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("iptables"), reason="only root may set up a firewall"),
]

DIAL = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 2); print('reached')"


@dataclass
class Pair:
    """Two workspaces running side by side, and the firewall."""

    world: DockerWorld
    firewall: Firewall
    a: Instance
    b: Instance

    def inside(self, *argv: str) -> str:
        """What a command prints inside workspace A."""
        made = self.world.api.exec_create(self.a.id, list(argv))
        return str(self.world.api.exec_start(made["Id"]).decode())

    def reaches(self, host: str, port: int) -> bool:
        return self.inside("python3", "-c", DIAL, host, str(port)).strip() == "reached"


@pytest.fixture
async def pair(docker_host: str, tmp_path: Path) -> AsyncIterator[Pair]:
    world = DockerWorld(docker_host, tmp_path)
    firewall = Firewall(world.installs["one"], SUBNETS, SystemClock())
    engine = DockerEngine(world.options(), SystemClock(), route_labels)
    try:
        up = []
        for name in ("a", "b"):
            spec, launch = replace(world.copying(), workspace=name), world.launch()
            await engine.prepare(spec, launch, lambda _line: None)
            up.append(await ready(engine, await engine.start(spec, launch, 1)))
        yield Pair(world, firewall, *up)
    finally:
        await engine.close()
        await firewall.remove()
        world.close()


@pytest.fixture
def everywhere() -> Iterator[int]:
    """A service of the host on all its addresses: its port."""
    with socket.create_server(("0.0.0.0", 0)) as server:
        yield server.getsockname()[1]


def outward() -> str:
    """The host's own address towards the world."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.connect(("192.0.2.1", 9))
        return str(asking.getsockname()[0])


def rules(chain: str) -> str:
    return subprocess.run(["iptables", "-w", "-nvxL", chain], capture_output=True, text=True, check=False).stdout


async def test_another_workspace_is_out_of_reach_by_address_and_by_name(pair: Pair) -> None:
    networks = pair.world.inspect(pair.b.id)["NetworkSettings"]["Networks"]
    (address,) = [network["IPAddress"] for network in networks.values()]
    name = pair.world.inspect(pair.b.id)["Name"].lstrip("/")
    assert not pair.reaches(address, 8000)
    assert not pair.reaches(name, 8000)
    assert "not known" in pair.inside("python3", "-c", DIAL, name, "8000") or "resolution" in pair.inside(
        "python3", "-c", DIAL, name, "8000"
    )
    assert await pair.world.fetch(pair.b) == "hello"


async def test_the_host_is_closed_once_the_firewall_stands(pair: Pair, everywhere: int) -> None:
    (network,) = pair.world.inspect(pair.a.id)["NetworkSettings"]["Networks"].values()
    doors = [(network["Gateway"], everywhere), (outward(), everywhere)]
    assert all(pair.reaches(*door) for door in doors), "open before: otherwise this test proves nothing"
    assert await pair.firewall.ensure() == ()
    assert not any(pair.reaches(*door) for door in doors)
    assert await pair.world.fetch(pair.a) == "hello"


async def test_the_metadata_address_is_dropped_on_its_way_out(pair: Pair) -> None:
    assert await pair.firewall.ensure() == ()
    assert not pair.reaches("169.254.169.254", 80)
    chain = f"SLIPWAY-{pair.world.installs['one'][:8].upper()}-OUT"
    (drop,) = [line.split() for line in rules(chain).splitlines() if "DROP" in line]
    assert int(drop[0]) > 0


async def test_the_way_to_the_world_stays_open(pair: Pair) -> None:
    assert await pair.firewall.ensure() == ()
    download = ("pip", "download", "--no-deps", "--no-cache-dir", "--dest", "/tmp/wheels", "six")
    assert "Saved" in pair.inside(*download)


async def test_no_docker_socket_is_inside(pair: Pair) -> None:
    assert pair.inside("sh", "-c", "find / -xdev -name 'docker.sock' -o -xdev -type s 2>/dev/null").strip() == ""
    mounted = {mount["Destination"] for mount in pair.world.inspect(pair.a.id)["Mounts"]}
    assert mounted <= {"/workspace", "/slipway", "/data", "/cache", "/etc/slipway-ca.pem"}


async def test_the_chains_are_put_back_and_go_away(docker_host: str) -> None:
    first = Firewall("feedbeef", "10.214.240.0/28", SystemClock())
    again = Firewall("feedbeef", "10.214.240.0/28", SystemClock())
    try:
        assert await first.ensure() == ()
        before = subprocess.run(["iptables-save", "-t", "filter"], capture_output=True, text=True).stdout
        assert await again.ensure() == ()
        listed = [line for line in before.splitlines() if "FEEDBEEF" in line]
        after = subprocess.run(["iptables-save", "-t", "filter"], capture_output=True, text=True).stdout
        assert [line for line in after.splitlines() if "FEEDBEEF" in line] == listed
        subprocess.run(["iptables", "-w", "-F", "SLIPWAY-FEEDBEEF-IN"], check=True)
        assert await Firewall("feedbeef", "10.214.240.0/28", SystemClock()).ensure() == ()
        assert "DROP" in rules("SLIPWAY-FEEDBEEF-IN")
    finally:
        await first.remove()
    assert "FEEDBEEF" not in subprocess.run(["iptables-save"], capture_output=True, text=True).stdout


async def test_without_root_it_says_what_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert await Firewall("feedbeef", SUBNETS, SystemClock()).ensure() == (NOT_ROOT,)
