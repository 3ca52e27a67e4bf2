"""Everything Slipway stands on, looked at: versions, ports, space, limits, and what Docker says of itself."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from importlib.metadata import version
from ipaddress import IPv4Network

from docker import APIClient

from monitor.adapters import loopback, machine
from monitor.adapters.bucket import Bucket
from monitor.adapters.docker_engine.client import DockerClient
from monitor.adapters.docker_engine.info import daemon
from monitor.adapters.docker_engine.networks import docker_subnets
from monitor.adapters.embedded.binaries import find_binary
from monitor.app.doctor_images import judge_images
from monitor.app.doctor_store import judge_store
from monitor.app.engines import docker_host
from monitor.domain.floors import Finding, Level, judge, judge_tarfile
from monitor.domain.sizes import MIB
from monitor.domain.subnets import free_subnets
from monitor.errors import NotFound, Refused, SlipwayError
from monitor.ports.engine import EngineAway
from monitor.settings import Settings, misspelt

SPACE_NEEDED, SPACE_WISHED = 256 * MIB, 5 * 1024 * MIB
WATCHES_WISHED, WATCHERS_WISHED = 65_536, 128
NETWORKS_WISHED = 16


async def examine(settings: Settings, *, running: bool = False, bucket: Bucket | None = None) -> list[Finding]:
    """Every finding; `running` says that a monitor of these settings runs, so that its ports are its own.

    `bucket` is that monitor's; without one, an S3 server of the user's own is asked.
    """
    here, docker, store = await asyncio.gather(
        asyncio.to_thread(_here, settings, running), _docker(settings), judge_store(settings, bucket)
    )
    return [*here, *store, *docker]


def _here(settings: Settings, running: bool) -> list[Finding]:
    return [
        judge_tarfile(machine.python_version()),
        judge("aiohttp", version("aiohttp")),
        _bundled("Traefik", "traefik"),
        *([] if settings.own_store else [_bundled("SeaweedFS", "weed")]),
        *_ports(settings, running),
        *_space(settings),
        *_limits(),
        *_misspelt(),
    ]


def _misspelt() -> Iterator[Finding]:
    for name, meant in misspelt(os.environ):
        yield Finding("settings", Level.WARNING, f"{name} is no setting and does nothing", f"is {meant} meant?")


def _bundled(component: str, program: str) -> Finding:
    try:
        path = find_binary(program)
    except NotFound as missing:
        return Finding(component, Level.REFUSED, missing.message, missing.hint)
    return judge(component, machine.version_said([str(path), "version"]) or "")


def _ports(settings: Settings, running: bool) -> Iterator[Finding]:
    for what, host, port, setting in (
        ("workspaces", settings.bind, settings.http_port, "SLIPWAY_HTTP_PORT"),
        ("dashboard", settings.dashboard_bind, settings.dashboard_port, "SLIPWAY_DASHBOARD_PORT"),
    ):
        trouble = None if running else loopback.trouble(host, port)
        if trouble:
            yield Finding(
                f"port of the {what}",
                Level.REFUSED,
                f"{host}:{port} cannot be used: {trouble}",
                f"stop the program that has it, or choose another with {setting}",
            )
        else:
            yield Finding(
                f"port of the {what}", Level.OK, f"{host}:{port}" + (" (this Slipway's)" if running else "")
            )


def _space(settings: Settings) -> Iterator[Finding]:
    for what, path in (("data folder", settings.data), ("workspaces folder", settings.workspaces)):
        if not machine.writable(path):
            yield Finding(
                f"{what}",
                Level.REFUSED,
                f"nothing can be written at {path}",
                "mend its permissions, or name another folder",
            )
            continue
        free = machine.free_bytes(path)
        level = Level.REFUSED if free < SPACE_NEEDED else Level.WARNING if free < SPACE_WISHED else Level.OK
        hint = "" if level is Level.OK else "free some space; dependencies, images and history need a few GiB"
        yield Finding(f"space for the {what}", level, f"{free // MIB} MiB free at {path}", hint)


def _limits() -> Iterator[Finding]:
    limits = machine.watch_limits()
    for check, name, value, wished in (
        ("watched folders", "max_user_watches", limits.watches, WATCHES_WISHED),
        ("watchers", "max_user_instances", limits.instances, WATCHERS_WISHED),
    ):
        if value is not None and value < wished:
            yield Finding(
                check,
                Level.WARNING,
                f"only {value} per user: changes in large workspaces may be found late, by scanning",
                f"sysctl -w fs.inotify.{name}={wished * 8}",
            )
        else:
            yield Finding(check, Level.OK, f"{value or 'no limit known'} per user")


async def _docker(settings: Settings) -> list[Finding]:
    if settings.engine == "process":
        return [
            Finding("Docker", Level.OK, "not used (SLIPWAY_ENGINE=process); workspaces are trusted with our rights")
        ]
    client = DockerClient(docker_host(settings))
    try:
        said = await client.ask(_versions)
        info = await daemon(client)
        networks = await client.ask(docker_subnets)
    except EngineAway as away:
        level = Level.REFUSED if settings.engine == "docker" else Level.WARNING
        hint = away.hint or "start Docker; without it, workspaces run as local processes"
        return [Finding("Docker", level, away.message, hint)]
    except (Refused, SlipwayError) as error:
        return [Finding("Docker Engine", Level.REFUSED, error.message, error.hint)]
    finally:
        await client.close()
    findings = [judge("Docker Engine", said["Engine"])]
    findings += [judge("runc", said["runc"])] if "runc" in said else []
    findings += [Finding("Docker", Level.WARNING, sentence) for sentence in info.warnings]
    findings.append(_addresses(settings, networks))
    findings += await judge_images(settings)
    return [*findings, *await asyncio.to_thread(_plugins, docker_host(settings)), *_host_reach()]


def _versions(api: APIClient) -> dict[str, str]:
    said = api.version()
    parts = {str(part["Name"]): str(part["Version"]) for part in said.get("Components") or []}
    return {"Engine": str(said.get("Version", "")), **parts}


def _plugins(host: str) -> Iterator[Finding]:
    """Compose and BuildKit, which only their own program can tell about."""
    environment = {**os.environ, "DOCKER_HOST": host}
    compose = machine.version_said(["docker", "compose", "version", "--short"], environment)
    if compose is None:
        hint = "install Docker's Compose plugin; only folders with a compose file of their own need it"
        yield Finding("Compose", Level.WARNING, "the docker program or its Compose plugin is not there", hint)
    else:
        yield judge("Compose", compose)
    for line in (machine.version_said(["docker", "buildx", "inspect"], environment) or "").splitlines():
        if line.startswith("BuildKit version:"):
            yield judge("BuildKit", line)
            return


def _addresses(settings: Settings, taken: list[IPv4Network]) -> Finding:
    """How many workspaces can still get a network of their own."""
    free = sum(1 for _ in free_subnets(IPv4Network(settings.subnets), taken, ""))
    if free < NETWORKS_WISHED:
        message = f"{free} left in {settings.subnets}: each workspace needs a network of its own"
        hint = "give Slipway a larger range with SLIPWAY_SUBNETS"
        return Finding("networks", Level.WARNING if free else Level.REFUSED, message, hint)
    return Finding("networks", Level.OK, f"{free} free in {settings.subnets}")


def _host_reach() -> Iterator[Finding]:
    if not machine.is_root():
        yield Finding(
            "the host's own services",
            Level.WARNING,
            "without root no firewall rule keeps workspaces from services that listen on all of the host's addresses",
            "bind such services to 127.0.0.1, or run Slipway as root",
        )
