"""One visit to a workspace's first page: its redirects followed, its assets fetched, all of it bounded."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from monitor.domain.prefix import css
from monitor.domain.prefix.page import Page, read_page, strays
from monitor.domain.prefix.urls import Mount, referred, under
from monitor.domain.prefix.verdict import Asset, PrefixVerdict, judged, unanswered
from monitor.ports.visitor import Got, Visit, Visitor

MAX_ASSETS = 60
MAX_STEPS = 5
PAGE_BYTES = 256 * 1024
AT_ONCE = 4
HTML = "text/html,application/xhtml+xml,*/*;q=0.8"
PAST_THE_HOP = f"{HTML},text/event-stream;q=0.1"
"""The router sends whoever may want an event stream straight to the app."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class First:
    """The first page as it was found: its path after redirects, and why it is none ("" if it is)."""

    path: str
    problem: str = ""
    page: Page | None = None


class PrefixVisit:
    """Visits `/name/` of one workspace."""

    def __init__(self, visitor: Visitor, workspace: str) -> None:
        self._visitor = visitor
        self._prefix = f"/{workspace}"

    async def strays(self) -> bool:
        """Whether the page the app itself writes names anything of its own outside the prefix."""
        visit = self._visitor.visit()
        try:
            first = await self._first(visit, PAST_THE_HOP)
            if first.page is None:
                return False
            mount = Mount(self._prefix, host=urlsplit(self._visitor.origin).netloc)
            return strays(first.page, mount) or await self._sheets_stray(visit, first, mount)
        finally:
            await visit.close()

    async def verdict(self, *, hop: bool, told: str, host_url: str) -> PrefixVerdict:
        """The first page and its assets as a browser gets them."""
        visit = self._visitor.visit()
        try:
            first = await self._first(visit, HTML)
            if first.problem:
                return unanswered(self._prefix, first.problem, told=told, host_url=host_url, hop=hop)
            wanted = self._own(first.path, first.page.base, first.page.assets) if first.page else []
            many = asyncio.Semaphore(AT_ONCE)
            found: dict[str, Asset] = {}
            sheets = await self._fetch(visit, wanted[:MAX_ASSETS], first.path, many, found)
            inner = [url for path, text in sheets for url in self._own(path, "", list(css.addresses(text)))]
            more = [path for path in dict.fromkeys(inner) if path not in found][: MAX_ASSETS - len(found)]
            await self._fetch(visit, more, first.path, many, found)
            capped = len(set(wanted) | set(inner)) > MAX_ASSETS
            assets = list(found.values())
            return judged(self._prefix, assets, capped=capped, hop=hop, told=told, host_url=host_url)
        finally:
            await visit.close()

    async def _first(self, visit: Visit, accept: str) -> First:
        path, got = await self._followed(visit, f"{self._prefix}/", accept, PAGE_BYTES)
        if not under(path, self._prefix):
            return First(path, f"redirects to {_short(path)}, outside it")
        if got.status is None or got.status >= 400:
            return First(path, got.problem or f"answers {got.status}")
        is_page = got.kind in {"text/html", "application/xhtml+xml"}
        return First(path, page=read_page(got.body.decode("utf-8", "replace")) if is_page else None)

    async def _followed(self, visit: Visit, path: str, accept: str, limit: int, referer: str = "") -> tuple[str, Got]:
        """Where a browser ends that asks for `path`, and what it gets there; another origin is not asked."""
        got = Got(problem=f"more than {MAX_STEPS} redirects")
        for _ in range(MAX_STEPS):
            got = await visit.get(path, accept=accept, referer=referer, limit=limit)
            if got.status not in _REDIRECTS or not got.location:
                return path, got
            target = self._here(_joined(self._visitor.origin + path, got.location))
            if target is None:
                return got.location, Got(problem="leads to another site")
            path = target
        return path, Got(problem=f"more than {MAX_STEPS} redirects")

    async def _fetch(
        self, visit: Visit, paths: list[str], page: str, many: asyncio.Semaphore, found: dict[str, Asset]
    ) -> list[tuple[str, str]]:
        """Fetch all of `paths` into `found`; the style sheets among them, with where they lie and their text."""

        async def one(path: str) -> tuple[str, str] | None:
            async with many:
                end, got = await self._followed(visit, path, "*/*", PAGE_BYTES, self._visitor.origin + page)
            strayed = not under(path, self._prefix) and under(end, self._prefix)
            found[path] = Asset(_short(path), _problem(path, end, got, self._prefix), strayed)
            return (end, got.body.decode("utf-8", "replace")) if got.kind == "text/css" else None

        sheets: list[tuple[str, str]] = []
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(path), name=f"asset {path}") for path in dict.fromkeys(paths)]
        for task in tasks:
            if (sheet := task.result()) is not None:
                sheets.append(sheet)
        return sheets

    async def _sheets_stray(self, visit: Visit, first: First, mount: Mount) -> bool:
        assert first.page is not None
        paths = self._own(first.path, first.page.base, first.page.assets)
        for path in [p for p in paths if p.partition("?")[0].endswith(".css")][:AT_ONCE]:
            got = await visit.get(path, accept=PAST_THE_HOP, limit=PAGE_BYTES)
            if got.kind == "text/css" and referred(css.addresses(got.body.decode("utf-8", "replace")), mount):
                return True
        return False

    def _own(self, page: str, base: str, urls: list[str]) -> list[str]:
        """Those on our own origin, as paths, in order, each once."""
        here = _joined(self._visitor.origin + page, base) or self._visitor.origin + page
        paths = (self._here(_joined(here, url)) for url in urls)
        return list(dict.fromkeys(path for path in paths if path is not None))

    def _here(self, url: str) -> str | None:
        """The path and query of an address on our origin; None for any other."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return None
        if f"{parts.scheme}://{parts.netloc}".lower() != self._visitor.origin.lower():
            return None
        return (parts.path or "/").replace(" ", "%20") + (f"?{parts.query}" if parts.query else "")


def _problem(path: str, end: str, got: Got, prefix: str) -> str:
    if got.status != 200:
        return got.problem or f"answers {got.status}"
    name = path.partition("?")[0].lower()
    if got.kind == "text/html" and name.endswith((".js", ".mjs", ".css", ".png", ".svg", ".woff2")):
        return "a page came instead"
    return "" if under(end, prefix) else "answered by something outside it"


def _joined(base: str, url: str) -> str:
    try:
        return urljoin(base, url.strip())
    except ValueError:
        return ""


def _short(path: str) -> str:
    clean = "".join(c if c.isprintable() else "?" for c in path)
    return clean if len(clean) <= 120 else clean[:117] + "..."
