"""Static sites: a folder with pages, served as it is."""

from __future__ import annotations

from monitor.domain.detection.facts import Facts, word
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


def detect(facts: Facts) -> Detection | None:
    """The folder whose index.html is the first page; else a folder of pages without one."""
    declared = (word(facts.yaml("Staticfile").get("root")) or "").strip("./") if facts.has("Staticfile") else ""
    for folder in ((declared,) if declared else ()) + DOCROOTS:
        page = next(
            (
                f"{folder}/{n}" if folder else n
                for n in ("index.html", "index.htm")
                if facts.has(f"{folder}/{n}" if folder else n)
            ),
            None,
        )
        if page:
            return _found(folder, (page,), f"{page} is a page and nothing else says how to run it", LIKELY)
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
