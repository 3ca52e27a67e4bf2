"""Node projects: package.json and its lock file, or a lone server file."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace

from monitor.domain.detection.declared import release
from monitor.domain.detection.facts import Facts
from monitor.domain.detection.node_files import SERVER_FILES
from monitor.domain.detection.node_packages import (
    dependencies,
    deps_files,
    install_command,
    manager,
    scripts_of,
    setup_command,
    version,
)
from monitor.domain.detection.node_project import Plan, Project, is_monorepo
from monitor.domain.detection.node_source import data_files, fixed_port, is_server
from monitor.domain.detection.node_start import plan_of
from monitor.domain.detection.node_workspaces import member_plan
from monitor.domain.detection.result import INCOMPLETE, LIKELY, Detection
from monitor.domain.launch import ProjectType

NEEDS = "no start script and no server file: add `start` to package.json or `start:` to slipway.yaml"


def detect(facts: Facts) -> Detection | None:
    """A Node project, or None where there is neither package.json nor a server file."""
    if not facts.has("package.json"):
        return _bare(facts)
    package = facts.json("package.json")
    own = manager(facts, package)
    project = Project(facts, package, dependencies(package), scripts_of(package), own)
    plan = (member_plan(project) if _runs_members(project) else None) or plan_of(project)
    plan = plan or (member_plan(project) if is_monorepo(project) else None)
    if plan is None and (facts.top(".html") or facts.has("public/index.html")):
        return None
    return _answer(project, plan)


def _runs_members(project: Project) -> bool:
    """Whether the root's start script only starts the members, all on one port."""
    runner = re.search(
        r"\b(turbo|lerna|nx|concurrently|npm-run-all|wsrun|pnpm -r)\b", project.scripts.get("start", "")
    )
    return runner is not None and is_monorepo(project)


def _answer(project: Project, plan: Plan | None) -> Detection:
    facts, package, own = project.facts, project.package, project.manager
    start = plan.start if plan else None
    pin, pin_file = version(facts, package)
    installs = bool(project.names) or bool(own.lock) or "workspaces" in package
    evidence = ["package.json", *([own.evidence] if own.evidence != "package.json" else [])]
    evidence += [start.evidence, f"starts with {start.command} because {start.reason}"] if start else []
    evidence += [f"{pin_file} asks for Node {pin}"] if pin else []
    return Detection(
        ProjectType.NODE,
        reason=f"package.json; {start.reason if start else NEEDS}",
        evidence=tuple(evidence),
        confidence=start.confidence if start else INCOMPLETE,
        framework=start.framework if start else None,
        version=pin,
        version_from=pin_file,
        package_manager=own.name,
        tools=own.tools,
        install=install_command(own, package) if installs else None,
        install_otherwise=install_command(replace(own, lock=None), package) if installs and own.lock else None,
        setup=setup_command(own, package) or release(facts),
        build=plan.build if plan else None,
        start=start.command if start else None,
        port=(start.port or 3000) if start else None,
        output_dir=plan.output if plan else None,
        spa=plan.spa if plan else False,
        data=tuple(data_files(facts)),
        deps_files=deps_files(facts, package, own.lock),
    )


def _bare(facts: Facts) -> Detection | None:
    """A server file without package.json that uses nothing but Node itself."""
    path = next((p for p in SERVER_FILES[:12] if facts.has(p) and is_server(facts.text(p))), None)
    if path is None:
        return None
    pin, pin_file = version(facts, {})
    because = f"{path} listens by itself"
    return Detection(
        ProjectType.NODE,
        reason=because,
        evidence=(f"{path} creates a server", f"starts with node {path} because it listens by itself"),
        confidence=LIKELY,
        version=pin,
        version_from=pin_file,
        start=f"node {shlex.quote(path)}",
        port=fixed_port(facts, path) or 3000,
        data=tuple(data_files(facts)),
    )
