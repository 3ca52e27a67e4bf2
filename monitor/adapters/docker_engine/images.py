"""Runtime images, built from `runtimes/` by the docker command line with BuildKit when they are first needed."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import aclosing
from pathlib import Path

from monitor.adapters.docker_engine.client import DockerClient, Gone
from monitor.adapters.docker_engine.command_line import environment, lines
from monitor.adapters.docker_engine.rendering import Json
from monitor.domain.docker_names import runtime_image
from monitor.ports.engine import LaunchFailed, Progress

COMPOSER = "composer:2"
"""Where PHP's official images, which block Debian's packages of PHP, take Composer from."""
_SHARED = ("entrypoint", "shared")
_KEPT_LINES = 60
_LONGEST_S = 1_800


class RuntimeImages:
    """The images of `runtimes/`, each named by the hash of what it is built from; one build a runtime at once."""

    def __init__(
        self,
        client: DockerClient,
        runtimes: Path,
        extra_ca: Path | None,
    ) -> None:
        """`built` may be set to what is told the name of each image that was built here."""
        self.built: Callable[[str], None] = _unheard
        self._client = client
        self._runtimes = runtimes
        self._extra_ca = extra_ca
        self._tags: dict[tuple[str, str], str] = {}
        self._building: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def tag(self, runtime: str, base: str = "") -> str:
        """The image's name, whether it was built yet or not.

        `base` is the official image it stands on, "" for Debian. Raises `LaunchFailed` for a runtime we do not have.
        """
        if (runtime, base) not in self._tags:
            if not (self._runtimes / runtime / "Dockerfile").is_file():
                raise LaunchFailed(f"there is no runtime '{runtime}'", hint="`slipway detect` says why it was chosen")
            self._tags[runtime, base] = runtime_image(runtime, _digest(self._runtimes, runtime, base))
        return self._tags[runtime, base]

    async def ensure(self, runtime: str, progress: Progress, base: str = "") -> str:
        """Build the image where it is missing and return its name; minutes on first use, else one question.

        Raises `LaunchFailed` with the build's last lines, `EngineAway`. Cancelled, the build is stopped.
        """
        tag = self.tag(runtime, base)
        async with self._building[runtime]:
            if not await self.has(tag):
                progress(f"building the runtime {runtime}{f' on {base}' if base else ''} (once)")
                await self._build(runtime, base, tag, progress)
                self.built(tag)
        return tag

    async def has(self, tag: str) -> bool:
        """Whether Docker has an image of that name."""
        try:
            await self.inspect(tag)
        except Gone:
            return False
        return True

    async def inspect(self, tag: str) -> Json:
        """Raises `Gone`."""
        seen: Json = await self._client.ask(lambda api: api.inspect_image(tag))  # type: ignore[no-untyped-call]
        return seen

    async def _build(self, runtime: str, base: str, tag: str, progress: Progress) -> None:
        tail: deque[str] = deque(maxlen=_KEPT_LINES)
        env = environment(self._client.host, DOCKER_BUILDKIT="1")
        try:
            async with asyncio.timeout(_LONGEST_S):
                async with aclosing(lines(self._command(runtime, base, tag), env)) as printed:
                    async for line in printed:
                        tail.append(line)
                        progress(line)
        except TimeoutError:
            raise LaunchFailed(
                f"building the runtime {runtime} took longer than {_LONGEST_S // 60} min", log=tail
            ) from None
        if not await self.has(tag):
            raise LaunchFailed(
                f"building the runtime {runtime}{f' on {base}' if base else ''} failed",
                hint="its last lines say why; behind a proxy that re-signs TLS set SLIPWAY_EXTRA_CA",
                log=tail,
            )

    def _command(self, runtime: str, base: str, tag: str) -> list[str]:
        docker = shutil.which("docker")
        if docker is None:
            raise LaunchFailed(
                "runtimes are built by the docker command, which is missing", hint="install docker-cli and buildx"
            )
        secret = ["--secret", f"id=ca,src={self._extra_ca}"] if self._extra_ca else []
        dockerfile = self._runtimes / runtime / "Dockerfile"
        given = [f"BASE={base}"] if base else []
        given += [f"COMPOSER={COMPOSER}"] if base and runtime == "php" else []
        arguments = [part for one in given for part in ("--build-arg", one)]
        command = [docker, "build", "--progress", "plain", "--tag", tag, "--file", str(dockerfile)]
        return [*command, *secret, *arguments, "--", str(self._runtimes)]


def _unheard(_tag: str) -> None:
    """Nobody asks what was built."""


def _digest(runtimes: Path, runtime: str, base: str) -> str:
    """The content hash of everything the image is built from; an official base counts by its name."""
    digest = hashlib.sha256(base.encode())
    for path in _sources(runtimes, runtime):
        digest.update(f"{path.relative_to(runtimes)}\0{path.stat().st_mode & 0o111:o}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _sources(runtimes: Path, runtime: str) -> Iterator[Path]:
    for folder in (*_SHARED, runtime):
        for path in sorted((runtimes / folder).rglob("*")):
            parts = path.relative_to(runtimes).parts
            if path.is_file() and not any(part == "__pycache__" or part.startswith(".") for part in parts):
                yield path
