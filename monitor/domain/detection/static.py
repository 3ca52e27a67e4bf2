"""Static sites: a folder with pages, served as it is."""

from __future__ import annotations

from dataclasses import replace

from monitor.domain.detection.facts import Facts
from monitor.domain.detection.hosted import falls_back, published
from monitor.domain.detection.result import GUESS, LIKELY, Detection
from monitor.domain.launch import ProjectType, Source

DOCROOTS = (
    "",
    "public",
    "dist",
    "build",
    "docs",
    "www",
    "site",
    "_site",
    "htdocs",
    "html",
    "out",
    "static",
    "web",
    "src",
    "app",
)

PAGES = ("index.html", "index.htm", "Index.html", "default.html", "default.htm", "home.html")
"""The names of a folder's first page, as the static servers know them (`runtimes/static/server.py`)."""


def detect(facts: Facts) -> Detection | None:
    """The folder whose index.html is the first page; else a folder of pages without one."""
    declared = published(facts)
    folders = (*((declared,) if declared else ()), *DOCROOTS)
    for folder, name in ((f, n) for names in (PAGES[:2], PAGES[2:]) for f in folders for n in names):
        page = f"{folder}/{name}" if folder else name
        if facts.has(page):
            found = _found(folder, (page,), f"{page} is a page and nothing else says how to run it", LIKELY)
            return replace(found, spa=falls_back(facts, folder))
    pages = facts.top(".html")
    if pages:
        return _found("", (f"only pages: {', '.join(pages[:3])}",), "there are HTML files, but no index.html", GUESS)
    return None


def _found(folder: str, evidence: tuple[str, ...], reason: str, confidence: int) -> Detection:
    return Detection(
        ProjectType.STATIC,
        reason=reason,
        evidence=evidence,
        confidence=confidence,
        port=8080,
        output_dir=folder or ".",
        docroot=folder,
        source=Source.DIRECT,
        restart_on_edit=False,
    )
