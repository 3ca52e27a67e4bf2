"""One workspace from close over the API: log, events, what runs, settings, source; and who uses how much."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote

from aiohttp import web

from monitor.domain.access import Scope
from monitor.errors import NotFound
from monitor.services.insight.insight import Insight
from monitor.services.insight.source import Opened
from monitor.services.insight.usage import MOST
from monitor.services.writing import Writes
from monitor.web.answers import HEADERS, answer
from monitor.web.asking import query_number, query_text, workspace
from monitor.web.files import PATH
from monitor.web.guard import needs

MAX_LINES = 1000
FILES = "/api/workspaces/{name}/files"


class Insights:
    """The handlers; `routes` is the table."""

    def __init__(self, insight: Insight | None, writes: Writes | None = None) -> None:
        self._insight, self._writes = insight, writes

    def routes(self) -> list[web.RouteDef]:
        """Every path that looks closely."""
        one = "/api/workspaces/{name}"
        return [
            web.get(one + "/output", self.output),
            web.get(one + "/events", self.events),
            web.get(one + "/running", self.running),
            web.get(one + "/settings", self.settings),
            web.get(FILES, self.files),
            web.get(PATH, self.file),
            web.get("/api/usage", self.usage),
            web.get("/api/notices", self.notices),
        ]

    @needs(Scope.READ)
    async def output(self, request: web.Request) -> web.Response:
        """What a workspace printed since `?after=` (the last answer's), with its colours as SGR sequences.

        Over restarts and replaced instances; `began` says that another one speaks now. `?lines=` at most.
        """
        lines = query_number(request, "lines", 500, MAX_LINES) or 500
        return answer(await self._given.output.after(workspace(request), query_text(request, "after")[:200], lines))

    @needs(Scope.READ)
    async def events(self, request: web.Request) -> web.Response:
        """What happened to a workspace since the monitor started, the newest first."""
        name = self._given.source.desk.workspace(workspace(request)).name
        return answer({"items": self._given.chronicle.of(name)})

    @needs(Scope.READ)
    async def running(self, request: web.Request) -> web.Response:
        """What runs of a workspace and why: instances, commands, the generated compose file, labels, routes."""
        return answer(await self._given.explaining.running(workspace(request)))

    @needs(Scope.READ)
    async def settings(self, request: web.Request) -> web.Response:
        """Every setting of a workspace as it is in force, and whether a file, detection or a default says so."""
        return answer(await self._given.explaining.settings(workspace(request)))

    @needs(Scope.READ)
    async def files(self, request: web.Request) -> web.Response:
        """One folder of a workspace's source (`?path=`), now or `?at=` a revision, snapshot or moment.

        Secrets and what the filter leaves out are not shown.
        """
        found = await self._given.source.listed(
            workspace(request), query_text(request, "path"), query_text(request, "at")
        )
        return answer(found)

    @needs(Scope.READ)
    async def file(self, request: web.Request) -> web.StreamResponse:
        """One file of a workspace's source as a download, now or `?at=` a revision, snapshot or moment.

        Now, `ETag` is the hash of its content, to be sent as `If-Match` with what replaces it.
        """
        raw = request.rel_url.raw_path.partition("/files/")[2]
        path = unquote(raw, errors="surrogateescape")
        name, at = workspace(request), query_text(request, "at")
        opened = await self._given.source.opened(name, path, at)
        found = "" if at or self._writes is None else await self._writes.hash(name, path.strip("/"))
        return await _send(request, opened, {"ETag": f'"{found}"'} if found else {})

    @needs(Scope.READ)
    async def usage(self, request: web.Request) -> web.Response:
        """CPU and memory of the workspaces in `?names=` (separated by commas, at most 100), sampled when asked."""
        names = [name for name in query_text(request, "names").split(",") if name]
        return answer({"items": await self._given.usage.of(names[:MOST])})

    @needs(Scope.READ)
    async def notices(self, request: web.Request) -> web.Response:
        """What the watchdog noticed and did since the monitor started, the newest first."""
        return answer({"items": self._given.chronicle.general()})

    @property
    def _given(self) -> Insight:
        if self._insight is None:
            raise NotFound("there is nothing to look at from close here")
        return self._insight


async def _send(request: web.Request, opened: Opened, more: dict[str, str]) -> web.StreamResponse:
    """Bytes and nothing a browser would show: always a download, of no type, in pieces."""
    response = web.StreamResponse(headers={**HEADERS, **_as_download(opened.name), **more})
    response.content_type = "application/octet-stream"
    await response.prepare(request)
    async for piece in opened.pieces:
        await response.write(piece)
    await response.write_eof()
    return response


def _as_download(name: str) -> dict[str, Any]:
    plain = "".join(char if (char.isascii() and char.isalnum()) or char in "._-" else "_" for char in name)[:100]
    encoded = quote(name.encode("utf-8", "surrogateescape"), safe="")
    return {"Content-Disposition": f"attachment; filename=\"{plain or 'file'}\"; filename*=UTF-8''{encoded}"}
