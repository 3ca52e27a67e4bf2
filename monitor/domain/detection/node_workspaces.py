"""Node monorepos: one install at the root, and the member app that is served."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace

from monitor.domain.detection.facts import Facts, word
from monitor.domain.detection.node_built import config
from monitor.domain.detection.node_packages import dependencies, scripts_of
from monitor.domain.detection.node_project import SERVERS, Plan, Project, build_of
from monitor.domain.detection.node_scripts import whole
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
ORDER = ("web", "app", "nextjs", "server", "backend", "api", "frontend", "client", "site", "www", "docs")
NAMED = re.compile(
    r"(?:--filter|-F|--workspace|-w|\bworkspace)[= ]['\"]?(?:\./)?([@\w][\w@./-]*?)/?(?:\.\.\.)?['\"]?(?=\s|$)"
)
"""How npm, pnpm, Yarn and Turborepo are told which member they are to run."""


def member_plan(project: Project) -> Plan | None:
    """The plan of the member to serve, run in its folder; None where no member can be started."""
    plans = {folder: plan for folder in _members(project.facts) if (plan := _plan(project, folder))}
    if not plans:
        return None
    folder = min(plans, key=lambda f: (-plans[f].start.confidence, plans[f].start.framework == "expo", _rank(f), f))
    return _moved(project, folder, plans[folder], [f for f in sorted(plans) if f != folder])


def named_plan(project: Project) -> Plan | None:
    """The plan of the member the start script names, where a framework owns that: more is known of it."""
    match = NAMED.search(whole(project.scripts, "start"))
    if match is None:
        return None
    folders = _members(project.facts)
    folder = next((f for f in folders if match[1] in {f, f.rpartition("/")[2], _name(project, f)}), None)
    plan = _plan(project, folder) if folder else None
    if plan is None or folder is None or (plan.output is None and plan.start.framework in {None, *SERVERS}):
        return None
    return _moved(project, folder, plan, [])


def _name(project: Project, folder: str) -> str | None:
    return word(project.facts.json(f"{folder}/package.json").get("name"))


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
