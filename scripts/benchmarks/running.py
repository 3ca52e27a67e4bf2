"""A real monitor of its own for a benchmark: own folders and ports, gone with everything it made afterwards."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.ports import free_port


@dataclass(frozen=True, slots=True)
class Monitor:
    """A running monitor; `url` is where its workspaces answer."""

    base: Path
    port: int
    process: subprocess.Popen[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def workspaces(self) -> Path:
        return self.base / "workspaces"


@contextmanager
def monitor(**settings: str) -> Iterator[Monitor]:
    """Run `slipway up` with `settings` (lower-case setting names) until the end of the block."""
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as folder:
        base, port = Path(folder), free_port()
        given = {"http_port": str(port), "dashboard_port": str(free_port()), **settings}
        env = {**os.environ, **{f"SLIPWAY_{name.upper()}": value for name, value in given.items()}}
        command = [sys.executable, "-m", "monitor", "up"]
        env["SLIPWAY_BASE"] = folder
        log = (base / "out").open("w")
        process = subprocess.Popen(command, cwd=Path.cwd(), env=env, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line.startswith("ready"):
                raise LookupError(f"the monitor did not start: {(base / 'out').read_text()[-500:]}")
            yield Monitor(base, port, process)
        finally:
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(30)
            process.kill()


def first_200(url: str, within_s: float = 60.0) -> float:
    """The monotonic second at which `url` first answers 200; asked every 5 ms."""
    deadline = time.perf_counter() + within_s
    while time.perf_counter() < deadline:
        with suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:
            if answer.status == 200:
                return time.perf_counter()
        time.sleep(0.005)
    raise LookupError(f"{url} never answered 200")


def control(base: Path, path: str) -> dict[str, Any]:
    """What the monitor over `base` answers to GET `path` on its control socket."""
    connection = http.client.HTTPConnection("localhost", timeout=10)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(base / ".slipway" / "control.sock"))
    connection.request("GET", path)
    found: dict[str, Any] = json.loads(connection.getresponse().read())
    return found
