"""The runtime images for tests: built once under the engine's own names, then reused."""

from __future__ import annotations

import functools
import json
import os
import secrets
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self, cast

from monitor.adapters.docker_engine.client import DockerClient
from monitor.adapters.docker_engine.images import RuntimeImages
from tests.support.components import docker_url
from tests.support.waiting import until_sync

RUNTIMES = Path(__file__).parents[2] / "runtimes"
USER = "12345:12345"
PORT = 8000
BASELINE = (
    "--user", USER, "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--init", "--pids-limit", "512",
    "--memory", "1g", "--tmpfs", "/tmp:exec,mode=1777,size=256m",
)  # fmt: skip


def docker(*argv: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run Docker's own CLI against the test daemon."""
    keep = {name: os.environ[name] for name in ("PATH", "HOME", "DOCKER_CONFIG") if name in os.environ}
    done = subprocess.run(
        ["docker", *map(str, argv)],
        env={**keep, "DOCKER_HOST": docker_url()},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=900,
    )
    assert not check or done.returncode == 0, f"docker {argv[0]}: {done.stderr[-2000:]}"
    return done


@functools.cache
def runtime_image(kind: str) -> str:
    """The image of a type under the engine's own name for it, built if no one built these very files before."""
    tag = RuntimeImages(cast(DockerClient, None), RUNTIMES, None).tag(kind)
    if docker("image", "inspect", tag, check=False).returncode:
        bundle = os.environ.get("SLIPWAY_EXTRA_CA")
        secret = ["--secret", f"id=ca,src={bundle}"] if bundle else []
        docker("buildx", "build", "--load", *secret, "-f", RUNTIMES / kind / "Dockerfile", "-t", tag, RUNTIMES)
    return tag


class Container:
    """A container of a runtime image under the full baseline, in its own network; gone after the `with` block."""

    def __init__(self, kind: str, source: Path, verb: str = "run", **environment: str) -> None:
        self.source = source
        self.control = Path(tempfile.mkdtemp(prefix="control", dir=source.parent))
        self.control.chmod(0o755)
        self.list_files("d1")
        env = [part for name, value in environment.items() for part in ("-e", f"{name}={value}")]
        mounts = ["-v", f"{source}:/workspace:ro", "-v", f"{self.control}:/slipway:ro"]
        if kind == "static":
            mounts += ["--read-only", "--tmpfs", "/app:size=1m,mode=1777"]
        image = runtime_image(kind)
        self.network = f"slipway-test-{secrets.token_hex(6)}"
        docker("network", "create", self.network)
        self.id = docker("create", "--network", self.network, *BASELINE, *mounts, *env, image, verb).stdout.strip()

    def list_files(self, digest: str) -> None:
        found = (path for path in self.source.rglob("*") if path.is_symlink() or not path.is_dir())
        names = sorted(str(path.relative_to(self.source)) for path in found)
        (self.control / "files").write_bytes(b"\0".join(map(os.fsencode, names)))
        (self.control / "digest").write_text(digest)

    def start(self) -> Self:
        docker("start", self.id)
        return self

    def until_ready(self, timeout: float = 60) -> Self:
        until_sync(lambda: self.ready() or not self.running(), timeout, "the ready mark")
        assert self.ready(), self.logs()
        return self

    def ready(self) -> bool:
        return docker("exec", self.id, "test", "-f", "/app/.container-ready", check=False).returncode == 0

    def running(self) -> bool:
        return docker("inspect", "-f", "{{.State.Running}}", self.id).stdout.strip() == "true"

    def ask(self, verb: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(docker("exec", self.id, "slipway-entrypoint", verb, check=False).stdout)
        return answer

    def logs(self) -> str:
        done = docker("logs", self.id)
        return done.stdout + done.stderr

    def wait(self) -> int:
        return int(docker("wait", self.id).stdout)

    @property
    def address(self) -> str:
        return docker(
            "inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", self.id
        ).stdout.strip()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        docker("rm", "-f", "-v", self.id)
        docker("network", "rm", self.network)


def readable(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """A source folder any user can read (pytest's own temporary folders are private)."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
    return folder
