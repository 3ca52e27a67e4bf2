"""Snapshots: revisions that somebody named, or a schedule kept, with notes, tags and a time to live."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from monitor.domain import keys
from monitor.domain.history.condemned import write_confirmed
from monitor.domain.history.errors import BadObject
from monitor.domain.history.lineage import Node, lineage
from monitor.domain.history.revision import MASS_DELETE, Header, Why
from monitor.domain.history.snapshot import (
    Snapshot,
    checked_name,
    checked_note,
    checked_tags,
    read_snapshot,
    write_snapshot,
)
from monitor.domain.key_escape import BadKey
from monitor.domain.moments import NS, rfc3339
from monitor.domain.streams import asked_for
from monitor.errors import Away, Conflict, NotFound, UsageError
from monitor.ports.clock import Clock
from monitor.ports.store import KeyExists, NoSuchKey
from monitor.services.at_once import each
from monitor.services.history.archive import Archive

MAX_TTL_S = 100 * 366 * 86_400

Commit = Callable[[str], Awaitable[int]]
"""Keeps the workspace as it is now as one revision of the given kind, changed or not; returns its seq."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A snapshot and the revision it names; `header` None: that revision is gone."""

    snapshot: Snapshot
    header: Header | None

    def as_json(self, now_ns: int) -> dict[str, Any]:
        header = self.header
        return {
            **self.snapshot.as_json(now_ns),
            "time": rfc3339(header.time_ns) if header else None,
            "kind": header.kind if header else None,
            "files": header.files if header else None,
            "bytes": header.bytes if header else None,
            "grade": header.grade.value if header else None,
        }


class Snapshots:
    """Snapshots below the archive's prefix; its store is the bucket itself, not one with a spool before it.

    Calls raise `StoreAway` (worth retrying) and what they say.
    """

    def __init__(self, archive: Archive, clock: Clock) -> None:
        self._archive, self._clock = archive, clock

    async def create(
        self,
        workspace: str,
        name: str,
        commit: Commit | None = None,
        *,
        seq: int | None = None,
        note: str = "",
        tags: Iterable[str] = (),
        ttl_s: int | None = None,
        kind: str = Why.MANUAL,
    ) -> Snapshot:
        """Name what `commit` keeps now, or the revision `seq`. Raises `Conflict` where the name is taken.

        `ttl_s`: seconds until it expires (None: never). Where the store is away the revision is kept all the same,
        and `Away` says that it has no name yet.
        """
        key = keys.name_key(self._archive.prefix, workspace, checked_name(name))
        note, tags, expires_ns = checked_note(note), checked_tags(tags), self._expiry(ttl_s)
        if (commit is None) == (seq is None):
            raise UsageError("A snapshot is of what there is now, or of one revision that is named.")
        await self._free(key, name)
        if commit is not None:
            seq = await commit(kind)
        assert seq is not None
        await self._there(workspace, seq, waits=commit is not None)
        snapshot = Snapshot(name, seq, self._clock.wall_ns(), note, tags, expires_ns)
        await self._put_new(key, snapshot)
        if commit is None:
            await self._still_there(workspace, snapshot, key)
        return snapshot

    async def listed(self, workspace: str, *, tag: str | None = None) -> list[Shown]:
        """All of them, the newest revision first, each with its revision; `tag`: only those that have it."""
        prefix = keys.names_prefix(self._archive.prefix, workspace)
        found = [keys.name_of(one.key) async for one in self._archive.store.list(prefix)]
        shown = [one for one in await each(lambda name: self._whole(workspace, name), found) if one is not None]
        shown = [one for one in shown if tag is None or tag in one.snapshot.tags]
        return sorted(shown, key=lambda one: (-one.snapshot.seq, one.snapshot.name))

    async def tree(self, workspace: str) -> list[Node]:
        """Every revision with what it descends from; see `lineage.landmarks` and `tree_lines`."""
        names: dict[int, list[str]] = {}
        for one in await self.listed(workspace):
            names.setdefault(one.snapshot.seq, []).append(one.snapshot.name)
        headers = await each(lambda seq: self._header(workspace, seq), await self._archive.seqs(workspace))
        return lineage(workspace, [header for header in headers if header is not None], names)

    async def show(self, workspace: str, name: str) -> Shown:
        """One of them; raises `NotFound`."""
        found = await self._shown(workspace, checked_name(name))
        if found is None:
            raise NotFound(
                f"{workspace} has no snapshot {name!r}.",
                hint=f"`slipway snapshot list {asked_for(workspace)}` shows them all",
            )
        return found

    async def delete(self, workspace: str, name: str) -> None:
        """Remove the name; its revision stays as long as retention keeps it. Raises `NotFound`."""
        key = keys.name_key(self._archive.prefix, workspace, checked_name(name))
        await self._archive.store.head(key)
        await self._archive.store.delete(key)

    async def change(
        self,
        workspace: str,
        name: str,
        *,
        add_tags: Iterable[str] = (),
        remove_tags: Iterable[str] = (),
        note: str | None = None,
        ttl_s: int | None = None,
        forever: bool = False,
    ) -> Snapshot:
        """Change tags, note, or when it expires: `ttl_s` from now on, or never with `forever`. Raises `NotFound`."""
        old = (await self.show(workspace, name)).snapshot
        tags = checked_tags((set(old.tags) | set(add_tags)) - set(remove_tags))
        expires_ns = None if forever else self._expiry(ttl_s) if ttl_s is not None else old.expires_ns
        new = replace(old, tags=tags, note=old.note if note is None else checked_note(note), expires_ns=expires_ns)
        if new != old:
            await self._archive.store.put(keys.name_key(self._archive.prefix, workspace, name), write_snapshot(new))
        return new

    async def confirm_mass_delete(self, workspace: str, seq: int) -> None:
        """A person says that the files that vanished up to revision `seq` may go; raises `NotFound`, `UsageError`."""
        header = await self._archive.header(workspace, seq)
        if header.kind != Why.MASS_DELETE and MASS_DELETE not in header.flags:
            raise UsageError(
                f"Revision {seq} of {workspace} is no mass deletion.",
                hint="`slipway history NAME` marks those there are",
            )
        await self._archive.store.put(keys.confirmed_key(self._archive.prefix, workspace), write_confirmed(seq))

    def _expiry(self, ttl_s: int | None) -> int | None:
        if ttl_s is None:
            return None
        if not 0 < ttl_s <= MAX_TTL_S:
            raise UsageError(
                "A time to live is a number of seconds from 1 to a hundred years.", hint="leave it out for no end"
            )
        return self._clock.wall_ns() + ttl_s * NS

    async def _free(self, key: str, name: str) -> None:
        try:
            await self._archive.store.head(key)
        except NoSuchKey:
            return
        raise Conflict(f"There is a snapshot {name!r} already.", hint="delete it first, or choose another name")

    async def _there(self, workspace: str, seq: int, *, waits: bool) -> None:
        """Only what is in the store can be named: a revision that waits may get another number."""
        try:
            await self._archive.store.head(keys.revision_key(self._archive.prefix, workspace, seq))
        except NoSuchKey as error:
            if waits:
                raise Away(
                    f"Revision {seq} of {workspace} waits on this machine; it has no name before it is in the store.",
                    hint="try again once the store answers",
                ) from error
            raise NotFound(
                f"{workspace} has no revision {seq} in the store.",
                hint=f"`slipway history {asked_for(workspace)}` shows what there is; one that waits has no name yet",
            ) from error

    async def _put_new(self, key: str, snapshot: Snapshot) -> None:
        data = write_snapshot(snapshot)
        try:
            await self._archive.store.put_new(key, data)
        except KeyExists as error:
            # An answer may have been lost on the way: what is there can be our own.
            if await self._archive.store.get(key) != data:
                raise Conflict(
                    f"There is a snapshot {snapshot.name!r} already.", hint="delete it first, or choose another name"
                ) from error

    async def _still_there(self, workspace: str, snapshot: Snapshot, key: str) -> None:
        """An old revision may have gone between the look and the naming; a name alone keeps nothing."""
        try:
            await self._there(workspace, snapshot.seq, waits=False)
        except NotFound:
            await self._archive.store.delete(key)
            raise

    async def _whole(self, workspace: str, name: str) -> Shown | None:
        """As `_shown`; a damaged one, or what somebody else put there, hides no other and is `verify`'s to tell."""
        try:
            return await self._shown(workspace, name)
        except (BadObject, BadKey):
            return None

    async def _shown(self, workspace: str, name: str) -> Shown | None:
        try:
            key = keys.name_key(self._archive.prefix, workspace, name)
            snapshot = read_snapshot(await self._archive.store.get(key), name)
        except NoSuchKey:
            return None
        return Shown(snapshot, await self._header(workspace, snapshot.seq))

    async def _header(self, workspace: str, seq: int) -> Header | None:
        """None where it is gone; a damaged one is `verify`'s to tell."""
        try:
            return await self._archive.header(workspace, seq)
        except (NoSuchKey, BadObject):
            return None
