"""The history as a line of marks, near or far: every revision, the last of each hour or day, or only the landmarks.

Seen from afar a page needs every header; these never change, so they are remembered, and forgotten when the oldest or
the newest of them turns out to be another one (a workspace that was purged and begun anew).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from monitor.domain.history.errors import BadObject
from monitor.domain.history.lineage import Node, lineage, thinned, worth_a_line
from monitor.domain.history.revision import Header, Origin
from monitor.domain.moments import NS
from monitor.domain.streams import data_of, is_data
from monitor.ports.store import NoSuchKey
from monitor.services.at_once import each
from monitor.services.past.reading import Reading
from monitor.services.past.shapes import revision_json

REMEMBERED = 50_000


class Zoom(StrEnum):
    """How near one looks."""

    ALL = "all"
    HOUR = "hour"
    DAY = "day"
    LANDMARKS = "landmarks"


PERIOD_NS = {Zoom.HOUR: 3600 * NS, Zoom.DAY: 86_400 * NS}


class Timeline:
    """Pages of marks, the newest first. Calls raise as `Reading` does."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._known: dict[str, dict[int, Header | None]] = {}

    async def page(
        self, name: str, *, zoom: Zoom = Zoom.ALL, limit: int = 100, before: int | None = None
    ) -> dict[str, Any]:
        """`next` is the next page's `before`; `total` counts all marks at this zoom, `revisions` all there is.

        A mark is a revision with `after` (the mark it descends from), `branch`, and `covers`: how many revisions
        it stands for. `data`: whether the workspace's data volume has a history, too.
        """
        seqs = await self._reading.seqs(name)
        headers = await self._headers(name, seqs)
        names = {
            seq: [one.snapshot for one in found]
            for seq, found in _by_seq(await self._reading.snapshots.listed(name)).items()
        }
        nodes = lineage(name, headers, {seq: [one.name for one in found] for seq, found in names.items()})
        marks = nodes if zoom is Zoom.ALL else thinned(nodes, chosen(nodes, zoom))
        covers = _covered(nodes, marks)
        at = [place for place, mark in enumerate(marks) if before is None or mark.seq < before]
        page = [marks[place] for place in at[-limit:][::-1]]
        now_ns = self._reading.clock.wall_ns()
        return {
            "items": [
                {
                    **revision_json(mark.header, mark.names),
                    "after": mark.parent,
                    "branch": mark.branch,
                    "covers": covers[mark.seq],
                    "snapshots": [one.as_json(now_ns) for one in names.get(mark.seq, ())],
                }
                for mark in page
            ],
            "next": page[-1].seq if len(at) > len(page) else None,
            "total": len(marks),
            "revisions": len(nodes),
            "data": is_data(name) or bool(await self._reading.archive.seqs(data_of(name))),
        }

    async def forks(self, name: str) -> dict[str, Any]:
        """The workspaces that begin with a revision of this one, their folders there or not."""
        await self._reading.seqs(name)
        others = [one for one in await self._reading.kept() if one != name]
        found = await each(self._beginning, others)
        begun = [(other, origin) for other, origin in zip(others, found, strict=True) if origin is not None]
        items = [{"workspace": other, "seq": one.seq} for other, one in begun if one.workspace == name]
        return {"items": items}

    async def _beginning(self, name: str) -> Origin | None:
        seqs = await self._reading.archive.seqs(name)
        header = await self._header(name, seqs[0]) if seqs else None
        return header.origin if header is not None else None

    async def _headers(self, name: str, seqs: Sequence[int]) -> list[Header]:
        known = self._known.pop(name, {})
        ends = [seq for seq in seqs if seq in known]
        for seq in {*ends[:1], *ends[-1:]}:
            if await self._header(name, seq) != known[seq]:
                known = {}
                break
        missing = [seq for seq in seqs if seq not in known]
        read = await each(lambda seq: self._header(name, seq), missing)
        known |= dict(zip(missing, read, strict=True))
        known = {seq: known[seq] for seq in seqs}
        self._remember(name, known)
        return [header for header in known.values() if header is not None]

    async def _header(self, name: str, seq: int) -> Header | None:
        """None for one that went meanwhile, or that nobody can read."""
        try:
            return await self._reading.archive.header(name, seq)
        except (NoSuchKey, BadObject):
            return None

    def _remember(self, name: str, known: dict[int, Header | None]) -> None:
        self._known[name] = known
        while len(self._known) > 1 and sum(map(len, self._known.values())) > REMEMBERED:
            del self._known[next(iter(self._known))]


def chosen(nodes: Sequence[Node], zoom: Zoom) -> set[int]:
    """The marks at a zoom: the landmarks, and the last revision of each hour or day of every branch."""
    period = PERIOD_NS.get(zoom)
    last = {(node.branch, node.header.time_ns // period): node.seq for node in nodes} if period else {}
    return worth_a_line(nodes) | set(last.values())


def _covered(nodes: Sequence[Node], marks: Sequence[Node]) -> dict[int, int]:
    """How many revisions end in each mark: itself, and those on its branch since the mark before."""
    counts: dict[int, int] = {}
    since: dict[int, int] = {}
    shown = {mark.seq for mark in marks}
    for node in nodes:
        since[node.branch] = since.get(node.branch, 0) + 1
        if node.seq in shown:
            counts[node.seq] = since.pop(node.branch)
    return counts


def _by_seq(found: Sequence[Any]) -> dict[int, list[Any]]:
    by_seq: dict[int, list[Any]] = {}
    for one in found:
        by_seq.setdefault(one.snapshot.seq, []).append(one)
    return by_seq
