"""The history over the API: revisions, differences, versions of one file."""

from __future__ import annotations

from aiohttp import web

from monitor.domain.access import Scope
from monitor.domain.packing import Packing, file_name
from monitor.errors import NotFound
from monitor.services.past.past import Past
from monitor.services.past.reading import NEWEST
from monitor.services.past.timeline import Zoom
from monitor.web.answers import answer
from monitor.web.asking import choice, needed, query_flag, query_number, query_text, stream
from monitor.web.guard import needs
from monitor.web.streaming import streamed

MAX_ITEMS = 1000
MAX_SEQ = 2**63 - 1


class Histories:
    """The handlers; `routes` is the table. With `?data=true` each is about the data volume instead of the source."""

    def __init__(self, past: Past | None) -> None:
        self._past = past

    def routes(self) -> list[web.RouteDef]:
        """Every path that looks at what was kept."""
        one = "/api/workspaces/{name}"
        return [
            web.get(one + "/revisions", self.revisions),
            web.get(one + "/revisions/{seq}", self.revision),
            web.get(one + "/diff", self.diff),
            web.get(one + "/history", self.history),
            web.get(one + "/timeline", self.timeline),
            web.get(one + "/forks", self.forks),
            web.get(one + "/compare", self.compare),
            web.get(one + "/revisions/{seq}/archive", self.archive),
        ]

    @needs(Scope.READ)
    async def revisions(self, request: web.Request) -> web.Response:
        """A workspace's revisions, the newest first (`?limit=`, `?before=` the last page's `next`)."""
        limit, before = query_number(request, "limit", 100, MAX_ITEMS), query_number(request, "before", None, MAX_SEQ)
        found = await given(self._past).reading.revisions(stream(request), limit=limit or 100, before=before)
        return answer(found)

    @needs(Scope.READ)
    async def revision(self, request: web.Request) -> web.Response:
        """One revision; with `?listing=true` its files too (`?path=` below a folder, `?after=`, `?limit=`).

        Instead of a number it may be named by a snapshot, a moment or `newest`.
        """
        found = await given(self._past).reading.revision(
            stream(request),
            request.match_info["seq"],
            listing=query_flag(request, "listing"),
            below=query_text(request, "path"),
            after=query_text(request, "after"),
            limit=query_number(request, "limit", MAX_ITEMS, MAX_ITEMS) or MAX_ITEMS,
        )
        return answer(found)

    @needs(Scope.READ)
    async def diff(self, request: web.Request) -> web.Response:
        """What changed `?from=` one revision `?to=` another (the newest unless told), perhaps only below `?path=`.

        `?text=true` adds the unified difference, where `path` is one file.
        """
        found = await given(self._past).reading.diff(
            stream(request),
            needed(request, "from"),
            query_text(request, "to") or NEWEST,
            path=query_text(request, "path"),
            text=query_flag(request, "text"),
        )
        return answer(found)

    @needs(Scope.READ)
    async def history(self, request: web.Request) -> web.Response:
        """Every version of the file `?path=`, the newest first; `?follow=true`: also under its earlier names."""
        found = await given(self._past).reading.versions(
            stream(request), needed(request, "path"), follow=query_flag(request, "follow")
        )
        return answer(found)

    @needs(Scope.READ)
    async def timeline(self, request: web.Request) -> web.Response:
        """The history as marks with their branches, the newest first, in pages (`?limit=`, `?before=`).

        `?zoom=all|hour|day|landmarks`: every revision, the last of each hour or day, or only what is worth a line.
        `data` in the answer: whether there is a history of the data volume, too.
        """
        limit, before = query_number(request, "limit", 100, MAX_ITEMS), query_number(request, "before", None, MAX_SEQ)
        zoom = Zoom(choice({"zoom": query_text(request, "zoom")}, "zoom", tuple(Zoom), Zoom.ALL))
        found = await given(self._past).timeline.page(stream(request), zoom=zoom, limit=limit or 100, before=before)
        return answer(found)

    @needs(Scope.READ)
    async def forks(self, request: web.Request) -> web.Response:
        """The workspaces that begin with a revision (`seq`) of this one."""
        return answer(await given(self._past).timeline.forks(stream(request)))

    @needs(Scope.READ)
    async def compare(self, request: web.Request) -> web.Response:
        """The file `?path=` at `?from=` one revision and `?to=` another, side by side (`?was=`: its name before).

        `?whole=true`: all of it, not only what is around the changes.
        """
        found = await given(self._past).comparing.sides(
            stream(request),
            needed(request, "from"),
            query_text(request, "to") or NEWEST,
            needed(request, "path").strip("/"),
            was=query_text(request, "was").strip("/"),
            whole=query_flag(request, "whole"),
        )
        return answer(found)

    @needs(Scope.ADMIN)
    async def archive(self, request: web.Request) -> web.StreamResponse:
        """A revision's files as one archive (`?format=tar.gz|zip`, `?path=`: only that folder or file)."""
        past, name = given(self._past), stream(request)
        packing = Packing(choice({"format": query_text(request, "format")}, "format", tuple(Packing), Packing.TAR))
        seq = await past.reading.seq(name, request.match_info["seq"])
        chunks = past.exporting.chunks(name, seq, packing, query_text(request, "path").strip("/"))
        return await streamed(request, chunks, packing.media_type, file_name(name, seq, packing))


def given(past: Past | None) -> Past:
    """What was kept; raises `NotFound` where nothing ever is."""
    if past is None:
        raise NotFound("nothing is kept here")
    return past
