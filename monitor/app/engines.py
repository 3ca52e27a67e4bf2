"""Which engine runs instances: decided once, recorded, and never switched behind anybody's back."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable

from monitor.adapters.docker_engine.engine import DockerEngine, Guard, unguarded
from monitor.adapters.docker_engine.placing import Options
from monitor.adapters.process_engine.engine import ProcessEngine
from monitor.adapters.process_engine.workshop import Config
from monitor.app.install import Install
from monitor.domain.launch import NOBODY, LaunchSpec
from monitor.domain.route_render import route_labels
from monitor.errors import Refused
from monitor.ports.clock import Clock
from monitor.ports.engine import Engine, EngineAway
from monitor.settings import Settings
from monitor.shipped import shipped

DEFAULT_DOCKER_HOST = "unix:///var/run/docker.sock"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")


def docker_host(settings: Settings) -> str:
    return settings.docker_host or DEFAULT_DOCKER_HOST


async def choose(settings: Settings, install: Install, clock: Clock, guard: Guard = unguarded) -> Engine:
    """The engine in force.

    `auto` takes Docker where a daemon answers, else local processes, and records that; a recorded Docker that is
    missing now is "engine away", not a switch. Raises `Refused` for a daemon too old, and for local processes that
    strangers could reach.
    """
    wanted = settings.engine if settings.engine != "auto" else install.engine
    if wanted == "process":
        return _process(settings, install, clock)
    docker = _docker(settings, install, clock, guard)
    if wanted == "docker":
        install.remember_engine("docker")
        return docker
    try:
        await docker.check()
    except EngineAway:
        await docker.close()
        _only_for_us(settings)
        install.remember_engine("process")
        return _process(settings, install, clock)
    install.remember_engine("docker")
    return docker


def user_of(engine: Engine) -> Callable[[tuple[int, int]], tuple[int, int]]:
    """How a folder's owner becomes the user its instance runs as: never root."""
    if engine.name == "docker":
        return lambda owner: owner if owner[0] != 0 else NOBODY
    ours = NOBODY if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    return lambda _owner: ours


def _docker(settings: Settings, install: Install, clock: Clock, guard: Guard) -> DockerEngine:
    options = Options(
        install.id,
        settings.data,
        shipped("runtimes").parent,
        settings.subnets,
        docker_host(settings),
        settings.extra_ca,
    )

    def labels(spec: LaunchSpec, generation: int, network: str) -> dict[str, str]:
        return route_labels(spec, generation, install.id, network, settings.domain)

    return DockerEngine(options, clock, labels, guard)


def _process(settings: Settings, install: Install, clock: Clock) -> ProcessEngine:
    config = Config(
        settings.data,
        install.id,
        shipped("runtimes"),
        settings.extra_ca,
        hidden=(settings.workspaces, settings.data),
        install_env={name: os.environ[name] for name in PROXIES if name in os.environ},
    )
    return ProcessEngine(config, clock)


def _only_for_us(settings: Settings) -> None:
    if not _loopback(settings.bind):
        raise Refused(
            f"no Docker daemon answers, and local processes are not shown to others (SLIPWAY_BIND={settings.bind})",
            hint="start Docker, or set SLIPWAY_BIND=127.0.0.1, or insist with SLIPWAY_ENGINE=process",
        )


def _loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"
