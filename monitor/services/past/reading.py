"""Looking at what was kept: revisions, their files, what changed between them, and workspaces that are gone."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from monitor.domain.history.errors import BadObject
from monitor.domain.history.lineage import landmarks, tree_lines
from monitor.domain.history.revision import Header, Why
from monitor.domain.moments import rfc3339
from monitor.domain.streams import asked_for, is_data, is_stream, workspace_of
from monitor.domain.workspace import assign_names
from monitor.errors import NotFound, Refused, UsageError
from monitor.ports.clock import Clock
from monitor.ports.files import Files
from monitor.ports.store import NoSuchKey
from monitor.services.at_once import each
from monitor.services.destinations.looking import workspaces
from monitor.services.destinations.places import Below
from monitor.services.diffs import Diffs
from monitor.services.history.archive import Archive
from monitor.services.jobs import Tell
from monitor.services.past.shapes import listed_entry, revision_json, tree_label
from monitor.services.restore.choosing import Choosing
from monitor.services.restore.wish import plain_path
from monitor.services.snapshots import Snapshots
from monitor.services.verify.verifying import Verifier

NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class Reading:
    """Answers are JSON-ready. `archive` also sees what waits in the spool; `root` is the workspaces folder.

    Every call raises `NotFound`, `BadObject`, `UnknownFormat` or `StoreAway`.
    """

    archive: Archive
    snapshots: Snapshots
    diffs: Diffs
    verifier: Verifier
    files: Files
    clock: Clock
    root: Path

    async def revisions(self, name: str, *, limit: int = 100, before: int | None = None) -> dict[str, Any]:
        """The newest first; `next` is the `before` of the next page, null on the last one. `damaged`, where there are
        any, are those of the page that cannot be read."""
        seqs = await self.seqs(name)
        seqs = [seq for seq in seqs if before is None or seq < before]
        page = seqs[-limit:][::-1]
        headers = await each(lambda seq: self._header(name, seq), page)
        named = await self._names(name)
        return {
            "items": [revision_json(one, named.get(one.seq, ())) for one in headers if isinstance(one, Header)],
            "next": page[-1] if len(seqs) > len(page) else None,
            **_damaged(page, headers),
        }

    async def revision(
        self, name: str, which: str, *, listing: bool = False, below: str = "", after: str = "", limit: int = 1000
    ) -> dict[str, Any]:
        """One of them; with `listing` its files too, `limit` at a time: `next` is the next page's `after`."""
        seq = await self.seq(name, which)
        header = (await self.archive.revision(name, seq)).header
        answer = revision_json(header, (await self._names(name)).get(seq, ()))
        if listing:
            state = await self.archive.state(name, seq)
            folder, start = plain_path(below.strip("/")), os.fsencode(after)
            inside = (path for path in state if not folder or path == folder or path.startswith(f"{folder}/"))
            paths = sorted((path for path in inside if os.fsencode(path) > start), key=os.fsencode)
            page = list(islice(paths, limit))
            answer["listing"] = [listed_entry(state[path]) for path in page]
            answer["next"] = page[-1] if len(paths) > len(page) else None
        return answer

    async def diff(self, name: str, before: str, after: str, *, path: str = "", text: bool = False) -> dict[str, Any]:
        """What leads from one revision to the other; with `text` also one file's unified difference."""
        old, new = await self.seq(name, before), await self.seq(name, after)
        path = plain_path(path.strip("/"))
        found = (await self.diffs.diff(name, old, new, below=path)).as_json()
        if text and path:
            try:
                found["text"] = await self.diffs.text(name, old, new, path)
            except (Refused, NotFound):
                found["text"] = None
        return found

    async def versions(self, name: str, path: str, *, follow: bool = False) -> dict[str, Any]:
        """Every version of one file, the newest first; `follow`: also under the names it had before."""
        await self.seqs(name)
        found = await self.diffs.versions(name, plain_path(path.strip("/")), follow=follow)
        return {"items": [one.as_json() for one in found]}

    async def listed(self, name: str, *, tag: str | None = None) -> dict[str, Any]:
        """The snapshots, newest revision first."""
        await self.seqs(name)
        now_ns = self.clock.wall_ns()
        return {"items": [one.as_json(now_ns) for one in await self.snapshots.listed(name, tag=tag)]}

    async def shown(self, name: str, snapshot: str) -> dict[str, Any]:
        """One snapshot."""
        return (await self.snapshots.show(name, snapshot)).as_json(self.clock.wall_ns())

    async def tree(self, name: str, *, whole: bool = False) -> dict[str, Any]:
        """What descends from what; unless `whole`, only what is worth a line. `lines` are for people."""
        await self.seqs(name)
        nodes = await self.snapshots.tree(name)
        nodes = nodes if whole else landmarks(nodes)
        lines = tree_lines(nodes, {node.seq: tree_label(node) for node in nodes})
        return {"items": [node.as_json() for node in nodes], "lines": list(lines)}

    async def verify(self, name: str, *, read_data: bool, tell: Tell) -> dict[str, Any]:
        """Look at every object (`read_data`: at every byte); `lines` are for people."""
        await self.seqs(name)
        found = await self.verifier.verify(name, read_data=read_data, tell=tell)
        return {**found.as_json(), "lines": found.lines()}

    async def kept(self) -> list[str]:
        """Every stream that has a history: workspaces, their folders there or not, and their data."""
        return await workspaces(Below(self.archive.store, self.archive.prefix))

    async def deleted(self) -> dict[str, Any]:
        """The workspaces without a folder, with the revision that `restore` would bring back. `damaged`, where there
        are any, are those of which that cannot be read."""
        there = await self.folders()
        gone = [name for name in await self.kept() if name not in there and not is_data(name)]
        found = await each(self._deleted, gone)
        return {"items": [one for one in found if isinstance(one, dict)], **_damaged(gone, found)}

    async def folders(self) -> dict[str, Path]:
        """Where each workspace is on disk. Raises `RootTrouble`."""
        named, _ = assign_names((await self.files.scan_root(self.root)).folders)
        return {name: self.root / folder.folder for name, folder in named.items()}

    async def seq(self, name: str, which: str) -> int:
        """A revision by its number, a snapshot's name, `newest`, or a moment. Raises `NotFound` and `UsageError`."""
        seqs = await self.seqs(name)
        if which == NEWEST:
            if not seqs:
                raise NotFound(f"nothing of {name!r} is kept yet", hint="it is kept with its first save")
            return seqs[-1]
        choosing = Choosing(self.archive, self.clock)
        if which.isascii() and which.isdigit():
            # Numbers are also pasted as their keys spell them, with twenty digits.
            return (await choosing.choose(name, revision=int(which.lstrip("0")[:20] or "0"))).seq
        if any(one.snapshot.name == which for one in await self.snapshots.listed(name)):
            return (await choosing.choose(name, snapshot=which, force=True)).seq
        try:
            return (await choosing.choose(name, at=which)).seq
        except UsageError as error:
            if any(sign in which for sign in " :"):
                raise
            raise UsageError(
                f"{which[:60]!r} is neither a snapshot of {name} nor a moment",
                hint=f"`slipway snapshot list {asked_for(name)}` shows the snapshots; or say '10 minutes ago'",
            ) from error

    async def seqs(self, name: str) -> list[int]:
        """What revisions there are, ascending; raises `NotFound` where there is neither history nor folder."""
        seqs = await self.archive.seqs(name) if is_stream(name) else []
        if not seqs and is_data(name):
            raise NotFound(
                f"nothing of the data of {workspace_of(name)[:60]!r} is kept",
                hint="it is kept once its app has written to its data volume: "
                f"`slipway sync {workspace_of(name)[:60]} --data`",
            )
        if not seqs and (not is_stream(name) or name not in await self.folders()):
            raise NotFound(
                f"there is no workspace {name[:60]!r}, and nothing of one is kept",
                hint="`slipway list` and `slipway list --deleted` show what there is",
            )
        return seqs

    async def _names(self, name: str) -> dict[int, tuple[str, ...]]:
        found: dict[int, tuple[str, ...]] = {}
        for one in await self.snapshots.listed(name):
            found[one.snapshot.seq] = (*found.get(one.snapshot.seq, ()), one.snapshot.name)
        return found

    async def _header(self, name: str, seq: int) -> Header | BadObject | None:
        """None for one that went meanwhile; one that is damaged hides no other."""
        try:
            return await self.archive.header(name, seq)
        except NoSuchKey:
            return None
        except BadObject as error:
            return error

    async def _deleted(self, name: str) -> dict[str, Any] | BadObject | None:
        try:
            newest = await self.archive.newest(name)
            if newest is None:
                return None
            alive = (await Choosing(self.archive, self.clock).last_alive(name)).header
        except NotFound:
            return None
        except BadObject as error:
            return error
        return {
            "name": name,
            "deleted_at": rfc3339(newest.time_ns) if newest.kind == Why.DELETED else None,
            "revision": alive.seq,
            "time": rfc3339(alive.time_ns),
            "files": alive.files,
            "bytes": alive.bytes,
        }


def _damaged(names: Sequence[object], found: Sequence[object]) -> dict[str, list[object]]:
    """What could not be read, where anything could not."""
    damaged = [name for name, one in zip(names, found, strict=True) if isinstance(one, BadObject)]
    return {"damaged": damaged} if damaged else {}
