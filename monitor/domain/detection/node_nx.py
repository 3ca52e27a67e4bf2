"""Nx: the application of an integrated workspace, by its project.json."""

from __future__ import annotations

import posixpath
import shlex

from monitor.domain.detection.facts import table, word
from monitor.domain.detection.node_built import config, named
from monitor.domain.detection.node_project import Plan, Project
from monitor.domain.detection.result import SURE
from monitor.domain.detection.start import Start

SERVE = "slipway-serve"
NODE = ("@nx/esbuild", "@nx/node", "@nx/js", "@nrwl/node", "@nrwl/js")


def nx_plan(project: Project) -> Plan | None:
    """The first application that Nx builds, in the order of folders; None where project.json says nothing of one."""
    facts = project.facts
    if not facts.has("nx.json"):
        return None
    for path in facts.matching(r"(?:[\w.-]+/){0,3}project\.json"):
        described = facts.json(path)
        build = table(described, "targets", "build") or table(described, "targets", "production")
        folder = path.rpartition("/")[0]
        if described.get("projectType") == "library":
            continue
        name = word(described.get("name")) or folder.rpartition("/")[2]
        plan = _plan(project, folder, name, build) if build else _inferred(project, folder, name)
        if plan:
            return plan
    return None


def _inferred(project: Project, folder: str, name: str) -> Plan | None:
    """An application whose targets Nx's plugins make of its tools' own configuration files."""
    if not folder:
        return None
    facts = project.facts.below_folder(folder)
    if config(facts, "next"):
        return _plan(project, folder, name, {"executor": "@nx/next:build", "options": {"outputPath": folder}})
    vite = config(facts, "vite")
    if not vite or not facts.has("index.html"):
        return None
    said = named(vite, "outDir") or "dist"
    output = posixpath.normpath(posixpath.join(folder, said))
    return _plan(project, folder, name, {"executor": "@nx/vite:build", "options": {"outputPath": output}})


def _plan(project: Project, folder: str, name: str, build: dict[str, object]) -> Plan | None:
    executor, options = word(build.get("executor")) or "", table(build, "options")
    output = word(options.get("outputPath")) or f"dist/{folder or name}"
    evidence = f"{folder or '.'}/project.json describes the application {name}"
    command = f"npx nx build {shlex.quote(name)}"
    if "next" in executor:
        start = f"npx next start -H $HOST -p $PORT {shlex.quote(output)}"
        return Plan(Start(start, evidence, "Next serves what it built", "next", SURE), command, member=folder)
    server = executor.startswith(NODE) or options.get("target") == "node"
    server = server or (executor.startswith("@nx/webpack") and not project.facts.has(f"{folder}/src/index.html"))
    if server:
        return Plan(Start(f"node {shlex.quote(output)}/main.js", evidence, "Nx builds a server", None, SURE), command)
    framework = "vite" if "vite" in executor else "angular" if "angular" in executor else "nx"
    output = f"{output}/browser" if executor.endswith((":application", ":browser-esbuild")) else output
    start = f"{SERVE} {shlex.quote(output)}"
    said = Start(start, evidence, f"Nx builds static files in {output}/", framework, SURE)
    return Plan(said, command, output, True, folder)
