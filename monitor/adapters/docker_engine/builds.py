"""Images built from a workspace's own Dockerfile: without BuildKit, on its own network, under limits.

Only the classic builder puts a `RUN` on a network of ours, where the packet filter closes the host to it, and
under limits of memory and CPU. A step is root inside its container, with Docker's usual capabilities. What one
workspace's build left behind is never used by another's: each stage begins with a label of its own.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, TypeVar

import requests
from docker import APIClient
from docker.errors import APIError

from monitor.adapters.docker_engine.client import Declined, DockerClient, Gone
from monitor.adapters.docker_engine.contexts import DOCKERFILE, IGNORE, context_paths, digest, pack
from monitor.adapters.docker_engine.evidence import text_lines
from monitor.adapters.docker_engine.images import RuntimeImages
from monitor.adapters.docker_engine.rendering import Json
from monitor.adapters.docker_engine.streams import Cut, Follower
from monitor.domain import labels
from monitor.domain.container import Limit
from monitor.domain.container_plan import CA_TARGET, CA_VARIABLES, Place
from monitor.domain.dockerfile import STAGE
from monitor.domain.launch import LaunchSpec
from monitor.domain.stack import Build
from monitor.ports.clock import Clock
from monitor.ports.engine import EngineAway, Launch, LaunchFailed, Progress

T = TypeVar("T")

LONGEST_S = 1_200.0
MOST_IMAGE = 8 * 1024**3
LEAST_FREE = 1024**3
_LOOK_S = 2.0
_KEPT_LINES = 60
_CA = ".slipway-ca.pem"
_PERIOD = 100_000


@dataclass(frozen=True, slots=True)
class _Order:
    """One build under way."""

    build: Build
    spec: LaunchSpec
    place: Place
    tag: str


class Builds:
    """Makes `slipway/build:<key>` images."""

    def __init__(self, client: DockerClient, images: RuntimeImages, clock: Clock) -> None:
        self._client = client
        self._images = images
        self._clock = clock
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="docker-context")

    async def keyed(self, build: Build, workspace: str, launch: Launch) -> str:
        """The key of `build`: its rebuilt Dockerfile, arguments and the bytes of its context."""
        return await self.read(partial(_key, build, workspace, launch))

    async def read(self, call: Callable[[], T]) -> T:
        """Run what reads a workspace's files in threads of its own."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, call)

    def close(self) -> None:
        self._readers.shutdown(wait=False, cancel_futures=True)

    async def make(self, build: Build, spec: LaunchSpec, launch: Launch, place: Place, progress: Progress) -> None:
        """Build the image of `build.key` where it is missing.

        Raises `LaunchFailed` with the build's last lines. Cancelled, the build is stopped.
        """
        order = _Order(build, spec, place, place.names.build_image(build.key))
        if await self._images.has(order.tag):
            return
        await self._check_bases(build)
        progress(f"building {build.file}")
        with tempfile.TemporaryFile() as context:
            if await self.read(partial(_pack, order, launch, context)) != build.key:
                raise LaunchFailed(
                    f"the folder changed while {build.file} was about to be built", hint="it is tried again"
                )
            await self._run(order, context, progress)
        await self._check_size(order)

    async def _check_bases(self, build: Build) -> None:
        """What an image makes builds on top of it do was not read by the rules."""
        for base in build.bases:
            if (await self._images.inspect(base))["Config"].get("OnBuild"):
                raise LaunchFailed(
                    f"{build.file} begins from {base}, which brings ONBUILD instructions of its own",
                    hint="begin from an image without them",
                )

    async def _run(self, order: _Order, context: IO[bytes], progress: Progress) -> None:
        tail: deque[str] = deque(maxlen=_KEPT_LINES)
        what = f"building {order.build.file}"
        try:
            async with asyncio.timeout(LONGEST_S), asyncio.TaskGroup() as group:
                watching = group.create_task(self._watch_disk(), name=f"disk of build {order.spec.workspace}")
                problem = await self._follow(order, context, tail, progress)
                watching.cancel()
        except TimeoutError:
            raise LaunchFailed(f"{what} took longer than {LONGEST_S / 60:g} min", log=tail) from None
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        if problem or not await self._images.has(order.tag):
            memory = order.spec.limits.memory // 1024**2
            raise LaunchFailed(
                f"{what} failed: {problem or 'it made no image'}",
                hint=f"its last lines say why; a build may use {memory} MiB (`resources:` in slipway.yaml)",
                log=tail,
            )

    async def _follow(self, order: _Order, context: IO[bytes], tail: deque[str], progress: Progress) -> str:
        """Tell what the build prints; returns what went wrong, "" where nothing did."""
        problem = ""

        def read(cut: Cut) -> Iterator[Json]:
            return _post(self._client.api("long"), order, context, cut)

        try:
            async with aclosing(Follower(read, "docker-build").items()) as answers:
                async for answer in answers:
                    problem = str(answer.get("error", problem))
                    for line in text_lines(str(answer.get("stream", "")).encode("utf-8", "replace"), 100):
                        if line.strip():
                            tail.append(line)
                            progress(line)
        except APIError as error:
            problem = str(error.explanation or error)
        except (requests.RequestException, OSError) as error:
            raise EngineAway(f"Docker broke off the build ({type(error).__name__})") from error
        return text_lines(problem.encode("utf-8", "replace"), 1)[0][:300] if problem else ""

    async def _watch_disk(self) -> None:
        """Ends the build before it fills the disk Docker's images are on; nothing where that is another machine."""
        root = Path(str((await self._client.ask(lambda api: api.info())).get("DockerRootDir") or "/nowhere"))
        while root.is_dir():
            free = os.statvfs(root)
            if free.f_bavail * free.f_frsize < LEAST_FREE:
                raise LaunchFailed("the build was ended: the disk is nearly full", hint="free some disk space")
            await self._clock.sleep(_LOOK_S)

    async def _check_size(self, order: _Order) -> None:
        seen = await self._images.inspect(order.tag)
        if int(seen.get("Size") or 0) > MOST_IMAGE:
            await self._discard(order.tag)
            raise LaunchFailed(f"{order.build.file} makes an image larger than {MOST_IMAGE // 1024**3} GiB")

    async def _discard(self, tag: str) -> None:
        try:
            await self._client.do(lambda api: api.remove_image(tag, force=True))
        except (Gone, Declined):
            return


def _key(build: Build, workspace: str, launch: Launch) -> str:
    paths = context_paths(launch.source, launch.files, build.context)
    return digest(launch.source, build.context, paths, *_words(build, workspace))


def _pack(order: _Order, launch: Launch, out: IO[bytes]) -> str:
    build, ca = order.build, order.place.ca
    paths = context_paths(launch.source, launch.files, build.context)
    extra = {
        IGNORE: f"{IGNORE}\n{DOCKERFILE}\n".encode(),
        DOCKERFILE: build.text.replace(STAGE, _stage(order)).encode("utf-8", "surrogateescape"),
        **({_CA: Path(ca).read_bytes()} if ca else {}),
    }
    paths = [path for path in paths if path not in extra]
    found = pack(launch.source, build.context, paths, extra, out, *_words(build, order.spec.workspace))
    out.seek(0)
    return found


def _words(build: Build, workspace: str) -> list[str]:
    return [workspace, build.text, build.target, json.dumps(build.args)]


def _stage(order: _Order) -> str:
    """What each stage begins with: whose it is, and the extra CA, told by arguments that no image keeps."""
    own = {
        labels.INSTALL_ID: order.place.names.install_id,
        labels.WORKSPACE: order.spec.workspace,
        labels.ROLE: labels.ROLE_BUILD,
    }
    lines = [f"LABEL {' '.join(f'{name}={json.dumps(value)}' for name, value in own.items())}"]
    if order.place.ca:
        lines += [f"COPY {_CA} {CA_TARGET}", *(f"ARG {name}={CA_TARGET}" for name in CA_VARIABLES)]
    return "\n".join(lines)


def _post(api: APIClient, order: _Order, context: IO[bytes], cut: Cut) -> Iterator[Json]:
    url = f"{api.base_url}/v{api.api_version}/build"
    headers = {"Content-Type": "application/x-tar"}
    with api.post(
        url, params=_asked(order), headers=headers, data=context, stream=True, timeout=(10, LONGEST_S)
    ) as response:
        if response.status_code >= 400:
            raise APIError(response.text, response=response, explanation=response.text)
        for line in cut.hold(response).iter_lines(chunk_size=None):
            if line:
                yield json.loads(line)


def _asked(order: _Order) -> dict[str, str]:
    limits, place = order.spec.limits, order.place
    asked = {
        "version": "1",
        "t": order.tag,
        "dockerfile": DOCKERFILE,
        "target": order.build.target,
        "buildargs": json.dumps(dict(order.build.args)),
        "networkmode": place.network.name,
        "rm": "1",
        "forcerm": "1",
        "ulimits": json.dumps([{"Name": "nofile", "Soft": limits.nofile, "Hard": limits.nofile}]),
    }
    if Limit.MEMORY not in place.lacks:
        asked["memory"] = str(limits.memory)
        asked["memswap"] = str(limits.memory if Limit.SWAP not in place.lacks else -1)
    if Limit.CPUS not in place.lacks:
        asked |= {"cpuperiod": str(_PERIOD), "cpuquota": str(round(min(limits.cpus, place.cpus) * _PERIOD))}
    return asked
