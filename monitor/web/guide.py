"""One page that tells a program everything it needs, with examples that are tested as they stand."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from monitor.domain.access import Scope
from monitor.web.guard import needs

PATH = "/api/guide"
_TEXT = (Path(__file__).parent / "templates" / "guide.md").read_text("utf-8")
_API = "{{ api }}"


class Guide:
    """Answers `/api/guide` with the address it was asked at."""

    def routes(self) -> list[web.RouteDef]:
        """The one path."""
        return [web.get(PATH, self.guide)]

    @needs(Scope.READ)
    async def guide(self, request: web.Request) -> web.Response:
        """How a program creates, edits, runs, watches, snapshots and rewinds a workspace; one page of Markdown."""
        text = _TEXT.replace(_API, f"{request.scheme}://{request.host}")
        return web.Response(text=text, content_type="text/markdown")
