"""Exactly what to run for a workspace, and the hash that says when that changed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from enum import StrEnum

from monitor.domain.sizes import MIB
from monitor.domain.stack import Stack

NOBODY = (65532, 65532)
"""Uid and gid of an instance that would be root otherwise."""


class ProjectType(StrEnum):
    """What kind of project a folder holds."""

    NODE = "node"
    PYTHON = "python"
    PHP = "php"
    GO = "go"
    RUBY = "ruby"
    STATIC = "static"
    COMPOSE = "compose"
    DOCKERFILE = "dockerfile"
    UNKNOWN = "unknown"


class Source(StrEnum):
    """How an instance sees its source: `direct` reads the mounted folder, `copy` works on its own copy."""

    DIRECT = "direct"
    COPY = "copy"


class Rewrite(StrEnum):
    """When the hop puts an app's answers right: never, where its first page shows the need, or always."""

    NEVER = "never"
    MEASURED = "measured"
    ALWAYS = "always"


class OwnHost(StrEnum):
    """How `n.<domain>/` leads to an app: at its root; at its root and below `/n/`; below `/n/` only."""

    ROOT = "root"
    BOTH = "both"
    PREFIX = "prefix"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one instance may use: bytes of memory, CPUs, processes, open files, bytes of /tmp."""

    memory: int = 1024 * MIB
    cpus: float = 2.0
    pids: int = 512
    nofile: int = 8192
    tmp: int = 256 * MIB


_UNSAID = frozenset({"stack", "base"})
"""Left out of the hash where they are empty: what ran before they existed runs on."""


@dataclass(frozen=True, slots=True)
class LaunchSpec:
    """What runs for one workspace; equal specs have equal hashes, and the source is no part of it.

    `runtime` names a folder of `runtimes/`, `base` the official image it stands on ("" for Debian). `install`,
    `setup`, `build` and `start` are commands as typed in a shell, run inside the instance by its own `/bin/sh -c` in
    the app folder: `install` once per `deps_key` (then kept as a layer), `setup` (the project's own lifecycle
    scripts) and `build` at each start, `start` as the server, which must listen on `$PORT`. `deps_files` are the
    paths `install` needs. `data` are paths in the app that live in the data volume. `base_path` is `/name/`; `strip`
    says whether the router removes it, and `inside` what it puts there instead ("" or a path such as `/app`).
    `dotenv` are `.env` files whose values the commands get. `user` is `(uid, gid)`. `restart_on_edit` says whether an
    edit replaces the server process (PHP reads its files at each request).

    A folder that says itself how it runs has a `stack`, and no `runtime` and commands: its images are named by the
    bytes they are made from, so that there an edit of the source is a new spec.
    """

    workspace: str
    type: ProjectType
    runtime: str
    start: str
    user: tuple[int, int]
    port: int = 8000
    source: Source = Source.COPY
    restart_on_edit: bool = True
    install: str | None = None
    setup: str | None = None
    build: str | None = None
    deps_files: tuple[str, ...] = ()
    deps_key: str = ""
    env: tuple[tuple[str, str], ...] = ()
    data: tuple[str, ...] = ()
    docroot: str = ""
    spa: bool = False
    strip: bool = True
    inside: str = ""
    rewrite: Rewrite = Rewrite.MEASURED
    own_host: OwnHost = OwnHost.ROOT
    dotenv: tuple[str, ...] = ()
    health_path: str = "/"
    limits: Limits = Limits()
    read_only: bool = False
    stack: Stack | None = None
    base: str = ""

    @property
    def base_path(self) -> str:
        return f"/{self.workspace}/"

    @property
    def hash(self) -> str:
        """16 hex digits naming this spec: runtime, lock files, commands, environment and limits."""
        said = {name: value for name, value in asdict(self).items() if name not in _UNSAID or value}
        text = json.dumps(said, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def deps_key(install: str, runtime_image: str, user: tuple[int, int], contents: dict[str, bytes]) -> str:
    """The name of a dependency layer: what `install` would make from these manifests on this image."""
    digest = hashlib.sha256(f"{install}\0{runtime_image}\0{user[0]}:{user[1]}\0".encode())
    for path in sorted(contents):
        digest.update(path.encode("utf-8", "surrogateescape") + b"\0")
        digest.update(hashlib.sha256(contents[path]).digest())
    return digest.hexdigest()[:24]
