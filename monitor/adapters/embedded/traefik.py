"""The bundled Traefik: its folder, its ports, how it is started and known to work."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import aiohttp

from monitor.adapters.embedded.binaries import find_binary
from monitor.adapters.embedded.child import ChildSpec, leftovers_of
from monitor.adapters.embedded.ports import settle_ports
from monitor.adapters.embedded.private_files import private_folder, write_private
from monitor.adapters.embedded.traefik_config import TraefikSettings, render
from monitor.adapters.loopback import LOOPBACK


@dataclass(frozen=True, slots=True)
class BundledTraefik:
    """What is needed to run Traefik (`spec`), to give it routes (`dynamic`) and to ask it (`api`, a URL)."""

    spec: ChildSpec
    dynamic: Path
    api: str


def bundled_traefik(
    folder: Path, logs: Path, *, bind: str, port: int, install_id: str, docker_host: str = ""
) -> BundledTraefik:
    """Settle the API's port, write the configuration in `folder` (made if needed) and say how to run it.

    `port` is the setting's: it is never changed, and a start raises `PortTaken` while somebody has it.
    """
    folder = private_folder(folder.absolute())
    dynamic = private_folder(folder / "dynamic")
    pid_file = folder / "traefik.pid"
    held = bool(leftovers_of(pid_file))
    api_port = settle_ports(folder / "ports.json", ("api",), keep=held)["api"]
    text = render(TraefikSettings(bind, port, api_port, dynamic, install_id, docker_host))
    write_private(folder / "traefik.yml", text)
    api = f"http://{LOOPBACK}:{api_port}"
    spec = ChildSpec(
        name="Traefik",
        argv=(str(find_binary("traefik")), f"--configFile={folder / 'traefik.yml'}"),
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder)},
        cwd=folder,
        log=logs.absolute() / "traefik.log",
        pid_file=pid_file,
        ready=lambda: _answers(api),
        config=text,
        listens=((bind, port), (LOOPBACK, api_port)),
    )
    return BundledTraefik(spec, dynamic, api)


async def _answers(api: str) -> bool:
    """Its ping answers from the moment that entry points and providers run."""
    timeout = aiohttp.ClientTimeout(total=5)
    async with aiohttp.ClientSession(timeout=timeout) as session, session.get(f"{api}/ping") as answer:
        return answer.status == 200
