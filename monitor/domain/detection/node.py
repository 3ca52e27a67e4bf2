"""Node projects: start script, framework, main file, or a built site to serve."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import Any

from monitor.domain.detection import procfile
from monitor.domain.detection.facts import Facts, word
from monitor.domain.detection.node_frameworks import DEV, Built, server_framework, site_builder
from monitor.domain.detection.node_packages import (
    Manager,
    dependencies,
    deps_files,
    install_command,
    manager,
    scripts_of,
    setup_command,
    version,
)
from monitor.domain.detection.node_source import data_files, fixed_port, is_server
from monitor.domain.detection.result import GUESS, INCOMPLETE, LIKELY, SURE, Detection, quoted
from monitor.domain.detection.start import Start
from monitor.domain.launch import ProjectType

SERVER_FILES = tuple(
    f"{folder}{name}.{end}"
    for folder in ("", "src/", "server/", "app/")
    for name in ("server", "app", "index", "main")
    for end in ("js", "mjs", "cjs")
)
TYPESCRIPT = tuple(
    f"{folder}{name}.ts" for folder in ("", "src/", "server/") for name in ("server", "app", "index", "main")
)
PRODUCTION = ("start", "start:prod", "start:production", "serve:prod", "production", "prod", "serve")
SERVE = "slipway-serve"
"""The runtime's own static server, for what a build made (`runtimes/README.md`)."""
NEEDS = "no start script and no server file: add `start` to package.json or `start:` to slipway.yaml"


@dataclass(frozen=True, slots=True)
class Project:
    """The parts of a Node project every rule below looks at."""

    facts: Facts
    package: dict[str, Any]
    names: frozenset[str]
    scripts: dict[str, str]
    manager: Manager


@dataclass(frozen=True, slots=True)
class Plan:
    """How it is served: `start`, or the folder `output` through the static server."""

    start: Start
    build: str | None = None
    output: str | None = None
    spa: bool = False


def detect(facts: Facts) -> Detection | None:
    """A Node project, or None where there is neither package.json nor a server file."""
    if not facts.has("package.json"):
        return _bare(facts)
    package = facts.json("package.json")
    own = manager(facts, package)
    project = Project(facts, package, dependencies(package), scripts_of(package), own)
    plan = _plan(project)
    if plan is None and (facts.top(".html") or facts.has("public/index.html")):
        return None
    return _answer(project, plan)


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
        setup=setup_command(own, package) or procfile.release(facts),
        build=plan.build if plan else None,
        start=start.command if start else None,
        port=(start.port or 3000) if start else None,
        output_dir=plan.output if plan else None,
        spa=plan.spa if plan else False,
        data=tuple(data_files(facts)),
        deps_files=deps_files(facts, package, own.lock),
    )


def _plan(project: Project) -> Plan | None:
    return (
        _declared(project)
        or _framework(project)
        or _script(project)
        or _file(project)
        or _site(project)
        or _develop(project)
    )


def _declared(project: Project) -> Plan | None:
    command = procfile.web(project.facts)
    if not command:
        return None
    return Plan(
        Start(command, procfile.EVIDENCE, "Procfile says so", confidence=SURE, port=_port(project, None)),
        _build(project),
    )


def _framework(project: Project) -> Plan | None:
    """A framework that owns the project: the user's own start script where it serves, else the framework's way."""
    built = server_framework(project.facts, project.package, project.names)
    if built is None:
        return None
    script = project.scripts.get("start", "")
    evidence = f"package.json depends on {built.framework}"
    build = _build(project) or _exec(project, built.build)
    if built.output:
        return _serve(project, built, build, evidence)
    if built.framework == "nest" and built.start == "npm:start:prod":
        command, because = project.manager.run("start:prod"), "the start:prod script runs what was built"
    elif script and not DEV.search(script) and not (built.framework == "nest" and script.startswith("nest start")):
        command, because = project.manager.run("start"), f"the start script is `{quoted(script)}`"
    else:
        start = built.start or ""
        command, because = start if start.startswith("node ") else f"npx {start}", built.reason
    return Plan(Start(command, evidence, because, built.framework, SURE), build)


def _script(project: Project) -> Plan | None:
    for name in PRODUCTION:
        script = project.scripts.get(name, "")
        if not script or DEV.search(script) or _placeholder(script) or (name == "serve" and _generator(project)):
            continue
        because = f"the {name} script is `{quoted(script)}`"
        builds = (
            None
            if re.search(r"\b(run|yarn|pnpm) build\b|&& ?node ", project.scripts.get(f"pre{name}", "") + script)
            else _build(project)
        )
        port = _port(project, _script_file(project.facts, script))
        start = Start(
            project.manager.run(name),
            f"package.json has the script `{name}`",
            because,
            _library(project),
            SURE,
            port=port,
        )
        return Plan(start, builds)
    return None


def _generator(project: Project) -> bool:
    return site_builder(project.facts, project.package, project.names) is not None


def _placeholder(script: str) -> bool:
    return bool(re.match(r"echo\b", script)) and "&&" not in script.replace("&& exit 1", "")


def _file(project: Project) -> Plan | None:
    """`main` of package.json, then the usual server files, JavaScript before TypeScript."""
    facts = project.facts
    main = (word(project.package.get("main")) or "").removeprefix("./")
    candidates = [m for m in (main, f"{main}.js", f"{main.rstrip('/')}/index.js") if main and m.endswith(("js",))]
    path = facts.first(*candidates)
    bundled = site_builder(facts, project.package, project.names) is not None
    if path and (is_server(facts.text(path)) or not bundled) and not _beside_page(facts, path):
        return _node(project, path, f"package.json names {path} as main")
    servers = [
        p
        for p in SERVER_FILES
        if facts.has(p) and (is_server(facts.text(p)) or not (bundled or _beside_page(facts, p)))
    ]
    if servers:
        listening = [p for p in servers if is_server(facts.text(p))]
        return _node(project, (listening or servers)[0], f"{(listening or servers)[0]} is a server file")
    if facts.has("bin/www"):
        return _node(project, "bin/www", "bin/www is Express' start file")
    return _typescript(project, bundled=bundled)


def _beside_page(facts: Facts, path: str) -> bool:
    """A script beside an index.html that does not listen belongs to the page."""
    folder = path.rpartition("/")[0]
    page = f"{folder}/index.html" if folder else "index.html"
    return facts.has(page) and not is_server(facts.text(path))


def _node(project: Project, path: str, evidence: str) -> Plan:
    runner = "bun" if project.manager.name == "bun" else "node"
    start = Start(
        f"{runner} {shlex.quote(path)}",
        evidence,
        f"{path} is there and no start script is",
        _library(project),
        LIKELY,
        port=_port(project, path),
    )
    return Plan(start, _build(project))


def _typescript(project: Project, *, bundled: bool) -> Plan | None:
    path = project.facts.first(*TYPESCRIPT)
    if path is None or (bundled and not is_server(project.facts.text(path))):
        return None
    runner = (
        "bun"
        if project.manager.name == "bun"
        else "npx tsx"
        if "tsx" in project.names
        else "npx ts-node"
        if "ts-node" in project.names
        else ""
    )
    if not runner and "dev" in project.scripts:
        return None
    command = f"{runner or 'npx --yes tsx'} {shlex.quote(path)}"
    return Plan(
        Start(
            command,
            f"{path} is a TypeScript server",
            "no start script runs a build",
            _library(project),
            LIKELY,
            port=_port(project, path),
        )
    )


def _site(project: Project) -> Plan | None:
    built = site_builder(project.facts, project.package, project.names)
    build = _build(project) or (_exec(project, built.build) if built else None)
    if built is None and build and not project.facts.has("tsconfig.json"):
        built = Built("static", "the build script makes a site", None, "dist")
    if built is None or build is None:
        return None
    return _serve(
        project,
        built,
        build,
        f"package.json depends on {built.framework}"
        if built.framework != "static"
        else "package.json has the script `build`",
    )


def _serve(project: Project, built: Built, build: str | None, evidence: str) -> Plan:
    output = _flag(project.scripts.get("build", "")) or built.output or "dist"
    command = f"{SERVE} {shlex.quote(output)}"
    start = Start(
        command,
        evidence,
        f"{built.reason} in {output}/",
        built.framework,
        SURE if built.framework != "static" else GUESS,
    )
    return Plan(start, build, output, built.spa)


def _flag(script: str) -> str | None:
    """An output folder given to the build on its command line."""
    match = re.search(
        r"(?:--outDir|--dist-dir|--out-dir|--output-path|--output|-d)[\s=](?:\./)?([\w][\w./-]*)", script
    )
    return match[1].rstrip("/") if match else None


def _develop(project: Project) -> Plan | None:
    """The last resort: a `dev` script that plainly runs a server file."""
    script = project.scripts.get("dev", "")
    if not re.match(
        r"(cross-env \S+ )*(node|nodemon|tsx|ts-node|ts-node-dev|bun|npx (tsx|nodemon|ts-node))\b", script
    ):
        return None
    because = f"only a dev script is there: `{quoted(script)}`"
    port = _port(project, _script_file(project.facts, script))
    return Plan(
        Start(
            project.manager.run("dev"),
            "package.json has the script `dev`",
            because,
            _library(project),
            GUESS,
            port=port,
        )
    )


LIBRARIES = ("express", "fastify", "koa", "hono", "@hapi/hapi", "@nestjs/core", "restify", "polka", "@feathersjs/feathers", "elysia",
             "@adonisjs/core", "sails", "strapi", "@strapi/strapi", "socket.io", "ws", "moleculer", "micro", "json-server", "h3", "nitropack")  # fmt: skip


def _library(project: Project) -> str | None:
    name = next((n for n in LIBRARIES if n in project.names), None)
    return name.removeprefix("@").partition("/")[0] if name else None


def _build(project: Project) -> str | None:
    for name in ("build", "build:prod", "build:production"):
        if name in project.scripts and not _placeholder(project.scripts[name]):
            return project.manager.run(name)
    return None


def _exec(project: Project, command: str | None) -> str | None:
    return f"npx {command}" if command else None


def _script_file(facts: Facts, script: str) -> str | None:
    """The source file a script runs, where it can be seen."""
    found = re.findall(r"(?:^|\s)(?:\./)?([\w][\w./-]*?)(?:\.(?:js|mjs|cjs|ts))?(?=\s|$)", script)
    ends = ("", ".js", ".mjs", ".cjs", ".ts", "/index.js", "/index.ts")
    return next((f"{name}{end}" for name in reversed(found) for end in ends if facts.has(f"{name}{end}")), None)


def _port(project: Project, path: str | None) -> int | None:
    return fixed_port(project.facts, path)


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
