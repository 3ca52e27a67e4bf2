"""From a folder that says itself how it runs to what should run for it: its texts read, checked, made a stack."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from monitor.domain.compose_policy import NotAllowed, read_dotenv, rebuild
from monitor.domain.config import WorkspaceConfig
from monitor.domain.detection import Detection
from monitor.domain.dockerfile import rebuild_dockerfile
from monitor.domain.launch import LaunchSpec, ProjectType
from monitor.domain.stack import Build, Service, Stack
from monitor.domain.stack_spec import lone_dockerfile, stack_spec
from monitor.domain.tree import Entry, Kind, Tree
from monitor.ports.engine import Engine, Launch
from monitor.ports.files import Changed, Files

ENV_FILE = ".env"
MAX_TEXT = 64 * 1024
TRIES = 10
RETRY_S = 0.05


@dataclass(frozen=True, slots=True)
class Seen:
    """A folder with a compose file or Dockerfile of its own, as the survey saw it."""

    name: str
    folder: Path
    tree: Tree
    launch: Launch
    detection: Detection
    config: WorkspaceConfig
    user: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Found:
    """What should run, None where the folder is better run as its type; `warnings` for the card."""

    spec: LaunchSpec | None
    evidence: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class Stacks:
    """Reads what such a folder says; remembers nothing."""

    def __init__(self, files: Files, engine: Engine) -> None:
        self._files = files
        self._engine = engine

    async def find(self, seen: Seen) -> Found:
        """What should run for it.

        A Dockerfile that cannot be built here is set aside, and said, where the folder can be run without it. Raises
        `Refused` or `ConfigError` where nothing can run; only an edit helps.
        """
        values, problems = await self._variables(seen)
        found, why = Found(None), ""
        try:
            found = await self._stack(seen, values)
            why = await self._engine.lacking(found.spec.stack.images) if found.spec and found.spec.stack else ""
        except NotAllowed as error:
            if not _otherwise(seen.detection):
                raise
            why = error.message
        if why and _otherwise(seen.detection):
            said = f"{seen.detection.own} is set aside: {why}; it runs as {seen.detection.type.value} instead"
            return Found(None, warnings=(said, *problems))
        return replace(found, warnings=(*found.warnings, *problems))

    async def _stack(self, seen: Seen, values: Mapping[str, str]) -> Found:
        path = seen.detection.own or ""
        if seen.detection.type is ProjectType.COMPOSE:
            rebuilt = rebuild(await self._text(seen, path), path, values, port=seen.config.port)
            stack, notes, warned = rebuilt.stack, rebuilt.notes, rebuilt.warnings
        else:
            stack, notes, warned = lone_dockerfile(path, values, seen.config), (), ()
        folder = seen.detection.root
        stack = await self._with_dockerfiles(seen, _within(stack, folder) if folder else stack)
        stack = await self._engine.keyed(stack, seen.name, seen.launch)
        spec = stack_spec(seen.name, seen.detection, seen.config, stack, user=seen.user)
        return Found(spec, notes, warned)

    async def _with_dockerfiles(self, seen: Seen, stack: Stack) -> Stack:
        for service in stack.services:
            if service.build is not None:
                build = await self._built(seen, service.build)
                stack = stack.with_service(replace(service, build=build))
                if service.name == stack.front and stack.port is None:
                    stack = replace(stack, port=build.port)
        return stack

    async def _built(self, seen: Seen, build: Build) -> Build:
        made = rebuild_dockerfile(await self._text(seen, build.file), build.file, dict(build.args), build.target)
        return replace(build, text=made.text, bases=made.bases, port=made.port)

    async def _text(self, seen: Seen, path: str) -> str:
        """Raises `NotAllowed` where it is missing, a link, too long or no text."""
        entry = seen.tree.entries.get(path)
        if entry is None:
            raise NotAllowed(f"{path} is not there (or is not part of the source)", path=path)
        if entry.kind is not Kind.FILE:
            raise NotAllowed(f"{path} is a link or no plain file, and links are not followed", path=path)
        if entry.size > MAX_TEXT:
            raise NotAllowed(f"{path} is longer than {MAX_TEXT // 1024} KiB", path=path)
        return await self._read(seen.folder, entry)

    async def _variables(self, seen: Seen) -> tuple[dict[str, str], tuple[str, ...]]:
        """The variables of the `.env` beside the file, and nothing else's (R16)."""
        path = f"{seen.detection.root}/{ENV_FILE}" if seen.detection.root else ENV_FILE
        left_out = next((one for one in seen.tree.excluded if one.path == path), None)
        kept = seen.tree.entries.get(path)
        if left_out is None and kept is None:
            return {}, ()
        if not (left_out.runs if left_out else kept and kept.kind is Kind.FILE):
            raise NotAllowed(f"{path} is a link or no plain file, and links are not followed", path=path)
        entry = kept or Entry(path, Kind.FILE, left_out.size if left_out else 0)
        return read_dotenv(await self._read(seen.folder, entry))

    async def _read(self, folder: Path, entry: Entry) -> str:
        """A file's text as it is now; one that is being written is waited for."""
        why = "it changes all the time"
        for _ in range(TRIES):
            found = (await self._files.read_many(folder, [entry]))[entry.path]
            if not isinstance(found, Changed):
                try:
                    return found.decode("utf-8-sig")
                except UnicodeDecodeError:
                    raise NotAllowed(f"{entry.path} is no text in UTF-8", path=entry.path) from None
            why = found.reason
            if found.gone or found.refused:
                break
            if found.now is None:
                await asyncio.sleep(RETRY_S)
            entry = found.now or entry
            if entry.size > MAX_TEXT:
                why = f"it is longer than {MAX_TEXT // 1024} KiB"
                break
        raise NotAllowed(f"{entry.path} cannot be read: {why}", path=entry.path)


def _otherwise(detection: Detection) -> bool:
    """Whether the folder can be run without its Dockerfile."""
    return detection.type is not ProjectType.COMPOSE and detection.runnable


def _within(stack: Stack, folder: str) -> Stack:
    """The stack of a folder of the workspace: its paths are relative to that."""
    return replace(stack, services=tuple(_moved(service, folder) for service in stack.services))


def _moved(service: Service, folder: str) -> Service:
    build = service.build
    if build is not None:
        build = replace(build, context=f"{folder}/{build.context}".rstrip("/"), file=f"{folder}/{build.file}")
    attached = tuple(
        replace(one, source=f"{folder}/{one.source}".rstrip("/")) if one.bind else one for one in service.attached
    )
    return replace(service, build=build, attached=attached)
