"""What the settings of hosting services say of a site: its folder, and whether unknown pages are its first one."""

from __future__ import annotations

import re
from typing import Any

from monitor.domain.detection.facts import Facts, table, word

EVERYTHING = re.compile(r"(/\*|\*\*|/\*\*|/?\(\.\*\)|/:\w+\*|/\(\(\?!.*)")
"""The paths by which Netlify, Firebase and Vercel mean every page."""
FIRST_PAGE = frozenset({"/index.html", "/", "index.html"})


def published(facts: Facts) -> str:
    """The folder a Staticfile or a service's own settings name, "" where none does."""
    firebase = facts.json("firebase.json").get("hosting")
    said = (
        word(_staticfile(facts).get("root")),
        word(table(facts.toml("netlify.toml"), "build").get("publish")),
        word(facts.json("vercel.json").get("outputDirectory")),
        word(firebase.get("public")) if isinstance(firebase, dict) else None,
    )
    folder = next((one for one in said if one), "").removeprefix("./").strip("/").removeprefix(".")
    return "" if ".." in folder.split("/") else folder


def falls_back(facts: Facts, folder: str) -> bool:
    """Whether unknown pages are the first page's: `pushstate`, `_redirects`, or a rewrite of everything to it."""
    said = str(_staticfile(facts).get("pushstate", "")).lower() in {"enabled", "true"}
    rules = facts.text(f"{folder}/_redirects" if folder else "_redirects")
    return said or bool(re.search(r"^/\*\s+/(index\.html)?\s+200", rules, re.MULTILINE)) or _rewritten(facts)


def _rewritten(facts: Facts) -> bool:
    redirects = _rows(facts.toml("netlify.toml"), "redirects")
    pairs = [(one.get("from"), one.get("to")) for one in redirects if one.get("status") == 200]
    vercel, hosting = facts.json("vercel.json"), facts.json("firebase.json").get("hosting")
    rewrites = _rows(vercel, "rewrites") + _rows(hosting, "rewrites")
    pairs += [(one.get("source"), one.get("destination")) for one in rewrites]
    pairs += [(one.get("src"), one.get("dest")) for one in _rows(vercel, "routes")]
    return any(
        isinstance(source, str) and EVERYTHING.fullmatch(source) and place in FIRST_PAGE for source, place in pairs
    )


def _rows(settings: object, key: str) -> list[dict[str, Any]]:
    found = settings.get(key) if isinstance(settings, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _staticfile(facts: Facts) -> dict[str, Any]:
    return facts.yaml("Staticfile") if facts.text("Staticfile").strip() else {}
