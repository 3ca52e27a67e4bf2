"""Node projects: package.json and its lock file, or a lone server file."""

from __future__ import annotations

import re
import shlex

from monitor.domain.detection import node_nested
from monitor.domain.detection.declared import release
from monitor.domain.detection.facts import Facts
from monitor.domain.detection.foreign import is_deno
from monitor.domain.detection.node_files import SERVER_FILES
from monitor.domain.detection.node_nx import nx_plan
from monitor.domain.detection.node_packages import (
    dependencies,
    deps_files,
    install_command,
    linker,
    manager,
    scripts_of,
    version,
)
from monitor.domain.detection.node_project import Plan, Project, is_monorepo
from monitor.domain.detection.node_source import data_files, fixed_port, is_server
from monitor.domain.detection.node_start import has_start, pages_with_packages, plan_of
from monitor.domain.detection.node_tools import missing, packages_of
from monitor.domain.detection.node_workspaces import is_app, member_plan, named_plan
from monitor.domain.detection.result import INCOMPLETE, LIKELY, Detection
from monitor.domain.launch import ProjectType

NEEDS = "no start script and no server file: add `start` to package.json or `start:` to slipway.yaml"


def detect(facts: Facts) -> Detection | None:
    """A Node project, or None where there is neither package.json nor a server file, or only Deno runs it."""
    if is_deno(facts):
        return None
    if not facts.has("package.json"):
        return _bare(facts)
    package = facts.json("package.json")
    own = manager(facts, package)
    project = Project(facts, package, dependencies(package), scripts_of(package), own)
    members = named_plan(project) or (member_plan(project) if _runs_members(project) else None)
    plan = nx_plan(project) or members or plan_of(project)
    plan = plan or (member_plan(project) if is_monorepo(project) else None)
    plan = plan or pages_with_packages(project)
    if plan is None and (facts.top(".html") or facts.has("public/index.html")):
        return None
    return _answer(project, plan)


def _runs_members(project: Project) -> bool:
    """Whether the root holds no app: its start script only starts the members, all on one port, or there is none."""
    if is_monorepo(project) and not has_start(project) and not is_app(project.facts):
        return True
    runner = re.search(
        r"\b(turbo|lerna|nx|concurrently|npm-run-all|wsrun|pnpm (\S+ )*(-r|--recursive)|yarn workspaces)\b"
        r"|(?<!\S)(-ws|--workspaces)\b",
        project.scripts.get("start", ""),
    )
    return runner is not None and is_monorepo(project)


def _answer(project: Project, plan: Plan | None) -> Detection:
    facts, package, own = project.facts, project.package, project.manager
    start = plan.start if plan else None
    pin, pin_file = version(facts, package)
    installs = bool(project.names or own.lock) or is_monorepo(project)
    inside = node_nested.folders(project)
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
        install=_install(project, inside, installs=installs, locked=True),
        install_otherwise=_otherwise(project, inside, installs=installs),
        setup=node_nested.setup(project) or release(facts),
        build=plan.build if plan else None,
        start=start.command if start else None,
        port=(start.port or 3000) if start else None,
        output_dir=plan.output if plan else None,
        spa=plan.spa if plan else False,
        member=plan.member if plan else "",
        env=linker(own, facts),
        data=tuple(data_files(facts)),
        deps_files=(
            *deps_files(facts, package, own.lock),
            *(p for f in inside for p in node_nested.manifests(facts, f)),
        ),
    )


def _otherwise(project: Project, inside: tuple[str, ...], *, installs: bool) -> str | None:
    """The install without a lock file that does not fit; npm's also without its rules about peers."""
    plain = _install(project, inside, installs=installs, locked=False) if project.manager.lock else None
    if project.manager.name != "npm":
        return plain
    loose = _install(project, inside, installs=installs, locked=False, more=" --legacy-peer-deps")
    return " || ".join(command for command in (plain, loose) if command) or None


def _install(
    project: Project, inside: tuple[str, ...], *, installs: bool, locked: bool, more: str = ""
) -> str | None:
    own = project.manager if locked else project.manager.unlocked
    commands = [install_command(own, project.package) + more] if installs else []
    commands += [node_nested.installs(project.facts, folder, locked=locked) for folder in inside]
    commands += missing(project)
    return " && ".join(commands) or None


def _bare(facts: Facts) -> Detection | None:
    """A server file without package.json; the packages it loads are installed as they are today."""
    path = next((p for p in SERVER_FILES[:12] if facts.has(p) and is_server(facts.text(p))), None)
    if path is None:
        return None
    pin, pin_file = version(facts, {})
    because = f"{path} listens by itself"
    packages = packages_of(facts, path)
    loads = (f"{path} loads {', '.join(packages)}",) if packages else ()
    return Detection(
        ProjectType.NODE,
        reason=because,
        evidence=(f"{path} creates a server", *loads, f"starts with node {path} because it listens by itself"),
        confidence=LIKELY,
        version=pin,
        version_from=pin_file,
        install=f"npm install --no-save --no-package-lock {' '.join(packages)}" if packages else None,
        start=f"node {shlex.quote(path)}",
        port=fixed_port(facts, path) or 3000,
        data=tuple(data_files(facts)),
    )
