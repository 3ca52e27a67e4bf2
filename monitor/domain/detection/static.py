"""Static sites: a folder with pages, served as it is."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from monitor.domain.detection.facts import Facts, table, word
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
    declared = _declared(facts)
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
            found = _found(folder, (page,), f"{page} is a page and nothing else says how to run it", LIKELY)
            return replace(found, spa=_falls_back(facts, folder))
    pages = facts.top(".html")
    if pages:
        return _found("", (f"only pages: {', '.join(pages[:3])}",), "there are HTML files, but no index.html", GUESS)
    return None


def _declared(facts: Facts) -> str:
    """The folder a Staticfile or netlify.toml names, "" where none does."""
    publish = word(table(facts.toml("netlify.toml"), "build").get("publish"))
    root = word(_staticfile(facts).get("root")) or publish or ""
    return root.removeprefix("./").strip("/").removeprefix(".")


def _falls_back(facts: Facts, folder: str) -> bool:
    """Whether unknown pages are the first page's: Staticfile's `pushstate`, or `_redirects` to index.html."""
    said = str(_staticfile(facts).get("pushstate", "")).lower() in {"enabled", "true"}
    rules = facts.text(f"{folder}/_redirects" if folder else "_redirects")
    return said or bool(re.search(r"^/\*\s+/(index\.html)?\s+200", rules, re.MULTILINE))


def _staticfile(facts: Facts) -> dict[str, Any]:
    return facts.yaml("Staticfile") if facts.text("Staticfile").strip() else {}


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
