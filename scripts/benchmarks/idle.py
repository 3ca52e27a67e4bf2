"""What the monitor itself costs with 1,000 idle workspaces: processor share and memory."""

from __future__ import annotations

import http.server
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from scripts.benchmarks.drop import _client
from scripts.benchmarks.figures import Figure
from scripts.benchmarks.running import control
from tests.support.ports import free_port

WORKSPACES, REAL = 1000, 50
WATCHED_S = 60.0
SHARE, MEMORY_MB = 5.0, 300.0


def figures() -> Iterator[Figure]:
    """Processor and memory of the monitor process alone, after every workspace serves and it came to rest."""
    _client()
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as folder, _answering() as port:
        base = Path(folder)
        _make(base / "workspaces")
        with _crowd(base, port) as process:
            took = _until_all_serve(base, process)
            yield Figure(f"{WORKSPACES:,} workspaces found and serving", took, "s", note=f"{REAL} real containers")
            time.sleep(10)
            used = process.cpu_times()
            time.sleep(WATCHED_S)
            now = process.cpu_times()
            share = 100 * (now.user + now.system - used.user - used.system) / WATCHED_S
            memory = process.memory_info().rss / 1e6
    yield Figure(f"{WORKSPACES:,} idle workspaces: one core", share, "%", target=f"< {SHARE:g} %", met=share < SHARE)
    yield Figure(
        f"{WORKSPACES:,} idle workspaces: memory", memory, "MB", target=f"< {MEMORY_MB:g} MB", met=memory < MEMORY_MB
    )


def _make(root: Path) -> None:
    for number in range(WORKSPACES):
        folder = root / (f"real-{number}" if number < REAL else f"site-{number}")
        (folder / "css").mkdir(parents=True)
        (folder / "index.html").write_text(f"<link rel=stylesheet href=css/site.css><h1>{number}</h1>")
        (folder / "css" / "site.css").write_text("h1 { color: teal }")


@contextmanager
def _crowd(base: Path, port: int) -> Iterator[psutil.Process]:
    flags = [f"http_port={free_port()}", f"dashboard_port={free_port()}", "engine=docker"]
    command = [sys.executable, "-m", "scripts.benchmarks.crowd", str(base), str(port), *flags]
    with (base / "out").open("w") as log:
        started = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    process = psutil.Process(started.pid)
    try:
        yield process
    finally:
        started.terminate()
        with suppress(subprocess.TimeoutExpired):
            started.wait(60)
        started.kill()


def _until_all_serve(base: Path, process: psutil.Process, within_s: float = 600.0) -> float:
    began = time.perf_counter()
    while time.perf_counter() - began < within_s:
        time.sleep(0.5)
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            raise LookupError((base / "out").read_text()[-800:])
        with suppress(OSError, ValueError):
            counts = control(base, "/api/status")["workspaces"]
            if counts.get("serving", 0) >= WORKSPACES:
                return time.perf_counter() - began
    raise LookupError(f"not all serve after {within_s:g} s: {control(base, '/api/status')}")


@contextmanager
def _answering() -> Iterator[int]:
    """A small server that stands for all workspaces in memory."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Ok)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()


class _Ok(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""
