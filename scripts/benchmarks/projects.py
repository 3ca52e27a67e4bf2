"""Real projects: first start, restart, edit to seen; and the detection of 1,000 folders."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import suppress

import docker
import docker.errors

from monitor.cli.client import Client
from scripts.benchmarks.figures import Figure, median
from scripts.benchmarks.running import Monitor, first_200, monitor
from tests.support.corpus import cases

ROUNDS = 3
FASTER = 10
SEEN_S = 1.0
DETECT_FOLDERS, DETECT_MS = 1000, 5.0
BUILT_S = 900.0

EXPRESS = {
    "package.json": '{"scripts": {"start": "node app.js"}, "dependencies": {"express": "4"}}',
    "app.js": 'const app = require("express")();\napp.get("/", (_, to) => to.send("VERSION"));\n'
    'app.listen(process.env.PORT, "0.0.0.0");\n',
}
FASTAPI = {
    "requirements.txt": "fastapi\nuvicorn\n",
    "main.py": 'from fastapi import FastAPI\napp = FastAPI()\n@app.get("/")\ndef home(): return "VERSION"\n',
}
VITE = {
    "package.json": '{"scripts": {"build": "vite build"}, "devDependencies": {"vite": "5"}}',
    "index.html": '<!doctype html><title>VERSION</title><script type="module" src="/main.js"></script>',
    "main.js": "console.log(1)\n",
}
LISTENING_NODE = 'require("http").createServer((_, to) => to.end("ok")).listen(process.env.PORT, "0.0.0.0")'
LISTENING_PYTHON = """import http.server as h, os
h.HTTPServer(("0.0.0.0", int(os.environ["PORT"])), h.SimpleHTTPRequestHandler).serve_forever()
"""
PROJECTS = {"express": EXPRESS, "fastapi": FASTAPI, "vite": VITE}


def figures() -> Iterator[Figure]:
    """One monitor on Docker, its runtimes built beforehand."""
    yield _detection()
    try:
        docker.from_env().ping()
    except docker.errors.DockerException as error:
        raise LookupError("no Docker daemon answers") from error
    with monitor(engine="docker") as running:
        _warm(running)
        for name, files in PROJECTS.items():
            yield from _project(running, name, files)


def _project(running: Monitor, name: str, files: Mapping[str, str]) -> Iterator[Figure]:
    first = _dropped(running, name, files)
    again = [_restarted(running, name) for _ in range(ROUNDS)]
    seen = [_edited(running, name, files, f"edit {number}") for number in range(ROUNDS)]
    restart = median(again)
    yield Figure(f"{name}: dropped → first 200", first, "s", note="dependencies installed, one round")
    yield Figure(
        f"{name}: restart asked → first 200 of the new one", restart, "s", "its first start", first,
        f"≥ {FASTER} × faster", restart * FASTER <= first, f"{first / restart:.1f} ×, {ROUNDS} rounds",
    )  # fmt: skip
    met = None if name == "vite" else median(seen) <= SEEN_S
    target = "" if name == "vite" else f"≤ {SEEN_S:g} s"
    yield Figure(f"{name}: file saved → seen", median(seen), "s", target=target, met=met, note=f"{ROUNDS} rounds")


def _warm(running: Monitor) -> None:
    """Build the runtimes, which are made once per machine."""
    node = {"package.json": '{"scripts": {"start": "node a.js"}}', "a.js": LISTENING_NODE}
    for name, files in {"warm-node": node, "warm-python": {"main.py": LISTENING_PYTHON}}.items():
        _place(running, name, files)
        first_200(f"{running.url}/{name}/", BUILT_S)
        shutil.rmtree(running.workspaces / name)


def _place(running: Monitor, name: str, files: Mapping[str, str]) -> float:
    aside = running.base / name
    aside.mkdir()
    for path, text in files.items():
        (aside / path).write_text(text.replace("VERSION", "first"))
    began = time.perf_counter()
    aside.rename(running.workspaces / name)
    return began


def _dropped(running: Monitor, name: str, files: Mapping[str, str]) -> float:
    began = _place(running, name, files)
    return first_200(f"{running.url}/{name}/", BUILT_S) - began


def _restarted(running: Monitor, name: str) -> float:
    """Until the new generation answers through the router; the old one serves till then."""
    client = Client(running.base / ".slipway")
    before = client.get(f"/api/workspaces/{name}")["generation"]
    began = time.perf_counter()
    job = client.post(f"/api/workspaces/{name}/restart")
    while client.get(f"/api/workspaces/{name}")["generation"] in {None, before} and time.perf_counter() - began < 120:
        time.sleep(0.01)
    took = first_200(f"{running.url}/{name}/") - began
    while job["state"] not in {"done", "failed", "cancelled"} and time.perf_counter() - began < 120:
        time.sleep(0.01)
        job = client.get(f"/api/jobs/{job['id']}")
    if job["state"] != "done":
        raise LookupError(f"{name} did not restart: {job}")
    return took


def _edited(running: Monitor, name: str, files: Mapping[str, str], text: str) -> float:
    path = next(path for path, content in files.items() if "VERSION" in content)
    began = time.perf_counter()
    (running.workspaces / name / path).write_text(files[path].replace("VERSION", text))
    while time.perf_counter() - began < 120:
        with suppress(OSError), urllib.request.urlopen(f"{running.url}/{name}/", timeout=5) as answer:
            if text.encode() in answer.read():
                return time.perf_counter() - began
        time.sleep(0.005)
    raise LookupError(f"{name}: the edit was never seen")


def _detection() -> Figure:
    """The corpus of the tests, over and over, in one process as the monitor does it: read, then decide."""
    argv = [sys.executable, "-m", "scripts.benchmarks.detect_child", str(DETECT_FOLDERS)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    return Figure(
        f"detection of {told['folders']} folders, each", told["median_ms"], "ms",
        target=f"< {DETECT_MS:g} ms", met=told["worst_ms"] < DETECT_MS,
        note=f"slowest of {len(cases())} kinds {told['worst_ms']:.2g} ms",
    )  # fmt: skip
