"""Every package manager that can be tried here: its lock file is installed once, in a layer every later start takes.

The lock files name no host. uv, poetry and pdm cannot do without one in theirs.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docker
import pytest

from monitor.domain import labels
from tests.support.components import docker_url
from tests.support.slipway import Slipway

pytestmark = [pytest.mark.docker, pytest.mark.traefik, pytest.mark.s3, pytest.mark.timeout(900)]
LOCKED = Path(__file__).parent / "locked"
NODE = """const odd = require("is-odd");
require("http").createServer((_, answer) => answer.end(`odd ${odd(3)} VERSION`)).listen(process.env.PORT, "0.0.0.0");
"""
PYTHON = """import os, http.server, itsdangerous
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
        self.wfile.write(f"signed {len(itsdangerous.Signer('k').sign('x')) > 2} VERSION".encode())
http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Answer).serve_forever()
"""
PYTHONS = {"pip", "pipenv"}
QUICK = ("yarn", "pip")
REST = ("npm", "pnpm", "berry", "bun", "pipenv")
INSTALLED_S = 400.0


@pytest.fixture(scope="module")
def slipway() -> Iterator[Slipway]:
    with Slipway("docker") as slipway:
        yield slipway


def project(manager: str, version: str = "first") -> dict[str, str]:
    folder = LOCKED / manager
    files = {path.name: path.read_text() for path in folder.iterdir()}
    server = ("main.py", PYTHON) if manager in PYTHONS else ("server.js", NODE)
    return {**files, server[0]: server[1].replace("VERSION", version)}


@pytest.mark.parametrize("managers", [QUICK, pytest.param(REST, marks=pytest.mark.frameworks)], ids=["quick", "rest"])
def test_a_restart_and_a_start_install_nothing(slipway: Slipway, managers: tuple[str, ...]) -> None:
    for manager in managers:
        slipway.drop(manager, project(manager))
    for manager in managers:
        state = slipway.until_serving(manager, INSTALLED_S)
        assert any("runs on" in line for line in state["evidence"]), state
        slipway.until_text(f"/{manager}/", "true first" if manager not in PYTHONS else "True first")
    began, layers = datetime.now(UTC), layers_of(slipway)
    assert len(layers) >= len(managers)
    for manager in managers:
        before = slipway.docker.containers(manager, labels.ROLE_APP)[0]["Id"]
        slipway.ask_for("restart", manager)
        slipway.until(functools.partial(replaced, slipway, manager, before), 60, f"{manager} to be another one")
        slipway.until_serving(manager, 60)
    slipway.ask_for("stop", managers[0])
    slipway.until_phase(managers[0], "stopped")
    slipway.ask_for("start", managers[0])
    slipway.until_serving(managers[0], 60)
    assert installers(slipway, began) == [], "a start must take the layer that is there"
    assert layers_of(slipway) == layers
    for manager in managers:
        slipway.delete(manager)


def replaced(slipway: Slipway, name: str, before: str) -> bool:
    found = slipway.docker.containers(name, labels.ROLE_APP)
    return len(found) == 1 and found[0]["Id"] != before


def layers_of(slipway: Slipway) -> set[str]:
    marks = {"label": [f"{labels.INSTALL_ID}={slipway.install_id}", f"{labels.ROLE}={labels.ROLE_DEPS}"]}
    return {image["Id"] for image in api().images(filters=marks)}


def installers(slipway: Slipway, since: datetime) -> list[Any]:
    """What Docker remembers of containers that install, of this install."""
    marks = [f"{labels.INSTALL_ID}={slipway.install_id}", f"{labels.ROLE}={labels.ROLE_INSTALL}"]
    wanted = {"type": "container", "event": "create", "label": marks}
    return list(api().events(since=since, until=datetime.now(UTC), filters=wanted, decode=True))


def api() -> Any:
    return docker.APIClient(base_url=docker_url(), version="auto", timeout=30)
