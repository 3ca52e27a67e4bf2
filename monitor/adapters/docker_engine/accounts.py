"""Which uid and gid a user's name means in an image, read from its own files without running anything of it."""

from __future__ import annotations

import tarfile
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import IO, cast

from docker import APIClient

from monitor.adapters.docker_engine.client import Declined, DockerClient, Gone
from monitor.adapters.docker_engine.rendering import Json
from monitor.domain import labels
from monitor.domain.docker_names import Names
from monitor.ports.engine import LaunchFailed

_PASSWD, _GROUP = "etc/passwd", "etc/group"
_MOST_FILE = 256 * 1024
_MOST_READ = 2 * 1024**3


class Accounts:
    """Answers by image and user; an image does not change, so each is read once."""

    def __init__(self, client: DockerClient, names: Names) -> None:
        self._client = client
        self._names = names
        self._known: dict[str, dict[str, str]] = {}

    async def resolve(self, image: Json, user: str) -> tuple[int, int] | None:
        """The uid and gid `user` (`name`, `uid`, either with `:group`) means in an inspected image; None for root.

        Raises `LaunchFailed` for a name the image does not have.
        """
        name, _, group = user.partition(":")
        if not name:
            return None
        files: dict[str, str] = {}
        if not _number(name) or (group and not _number(group)):
            files = await self._files(image["Id"])
        row = _row(files.get(_PASSWD, ""), name)
        if not _number(name) and row is None:
            raise LaunchFailed(
                f"the user {name!r} is not known in the image", hint="write the user as a number, such as `USER 1000`"
            )
        uid = int(name) if _number(name) else _id(row, 2)
        gid = _gid(files.get(_GROUP, ""), group) if group else (_id(row, 3) if row else uid)
        return None if uid == 0 else (uid, gid)

    async def _files(self, image: str) -> dict[str, str]:
        if image not in self._known:
            try:
                self._known[image] = await self._client.work(lambda api: _read(api, image, self._own()))
            except (Gone, Declined, tarfile.TarError) as error:
                raise LaunchFailed(f"the users of the image cannot be read: {error}") from error
        return self._known[image]

    def _own(self) -> dict[str, str]:
        """The sweep removes it after a crash as it does an unfinished installer."""
        return {labels.INSTALL_ID: self._names.install_id, labels.ROLE: labels.ROLE_INSTALL}


class _Stream:
    """Pieces of a response as a file `tarfile` reads once through, up to a bound."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""
        self._room = _MOST_READ

    def read(self, size: int) -> bytes:
        parts = [self._rest]
        have = len(self._rest)
        while have < size and self._room > 0 and (piece := next(self._pieces, b"")):
            parts.append(piece)
            have += len(piece)
            self._room -= len(piece)
        data = b"".join(parts)
        self._rest = data[size:]
        return data[:size]


def _read(api: APIClient, image: str, own: dict[str, str]) -> dict[str, str]:
    """`etc/passwd` and `etc/group` of an image, from the stream of a container that is never started."""
    made: Json = api.create_container(image, command=["-"], labels=own, network_disabled=True)
    found: dict[str, str] = {}
    try:
        with (
            closing(cast("Generator[bytes]", api.export(made["Id"], chunk_size=1024 * 1024))) as pieces,
            tarfile.open(fileobj=cast("IO[bytes]", _Stream(pieces)), mode="r|") as archive,
        ):
            for member in archive:
                if member.name in {_PASSWD, _GROUP} and member.isreg() and member.size <= _MOST_FILE:
                    reader = archive.extractfile(member)
                    found[member.name] = reader.read().decode("utf-8", "replace") if reader else ""
                if len(found) == 2:
                    break
    finally:
        api.remove_container(made["Id"], force=True, v=True)
    return found


def _row(text: str, name: str) -> list[str] | None:
    rows = (line.split(":") for line in text.splitlines())
    return next(
        (row for row in rows if row[0] == name and len(row) > 3 and _number(row[2]) and _number(row[3])), None
    )


def _gid(text: str, group: str) -> int:
    if _number(group):
        return int(group)
    rows = (line.split(":") for line in text.splitlines())
    found = next((int(row[2]) for row in rows if row[0] == group and len(row) > 2 and _number(row[2])), None)
    if found is None:
        raise LaunchFailed(f"the group {group!r} is not known in the image", hint="write it as a number")
    return found


def _id(row: list[str] | None, index: int) -> int:
    return int(row[index]) if row else 0


def _number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10
