"""The dashboard's page and its static files, read once and answered from memory.

They hold nothing secret and need no token: the page becomes useful only with one.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from monitor.web.guard import is_open

TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_PLAIN = ("dashboard/loading.js", "dashboard/theme.js")
_HERE = Path(__file__).parent


class Pages:
    """`/` and `/static/…`; only files that are there when the monitor starts are ever answered."""

    def __init__(self, workspaces_url: str) -> None:
        pages = Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined)
        folder = _HERE / "static"
        self._files = {
            path.relative_to(folder).as_posix(): (path.read_bytes(), TYPES[path.suffix])
            for path in sorted((folder / "dashboard").rglob("*"))
            if path.suffix in TYPES
        }
        text = pages.get_template("dashboard.html").render(
            workspaces_url=workspaces_url.rstrip("/"),
            sheets=[path for path in self._files if path.endswith(".css")],
            modules=[path for path in self._files if path.endswith(".js") and path not in _PLAIN],
        )
        self._page = text.encode()

    def routes(self) -> list[web.RouteDef]:
        """The page and the files it is made of."""
        return [web.get("/", self.page), web.get("/static/{path:.+}", self.file)]

    @is_open
    async def page(self, request: web.Request) -> web.Response:
        """The dashboard, which shows a login form until it has a token."""
        return web.Response(body=self._page, content_type="text/html", charset="utf-8")

    @is_open
    async def file(self, request: web.Request) -> web.Response:
        """One static file, asked for anew after every change of it."""
        found = self._files.get(request.match_info["path"])
        if found is None:
            raise web.HTTPNotFound
        data, kind = found
        tag = hashlib.sha256(data).hexdigest()[:16]
        headers = {"Cache-Control": "no-cache", "ETag": f'"{tag}"'}
        if any(known.value == tag for known in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        return web.Response(body=data, content_type=kind, charset="utf-8", headers=headers)
