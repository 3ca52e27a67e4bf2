"""Version pins: what a project says it needs, as it wrote it, without the decoration."""

from __future__ import annotations

import re

from monitor.domain.detection.facts import Facts, table, word

LTS = {
    "argon": "4", "boron": "6", "carbon": "8", "dubnium": "10", "erbium": "12", "fermium": "14",
    "gallium": "16", "hydrogen": "18", "iron": "20", "jod": "22", "krypton": "24",
}  # fmt: skip
"""Node's release names, which `.nvmrc` may use (nodejs.org's release table)."""

Pin = tuple[str | None, str | None]
"""A version and the file that names it."""

NONE: Pin = (None, None)
TOOL_NAMES = {
    "node": ("nodejs", "node"),
    "python": ("python",),
    "ruby": ("ruby",),
    "go": ("golang", "go"),
    "php": ("php",),
}


def clean(text: str | None) -> str | None:
    """`v20.11.0` → `20.11.0`, `lts/iron` → `20`, `python-3.12` → `3.12`, `20.x` → `20`; ranges stay as written."""
    if not text:
        return None
    value = re.sub(r"\s+", " ", text.strip().strip("\"'")).strip()
    value = re.sub(r"^(python|ruby|node|php|go|cpython)-?(?=\d)", "", value, flags=re.IGNORECASE)
    if value.startswith("lts/"):
        return LTS.get(value[4:].lower(), "lts")
    value = re.sub(r"^[vV=](?=\d)", "", value)
    value = re.sub(r"(\.[xX*])+$", "", value) if re.fullmatch(r"[\d.xX*]+", value) else value
    if value.lower() in {"", "*", "x", "latest", "node", "stable", "current", "system"}:
        return None
    return value if len(value) <= 60 else None


def from_files(facts: Facts, *paths: str) -> Pin:
    """The pin of the first of these one-line files that has one."""
    for path in paths:
        value = clean(facts.line(path))
        if value:
            return value, path
    return NONE


def from_tools(facts: Facts, language: str) -> Pin:
    """The pin in `.tool-versions` (asdf) or `mise.toml`."""
    for line in facts.text(".tool-versions").splitlines():
        parts = line.partition("#")[0].split()
        if len(parts) >= 2 and parts[0] in TOOL_NAMES[language]:
            value = clean(parts[1])
            if value:
                return value, ".tool-versions"
    for path in ("mise.toml", ".mise.toml"):
        tools = table(facts.toml(path), "tools")
        for name in TOOL_NAMES[language]:
            entry = tools.get(name)
            entry = entry[0] if isinstance(entry, list) and entry else entry
            value = clean(word(entry.get("version") if isinstance(entry, dict) else entry))
            if value:
                return value, path
    return NONE


def choose(*pins: Pin) -> Pin:
    """The first pin that says something."""
    return next((pin for pin in pins if pin[0]), NONE)
