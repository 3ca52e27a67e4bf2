"""The images of one install on the daemon's disk: listed with what uses them, remembered when used, removed.

Runtimes carry no label (a container would inherit it): which of them were built here, and when each image was last
seen in use, is written down in the data folder. What is not written down was made by somebody else and stays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docker import APIClient

from monitor.adapters.docker_engine.client import Declined, DockerClient, Gone
from monitor.adapters.docker_engine.images import RuntimeImages
from monitor.adapters.docker_engine.rendering import Json
from monitor.adapters.state_files import DiskStateFiles
from monitor.domain import labels
from monitor.domain.docker_names import Names
from monitor.domain.images import Image, ImageKind
from monitor.domain.moments import NS
from monitor.domain.runtimes import CATALOGUE
from monitor.errors import SlipwayError
from monitor.ports.clock import Clock
from monitor.ports.engine import LaunchFailed

FILE = "images.json"
_KINDS = {labels.ROLE_DEPS: ImageKind.LAYER, labels.ROLE_BUILD: ImageKind.BUILD}
_NEWEST_KEPT = {ImageKind.LAYER: 1, ImageKind.BUILD: 3}
"""Of a workspace that has a folder: what its next start needs. A stack may have an image for each service."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """The daemon's images and who uses them; `below` are images others stand on."""

    rows: list[Json]
    running: frozenset[str]
    below: frozenset[str]
    sizes: dict[str, int]


@dataclass(slots=True)
class _Book:
    """`built`: names of runtimes built here; `used`: when an image was last in use, by id (wall, seconds)."""

    built: set[str] = field(default_factory=set)
    used: dict[str, float] = field(default_factory=dict)


class ImageShelf:
    """Looks at and removes images of this install; another install's are never listed."""

    def __init__(self, client: DockerClient, names: Names, images: RuntimeImages, data: Path, clock: Clock) -> None:
        self._client = client
        self._names = names
        self._images = images
        self._files = DiskStateFiles(data)
        self._clock = clock

    def built(self, tag: str) -> None:
        """Write down that a runtime was built here; a full disk only means that it stays."""
        book = self._read()
        book.built.add(tag)
        with suppress(SlipwayError):
            self._write(book)

    async def images(
        self, known: Collection[str], busy: Collection[str] = (), *, remember: bool = True
    ) -> list[Image]:
        """Every image of ours; what is in use now is remembered as used now.

        `known` are the workspaces that have a folder; of `busy` ones nothing may go. Raises `EngineAway`.
        """
        seen, book = await self._look(), self._read()
        now = self._clock.wall_ns() / NS
        found = [*self._runtimes(seen, book), *self._made(seen, book, known, busy)]
        used = {image.id: now if image.stays else image.used_s for image in found}
        if not remember:
            return found
        with suppress(SlipwayError):
            self._write(_Book({image.name for image in found} & book.built, used))
        return found

    async def remove(self, image: Image) -> bool:
        """Whether it went; what something uses by now stays."""
        try:
            await self._client.do(lambda api: api.remove_image(image.name or image.id, force=False))
        except (Gone, Declined):
            return False
        return True

    async def _look(self) -> _Seen:
        def ask(api: APIClient) -> tuple[list[Json], list[Json]]:
            return api.images(all=True), api.containers(all=True)

        rows, containers = await self._client.ask(ask)
        below = frozenset(str(row["ParentId"]) for row in rows if row.get("ParentId"))
        return _Seen(rows, frozenset(c["ImageID"] for c in containers), below, {r["Id"]: r["Size"] for r in rows})

    def _runtimes(self, seen: _Seen, book: _Book) -> Iterator[Image]:
        current = set(self._current())
        for row in seen.rows:
            for name in row.get("RepoTags") or []:
                if name in book.built:
                    stays = "new workspaces run on it" if name in current else _used(row, seen)
                    yield self._image(row, name, ImageKind.RUNTIME, seen, book, stays)

    def _current(self) -> Iterator[str]:
        for runtime in CATALOGUE.values():
            with suppress(LaunchFailed):
                yield self._images.tag(runtime.folder)

    def _made(self, seen: _Seen, book: _Book, known: Collection[str], busy: Collection[str]) -> Iterator[Image]:
        met: dict[tuple[str, ImageKind], int] = {}
        for row in sorted(seen.rows, key=lambda row: -int(row["Created"])):
            kind = _KINDS.get(_label(row, labels.ROLE))
            names = [name for name in row.get("RepoTags") or [] if not name.startswith("<none>")]
            if kind is None or not names or _label(row, labels.INSTALL_ID) != self._names.install_id:
                continue
            workspace = _label(row, labels.WORKSPACE)
            met[workspace, kind] = met.get((workspace, kind), 0) + 1
            stays = _used(row, seen)
            if workspace in known and met[workspace, kind] <= _NEWEST_KEPT[kind]:
                stays = stays or "the workspace's next start needs it"
            stays = "something is being made for its workspace" if workspace in busy else stays
            yield self._image(row, names[0], kind, seen, book, stays)

    def _image(self, row: Json, name: str, kind: ImageKind, seen: _Seen, book: _Book, stays: str) -> Image:
        size = int(row["Size"])
        if kind is ImageKind.LAYER:
            size -= seen.sizes.get(str(row.get("ParentId")), 0)
        used = max(float(row["Created"]), book.used.get(row["Id"], 0.0))
        return Image(row["Id"], name, kind, _label(row, labels.WORKSPACE), max(size, 0), used, stays)

    def _read(self) -> _Book:
        """An empty book where there is none: then nothing of ours is known to be old."""
        kept: Any = self._files.read(FILE)
        try:
            return _Book(set(map(str, kept["built"])), {str(k): float(v) for k, v in kept["used"].items()})
        except (ValueError, KeyError, TypeError, AttributeError):
            return _Book()

    def _write(self, book: _Book) -> None:
        self._files.write(FILE, {"built": sorted(book.built), "used": book.used})


def _used(row: Json, seen: _Seen) -> str:
    if row["Id"] in seen.running:
        return "a container was made from it"
    return "another image stands on it" if row["Id"] in seen.below else ""


def _label(row: Json, name: str) -> str:
    return str((row.get("Labels") or {}).get(name, ""))
