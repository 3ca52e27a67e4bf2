"""A real Traefik for a test: with our own static configuration, on free ports, its folder of routes empty."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from monitor.adapters.embedded.traefik_config import TraefikSettings, render
from tests.support.ports import free_port
from tests.support.process import Program
from tests.support.waiting import NeverHappened


@dataclass(frozen=True, slots=True)
class TraefikServer:
    """A running Traefik: `url` for visitors, `api_url` for us, `directory` it watches."""

    port: int
    api_port: int
    directory: Path
    program: Program

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.api_port}"


@contextmanager
def traefik(binary: Path, folder: Path, *, docker: str = "", install_id: str = "test") -> Iterator[TraefikServer]:
    """Run Traefik in `folder`; with `docker` it also follows that daemon's containers of `install_id`."""
    directory = folder / "dynamic"
    directory.mkdir()
    server = _started(binary, folder, directory, docker, install_id)
    try:
        yield server
    finally:
        server.program.stop()


def _started(
    binary: Path, folder: Path, directory: Path, docker: str, install_id: str, tries: int = 3
) -> TraefikServer:
    """Start it; a port that somebody else took in the meantime is no reason to fail."""
    port, api_port = free_port(), free_port()
    static = folder / "traefik.yml"
    static.write_text(render(TraefikSettings("127.0.0.1", port, api_port, directory, install_id, docker)))
    program = Program(
        [binary, f"--configFile={static}"],
        ready=lambda: _answers(f"http://127.0.0.1:{api_port}/ping"),
        log=folder / "traefik.log",
        env={},
    )
    try:
        program.start()
    except NeverHappened as error:
        if tries > 1 and "address already in use" in str(error):
            return _started(binary, folder, directory, docker, install_id, tries - 1)
        raise
    return TraefikServer(port, api_port, directory, program)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
