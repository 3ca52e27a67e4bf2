"""Each workspace's own bridge network, on a small subnet that we choose."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError
from itertools import islice
from pathlib import Path

from docker import APIClient

from monitor.adapters.docker_engine.client import Declined, DockerClient, Gone
from monitor.adapters.docker_engine.rendering import Json, network_body
from monitor.domain import labels
from monitor.domain.container import NetworkPlan
from monitor.domain.container_plan import network_labels
from monitor.domain.docker_names import Names
from monitor.domain.subnets import free_subnets
from monitor.ports.engine import LaunchFailed

_TRIES = 16
_ROUTES = Path("/proc/net/route")


class Networks:
    """The networks of one install, cut from `pool`. One is allocated at a time, so that no two get one subnet."""

    def __init__(self, client: DockerClient, names: Names, pool: IPv4Network) -> None:
        self._client = client
        self._names = names
        self._pool = pool
        self._allocating = asyncio.Lock()

    async def ensure(self, workspace: str) -> NetworkPlan:
        """The workspace's network, made where missing.

        Raises `LaunchFailed` where the range is used up, `EngineAway`.
        """
        async with self._allocating:
            return await self._existing(workspace) or await self._create(workspace)

    async def remove(self, workspace: str) -> None:
        """Remove it; nothing happens where it is gone or still in use."""
        await self.remove_named(self._names.project(workspace))

    async def remove_named(self, name: str) -> bool:
        """Remove a network by name or id; whether it was there and is gone now."""
        try:
            await self._client.do(lambda api: api.remove_network(name))
        except (Gone, Declined):
            return False
        return True

    async def ours(self) -> dict[str, str]:
        """Every network of this install: its id and the workspace it belongs to."""
        wanted = {"label": f"{labels.INSTALL_ID}={self._names.install_id}"}
        found: list[Json] = await self._client.ask(lambda api: api.networks(filters=wanted))
        return {network["Id"]: (network.get("Labels") or {}).get(labels.WORKSPACE, "") for network in found}

    async def _existing(self, workspace: str) -> NetworkPlan | None:
        name = self._names.project(workspace)
        try:
            seen: Json = await self._client.ask(lambda api: api.inspect_network(name))
        except Gone:
            return None
        if (seen.get("Labels") or {}).get(labels.INSTALL_ID) != self._names.install_id:
            raise LaunchFailed(
                f"a network named {name} exists that is not Slipway's", hint=f"docker network rm {name}"
            )
        config = seen["IPAM"]["Config"][0]
        return self._plan(workspace, config["Subnet"], config["Gateway"])

    async def _create(self, workspace: str) -> NetworkPlan:
        taken = [*await self._client.ask(docker_subnets), *_host_routes()]
        refused = "every subnet of it is in use"
        for subnet in islice(free_subnets(self._pool, taken, f"{self._names.install_id}/{workspace}"), _TRIES):
            network = self._plan(workspace, str(subnet), str(subnet[1]))
            try:
                await self._post(network_body(network))
            except Declined as error:
                refused = error.message
                continue
            return network
        raise LaunchFailed(
            f"no network can be made for it in {self._pool}: {refused}",
            hint="remove workspaces that are no longer needed, or give Slipway a larger range with SLIPWAY_SUBNETS",
        )

    async def _post(self, body: Json) -> None:
        def post(api: APIClient) -> None:
            api.create_network(body["Name"], driver=body["Driver"], ipam=body["IPAM"], labels=body["Labels"])

        await self._client.do(post)

    def _plan(self, workspace: str, subnet: str, gateway: str) -> NetworkPlan:
        owned = tuple(sorted(network_labels(self._names, workspace).items()))
        return NetworkPlan(self._names.project(workspace), subnet, gateway, owned)


def docker_subnets(api: APIClient) -> list[IPv4Network]:
    """What Docker's own networks have taken, ours among them."""
    networks: list[Json] = api.networks()
    configs = [one for network in networks for one in (network["IPAM"].get("Config") or [])]
    return list(_parsed(config.get("Subnet", "") for config in configs))


def _host_routes() -> list[IPv4Network]:
    """What this host already reaches some other way; nothing where that cannot be read."""
    try:
        rows = [line.split() for line in _ROUTES.read_text("ascii").splitlines()[1:]]
    except OSError:
        return []
    routes = (f"{_dotted(row[1])}/{_dotted(row[7])}" for row in rows if len(row) > 7)
    return [route for route in _parsed(routes) if route.prefixlen]


def _dotted(little_endian: str) -> str:
    return ".".join(str(byte) for byte in reversed(bytes.fromhex(little_endian)))


def _parsed(texts: Iterable[str]) -> Iterator[IPv4Network]:
    for text in texts:
        try:
            yield IPv4Network(text, strict=False)
        except (AddressValueError, NetmaskValueError, ValueError):
            continue
