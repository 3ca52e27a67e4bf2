"""Node monorepos: one install at the root, and the member app that is served."""

from __future__ import annotations

import shlex
from dataclasses import replace

from monitor.domain.detection.facts import Facts
from monitor.domain.detection.node_built import config
from monitor.domain.detection.node_packages import dependencies, scripts_of
from monitor.domain.detection.node_project import Plan, Project, build_of
from monitor.domain.detection.node_start import plan_of

CONFIGURED = {
    "vite": "vite",
    "next": "next",
    "nuxt": "nuxt",
    "astro": "astro",
    "@sveltejs/kit": "svelte",
    "@react-router/dev": "react-router",
}
"""Tools that the root may bring for its members, by the configuration file a member has."""
ORDER = ("web", "app", "server", "backend", "api", "frontend", "client", "site", "www", "docs")


def member_plan(project: Project) -> Plan | None:
    """The plan of the member to serve, run in its folder; None where no member can be started."""
    plans = {folder: plan for folder in _members(project.facts) if (plan := _plan(project, folder))}
    if not plans:
        return None
    folder = min(plans, key=lambda f: (-plans[f].start.confidence, _rank(f), f))
    return _moved(project, folder, plans[folder], [f for f in sorted(plans) if f != folder])


def _members(facts: Facts) -> list[str]:
    found = [p.rpartition("/")[0] for p in facts.files if p.endswith("/package.json") and p.count("/") <= 2]
    return sorted(f for f in found if "node_modules" not in f)[:40]


def _plan(project: Project, folder: str) -> Plan | None:
    facts = project.facts.below_folder(folder)
    package = facts.json("package.json")
    shared = frozenset(tool for tool, stem in CONFIGURED.items() if config(facts, stem)) & project.names
    names = dependencies(package) | shared
    return plan_of(Project(facts, package, names, scripts_of(package), project.manager))


def is_app(facts: Facts) -> bool:
    """Whether the root of a monorepo has anything of an app itself."""
    return facts.has("index.html", "server.js", "index.js", "app.js") or bool(facts.folders & {"src", "pages", "app"})


def _rank(folder: str) -> tuple[int, int]:
    name = folder.rpartition("/")[2]
    return (int(folder.startswith("packages/")), ORDER.index(name) if name in ORDER else len(ORDER))


def _moved(project: Project, folder: str, plan: Plan, others: list[str]) -> Plan:
    """The same commands from the monorepo's root; a build script there knows the order of the members."""
    inside = f"cd {shlex.quote(folder)} && "
    build = build_of(project) or (inside + plan.build if plan.build else None)
    also = f"; also found: {', '.join(others[:6])} (choose by `start:` in slipway.yaml)" if others else ""
    start = replace(
        plan.start,
        command=inside + plan.start.command,
        evidence=f"{folder}/ is the member to serve: {plan.start.evidence}{also}",
    )
    return Plan(start, build, f"{folder}/{plan.output}" if plan.output else None, plan.spa, folder)
