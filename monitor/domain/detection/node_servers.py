"""Frameworks that build a server of their own: TanStack Start, SolidStart, Qwik, Nitro, AdonisJS."""

from __future__ import annotations

import re
from typing import Any

from monitor.domain.detection.facts import Facts, table
from monitor.domain.detection.node_built import Built, config

NITRO = "node .output/server/index.mjs"
PREVIEW = "vite preview --host $HOST --port $PORT"
TANSTACK = frozenset({"@tanstack/react-start", "@tanstack/solid-start", "@tanstack/start"})


def nitro_like(facts: Facts, package: dict[str, Any], names: frozenset[str]) -> Built | None:
    """Those that Nitro or vinxi build; TanStack Start without Nitro runs under Vite's preview server only."""
    if names & TANSTACK:
        nitro = bool(names & {"nitro", "nitropack", "vinxi"})
        reason = "Nitro builds a server" if nitro else "without Nitro only the preview server runs it"
        return Built("tanstack-start", reason, "vite build", start=NITRO if nitro else PREVIEW)
    if "@solidjs/start" in names:
        build = "vinxi build" if "vinxi" in names else "vite build"
        return Built("solid-start", "SolidStart builds a server", build, start=NITRO)
    if "nitro" in names and "nitro/vite" in config(facts, "vite"):
        return Built("nitro", "Nitro builds a server", "vite build", start=NITRO)
    if names & {"nitropack", "nitro"} and "vite" not in names:
        tool = "nitropack" if "nitropack" in names else "nitro"
        return Built("nitro", "Nitro builds a server", f"{tool} build", start=NITRO)
    return None


def vike(facts: Facts, package: dict[str, Any], names: frozenset[str]) -> Built | None:
    """Without a server file of its own, Vite's preview server runs what it built, pages made beforehand included."""
    if "vike" not in names or "vite" not in names:
        return None
    return Built("vike", "Vite's preview server runs what Vike built", "vike build", start=PREVIEW)


def qwik(facts: Facts, package: dict[str, Any], names: frozenset[str]) -> Built | None:
    if not names & {"@builder.io/qwik", "@qwik.dev/core"}:
        return None
    scripts = table(package, "scripts")
    if "serve" in scripts:
        return Built("qwik", "its adapter builds a server", "qwik build", start="npm:serve")
    if any(path.startswith("adapters/static/") for path in facts.files):
        return Built("qwik", "the static adapter builds pages", "qwik build", "dist")
    reason, preview = "without an adapter only the preview server runs it", "qwik build preview"
    return Built("qwik", reason, preview, start=PREVIEW, own_build=True)


def adonis(facts: Facts, package: dict[str, Any], names: frozenset[str]) -> Built | None:
    """Its start script is for whoever stands in build/; before version 6 the server file lies at its top."""
    server = next((p for p in ("bin/server", "server") if facts.has(f"{p}.ts")), None)
    if "@adonisjs/core" not in names or server is None:
        return None
    script = str(table(package, "scripts").get("start", ""))
    inside = bool(re.fullmatch(rf"node (\./)?{server}(\.js)?", script))
    reason = "AdonisJS builds a whole application in build/"
    return Built("adonisjs", reason, "node ace build", start=f"node build/{server}.js", own_start=inside)
