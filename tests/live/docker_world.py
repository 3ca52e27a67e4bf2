"""A real Docker daemon as a world for engine tests: one random install at a time, removed to the last bit."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import docker

from monitor.adapters.clock import SystemClock
from monitor.adapters.docker_engine import DockerEngine, Options
from monitor.domain import labels
from monitor.domain.launch import LaunchSpec
from monitor.ports.engine import Instance, Launch
from tests.contracts.engine_world import WS, Manner, World
from tests.live import apps

ROOT = Path(__file__).parents[2]
SUBNETS = "10.214.0.0/16"
USER = (65532, 65532)


def route_labels(_spec: LaunchSpec, generation: int, network: str) -> Mapping[str, str]:
    """Some labels of a router's, with what compose text must escape."""
    return {
        "traefik.enable": "true",
        "traefik.docker.network": network,
        "traefik.http.middlewares.m.replacepathregex.replacement": f"/${generation}/$$x\"'`",
    }


def installing(install: str, ok: bool) -> LaunchSpec:
    """The installing app with a layer of its own for each install: layers of one key are one image."""
    spec = apps.installing(USER, ok)
    return replace(spec, deps_key=f"{spec.deps_key}{install[:8]}")


class DockerWorld(World):
    """Engines on the daemon at `host`, their data in `folder`; `close` removes everything they made."""

    def __init__(self, host: str, folder: Path) -> None:
        self.host = host
        self.folder = folder
        self.installs = {name: f"{secrets.token_hex(4)}-{name}" for name in ("one", "other")}
        self.api: Any = docker.APIClient(base_url=host, version="auto", timeout=60)
        self.src = folder / "workspaces" / WS

    def options(self, install: str = "one") -> Options:
        ca = os.environ.get("SLIPWAY_EXTRA_CA")
        return Options(
            self.installs[install],
            self.folder / install,
            ROOT,
            SUBNETS,
            docker_host=self.host,
            extra_ca=Path(ca) if ca else None,
        )

    def engine(self, install: str = "one") -> DockerEngine:
        return DockerEngine(self.options(install), SystemClock(), route_labels)

    async def killed_at(self, step: str, launch: Launch, **more: bool) -> None:
        """Start `launch` in a process of its own that kills itself at `step`; see `tests.live.docker_crash`."""
        told = {
            "install": self.installs["one"],
            "data": str(self.folder / "one"),
            "host": self.host,
            "source": str(launch.source),
            "files": launch.files,
            "digest": launch.digest,
            **more,
        }
        file = self.folder / "told.json"
        file.write_text(json.dumps(told))
        argv = [sys.executable, "-m", "tests.live.docker_crash", step, str(file)]
        child = await asyncio.create_subprocess_exec(*argv, cwd=ROOT, env=dict(os.environ))
        assert await asyncio.wait_for(child.wait(), 90) == -signal.SIGKILL

    def copying(self, manner: Manner = Manner.SERVE) -> LaunchSpec:
        return apps.copying(USER, manner)

    def direct(self) -> LaunchSpec:
        return apps.direct(USER)

    def installing(self, ok: bool) -> LaunchSpec:
        return installing(self.installs["one"], ok)

    async def fetch(self, instance: Instance, path: str = "/") -> str:
        url = f"http://{instance.host}:{instance.port}{path}"
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as session, session.get(url) as answer:
            return await answer.text()

    async def leftovers(self, workspace: str = WS) -> set[str]:
        return await asyncio.to_thread(self._leftovers, workspace)

    async def has_data(self, workspace: str = WS) -> bool:
        return bool(await asyncio.to_thread(self.volumes, workspace, labels.ROLE_DATA))

    def source(self, files: dict[str, str]) -> Path:
        self.src.mkdir(parents=True, exist_ok=True)
        for old in set(os.listdir(self.src)) - files.keys():
            (self.src / old).unlink()
        for name, text in files.items():
            (self.src / name).write_text(text)
        return self.src

    def inspect(self, container: str) -> dict[str, Any]:
        return dict(self.api.inspect_container(container))

    def filters(self, workspace: str, *more: str) -> dict[str, list[str]]:
        install = self.installs["one"]
        return {"label": [f"{labels.INSTALL_ID}={install}", f"{labels.WORKSPACE}={workspace}", *more]}

    def volumes(self, workspace: str, role: str) -> list[str]:
        found = self.api.volumes(filters=self.filters(workspace, f"{labels.ROLE}={role}"))["Volumes"] or []
        return [volume["Name"] for volume in found]

    def layers(self, workspace: str = WS) -> list[dict[str, Any]]:
        return list(self.api.images(filters=self.filters(workspace)))

    def _leftovers(self, workspace: str) -> set[str]:
        wanted = self.filters(workspace)
        folder = self.folder / "one" / "instances" / workspace
        return {
            *(name for one in self.api.containers(all=True, filters=wanted) for name in one["Names"]),
            *(one["Name"] for one in self.api.networks(filters=wanted)),
            *self.volumes(workspace, labels.ROLE_CACHE),
            *([str(folder)] if folder.exists() else []),
        }

    def close(self) -> None:
        """Remove by label whatever a test left, however it ended."""
        for install in self.installs.values():
            mine = {"label": f"{labels.INSTALL_ID}={install}"}
            with contextlib.suppress(docker.errors.APIError):
                for one in self.api.containers(all=True, filters=mine):
                    self.api.remove_container(one["Id"], force=True, v=True)
                for network in self.api.networks(filters=mine):
                    self.api.remove_network(network["Id"])
                for volume in self.api.volumes(filters=mine)["Volumes"] or []:
                    self.api.remove_volume(volume["Name"], force=True)
                for image in self.api.images(filters=mine):
                    self.api.remove_image(image["Id"], force=True)
        self.api.close()
        shutil.rmtree(self.folder, ignore_errors=True)
