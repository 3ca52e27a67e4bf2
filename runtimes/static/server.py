"""A static web server for one folder where there is no nginx: `server.py FOLDER [DOCROOT]` on $HOST:$PORT.

Answers like the nginx configuration in shared/web, and refuses what shared/web/refused says. Run by a Python
that has aiohttp. SLIPWAY_SPA=1 makes index.html answer for pages that are no file.
"""

from __future__ import annotations

import contextlib
import mimetypes
import os
import re
import stat
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path

from aiohttp import web

REFUSED = Path(__file__).parent.parent / "shared" / "web" / "refused"
PREFIX = re.compile(r"(/[a-z0-9-]{1,40})/?")
INDEXES = ("index.html", "index.htm", "Index.html", "default.html", "default.htm", "home.html")
PAGE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*\.html?")
NO_CACHE = {"Cache-Control": "no-cache"}
TYPES = {
    ".js": "application/javascript", ".mjs": "application/javascript", ".webmanifest": "application/manifest+json",
    ".wasm": "application/wasm", ".yaml": "application/yaml", ".yml": "application/yaml", ".md": "text/markdown",
    ".avif": "image/avif", ".webp": "image/webp", ".woff": "font/woff", ".woff2": "font/woff2", ".ttf": "font/ttf",
    ".otf": "font/otf", ".flac": "audio/flac", ".ico": "image/x-icon", ".xml": "text/xml",
}  # fmt: skip
IN_UTF8 = frozenset({
    "application/javascript", "application/json", "application/manifest+json", "text/html", "text/css", "text/plain",
    "text/xml", "text/markdown",
})  # fmt: skip
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Site:
    """The folder `base`, of which `docroot` is served; no symlink below `base` is followed."""

    def __init__(self, base: Path, docroot: str = "", spa: bool = False) -> None:
        self._base = base
        self._root = [part for part in docroot.split("/") if part]
        if docroot.startswith("/") or {".", ".."} & set(self._root):
            raise ValueError(f"the folder to serve, {docroot!r}, is not a plain path inside the workspace")
        self._spa = spa
        self._refused = [re.compile(line, re.IGNORECASE) for line in REFUSED.read_text("ascii").splitlines()]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.method not in {"GET", "HEAD"}:
            raise web.HTTPMethodNotAllowed(request.method, ["GET", "HEAD"])
        path = re.sub("/{2,}", "/", request.path)
        parts = path.strip("/").split("/") if path.strip("/") else []
        if "\0" in path or {".", ".."} & set(parts) or any(pattern.search(path) for pattern in self._refused):
            return self._missing(request)
        if path.endswith("/"):
            return self._index(parts) or self._page(request, path)
        if self._is_folder(parts):
            return web.Response(status=301, headers={"Location": self._as_folder(request), **NO_CACHE})
        return self._file(parts) or self._file([*parts[:-1], f"{parts[-1]}.html"]) or self._page(request, path)

    def _index(self, parts: list[str]) -> web.StreamResponse | None:
        """A folder's first page, by the first of the names people give it."""
        found = (self._file([*parts, name]) for name in INDEXES)
        only = (self._file([name]) for name in (() if parts else self._only_page()))
        return next((page for pages in (found, only) for page in pages if page), None)

    def _only_page(self) -> Iterator[str]:
        """The only page at the top, which needs no other name to be the first."""
        with self._opened([], _FOLDER) as fd:
            names = [] if fd is None else os.listdir(fd)
        pages = [name for name in names if PAGE.fullmatch(name) and name != "404.html"]
        if len(pages) == 1:
            yield pages[0]

    def _page(self, request: web.Request, path: str) -> web.StreamResponse:
        """A single-page app's own page, where a page and not a file was asked for; else not found."""
        wants_page = "." not in path.rpartition("/")[2] or "text/html" in request.headers.get("Accept", "")
        page = self._file(["index.html"]) if self._spa and wants_page else None
        return page or self._missing(request)

    def _missing(self, _request: web.Request) -> web.StreamResponse:
        return self._file(["404.html"], status=404) or web.Response(
            status=404, text="404 Not Found\n", headers=NO_CACHE
        )

    def _as_folder(self, request: web.Request) -> str:
        """The path as it was asked for, still encoded: one slash in front (`//host` leads away), one behind."""
        prefix = PREFIX.fullmatch(request.headers.get("X-Forwarded-Prefix", ""))
        path, mark, query = request.raw_path.partition("?")
        return f"{prefix[1] if prefix else ''}/{path.lstrip('/')}/{mark}{query}"

    def _is_folder(self, parts: list[str]) -> bool:
        with self._opened(parts, _FOLDER) as fd:
            return fd is not None

    def _file(self, parts: list[str], status: int = 200) -> web.StreamResponse | None:
        """A response for a regular file, opened here step by step; aiohttp then reads what is already open."""
        with self._opened(parts, _FILE) as fd:
            if fd is None or not stat.S_ISREG(os.fstat(fd).st_mode):
                return None
            kept = os.dup(fd)
        return _OpenFile(kept, status, _content_type(parts[-1]))

    @contextlib.contextmanager
    def _opened(self, parts: list[str], how: int) -> Iterator[int | None]:
        """A descriptor reached without following a link, or None."""
        steps = [*self._root, *parts]
        with contextlib.ExitStack() as open_ones:
            try:
                fd = os.open(self._base, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                open_ones.callback(os.close, fd)
                for at, name in enumerate(steps):
                    fd = os.open(name, how if at == len(steps) - 1 else _FOLDER, dir_fd=fd)
                    open_ones.callback(os.close, fd)
            except (OSError, ValueError):
                reached = None
            else:
                reached = fd
            yield reached


class _OpenFile(web.FileResponse):
    """A file response (ranges, ETag, sendfile) for an open descriptor, closed when the answer is out."""

    def __init__(self, fd: int, status: int, content_type: str) -> None:
        self._close = weakref.finalize(self, os.close, fd)
        super().__init__(f"/proc/self/fd/{fd}", status=status, headers={"Content-Type": content_type, **NO_CACHE})

    async def prepare(self, request: web.BaseRequest):  # type: ignore[no-untyped-def]
        try:
            return await super().prepare(request)
        finally:
            self._close()


def _content_type(name: str) -> str:
    ending = os.path.splitext(name)[1].lower()
    kind = TYPES.get(ending) or mimetypes.types_map.get(ending, "application/octet-stream")
    return f"{kind}; charset=utf-8" if kind in IN_UTF8 else kind


def application(base: Path, docroot: str = "", spa: bool = False) -> web.Application:
    """Raises `ValueError` for a docroot that leads out of `base`."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", Site(base, docroot, spa).answer)
    return app


def main(argv: list[str]) -> None:
    docroot = argv[1] if len(argv) > 1 else ""
    app = application(Path(argv[0]), docroot, os.environ.get("SLIPWAY_SPA") == "1")
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000"))
    web.run_app(app, host=host, port=port, print=None, shutdown_timeout=1)


if __name__ == "__main__":
    main(sys.argv[1:])
