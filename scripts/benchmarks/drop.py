"""Dropped folder → first 200 through Traefik, beside `docker run` → first 200 of the same image."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import docker.errors

from scripts.benchmarks.figures import Figure, median
from scripts.benchmarks.running import Monitor, first_200, monitor

ROUNDS = 7
ALLOWED_S = 0.7


def figures() -> Iterator[Figure]:
    """Static folder, health check on, settle included."""
    client = _client()
    with monitor(engine="docker") as running:
        first_200(f"{running.url}/welcome/", 600)
        image = next(c.image.tags[0] for c in client.containers.list() if "-welcome-" in c.name)
        ours, peer = [], []
        network = client.networks.create(f"slipway-bench-{running.port}")
        try:
            for number in range(ROUNDS):
                ours.append(_dropped(running, f"site-{number}"))
                peer.append(_docker_run(client, image, running.workspaces / f"site-{number}", str(network.name)))
        finally:
            network.remove()
    yield Figure(
        "static folder dropped → first 200", median(ours), "s", "docker run", median(peer),
        f"peer + ≤ {ALLOWED_S} s", median(ours) <= median(peer) + ALLOWED_S, f"{ROUNDS} rounds, medians",
    )  # fmt: skip


def _client() -> docker.DockerClient:
    try:
        return docker.from_env()
    except docker.errors.DockerException as error:
        raise LookupError("no Docker daemon answers") from error


def _dropped(running: Monitor, name: str) -> float:
    aside = running.base / name
    aside.mkdir()
    (aside / "index.html").write_text(f"<h1>{name}</h1>")
    began = time.perf_counter()
    aside.rename(running.workspaces / name)
    return first_200(f"{running.url}/{name}/") - began


def _docker_run(client: docker.DockerClient, image: str, folder: Path, network: str) -> float:
    command = ["docker", "run", "-d", "--read-only", "--tmpfs", "/app:size=1m,mode=1777", "--tmpfs", "/tmp"]
    command += ["-v", f"{folder}:/workspace:ro", "-e", "PORT=8000", "--user", "65532:65532"]
    command += ["--network", network, image]
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise LookupError(f"docker run failed: {done.stderr.strip()}")
    made = done.stdout.strip()
    try:
        address = client.containers.get(made).attrs["NetworkSettings"]["Networks"][network]["IPAddress"]
        return first_200(f"http://{address}:8000/") - began
    finally:
        client.containers.get(made).remove(force=True)
