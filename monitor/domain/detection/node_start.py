"""How a Node project is started: Procfile, framework, script, file, built site, in this order."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace

from monitor.domain.detection.declared import declared
from monitor.domain.detection.hosted import published
from monitor.domain.detection.node_built import Built
from monitor.domain.detection.node_files import main_file, only_server
from monitor.domain.detection.node_frameworks import DEV, server_framework, site_builder
from monitor.domain.detection.node_output import page_folder
from monitor.domain.detection.node_project import (
    BUILDS,
    Plan,
    Project,
    build_of,
    by_npx,
    is_monorepo,
    library,
    placeholder,
    port_of,
    script_file,
)
from monitor.domain.detection.node_runners import compiles, in_front, without_watcher
from monitor.domain.detection.node_scripts import calls, whole
from monitor.domain.detection.node_source import is_server, script_port
from monitor.domain.detection.result import GUESS, LIKELY, SURE, quoted
from monitor.domain.detection.start import Start

SERVE = "slipway-serve"
"""The runtime's own static server, for what a build made (`runtimes/README.md`)."""

BUILDING = re.compile(
    r"\b(run|yarn|pnpm) build\b|\b(build|tsc|webpack|rollup|esbuild|tsup|swc|babel|compile)\b[^|;]*&&"
)
_PART = r"(docs?|site|web|website|app|client)"
OWN_BUILD = re.compile(rf"{_PART}[:-]build|build[:-]{_PART}")
SERVES = re.compile(r"\b(node|nodemon|bun|tsx|ts-node|server?|start|pm2|pm2-runtime)\b")
PRODUCTION = ("start", "start:prod", "start:production", "serve:prod", "production", "prod", "serve")


def plan_of(project: Project) -> Plan | None:
    return (
        _declared(project)
        or _framework(project)
        or _script(project)
        or main_file(project)
        or _site(project)
        or _develop(project)
        or only_server(project)
    )


def has_start(project: Project) -> bool:
    """Whether the project itself says how it starts."""
    return declared(project.facts) is not None or _script(project) is not None


def _declared(project: Project) -> Plan | None:
    """A declared command; one that only runs the start script is that script, with all that is known of it."""
    said = declared(project.facts)
    if said is None:
        return None
    built = server_framework(project.facts, project.package, project.names)
    if re.fullmatch(r"(npm|yarn|pnpm|bun)( run)? start", said.command):
        plan = _framework(project) or _script(project)
        if plan:
            start = replace(plan.start, evidence=f"{said.evidence}, {plan.start.evidence}")
            return replace(plan, start=start)
    framework = built.framework if built and built.start else library(project)
    port = said.port or port_of(project, None)
    return Plan(replace(said, port=port, framework=framework), build_of(project))


def _framework(project: Project) -> Plan | None:
    """A framework that owns the project: the user's own start script where it serves, else the framework's way."""
    built = server_framework(project.facts, project.package, project.names)
    if built is None:
        return None
    script = project.scripts.get("start", "")
    evidence = f"package.json depends on {built.framework}"
    build = (None if built.own_build else _build_for(project, built)) or by_npx(built.build)
    if built.output:
        return _own_server(project) or _serve(project, built, build, evidence)
    own = (built.start or "").removeprefix("npm:")
    if built.start != own:
        command, because = project.manager.run(own), f"the {own} script runs what was built"
    elif script and not built.own_start and not _develops(project, "start") and not _builds(project, "start"):
        command, because = project.manager.run("start"), f"the start script is `{quoted(script)}`"
    else:
        start = built.start or ""
        command, because = start if start.startswith("node ") else f"npx {start}", built.reason
    port = script_port(script) if command == project.manager.run("start") else None
    return Plan(Start(command, evidence, because, built.framework, SURE, port=port), build)


def _build_for(project: Project, built: Built) -> str | None:
    """The script with the framework's own build, where `build` makes something else: a library beside its docs."""
    words = " ".join((built.build or "").split()[:2])
    if words and words not in whole(project.scripts, "build"):
        named = (n for n, script in project.scripts.items() if OWN_BUILD.fullmatch(n) and words in script)
        if own := next(named, None):
            return project.manager.run(own)
    return build_of(project)


def _own_server(project: Project) -> Plan | None:
    """The start script of a project that serves what its framework builds by a server file of its own."""
    path = _node_file(project, whole(project.scripts, "start"))
    return _script(project) if path and is_server(project.facts.text(path)) else None


def _node_file(project: Project, script: str) -> str | None:
    found = re.search(r"\b(?:node|nodemon|tsx|ts-node)\s+(?:-\S+\s+)*([\w./-]+)", script)
    return script_file(project.facts, f" {found[1]}") if found else None


def _develops(project: Project, name: str) -> bool:
    """Whether a script, with what it calls, comes to a development server whose project can be built instead."""
    script = whole(project.scripts, name)
    ejected = "react-dev-utils" in project.names and script == "node scripts/start.js"
    return ejected or DEV.search(script) is not None


def _builds(project: Project, name: str) -> bool:
    """Whether a script, or what runs before it, builds by itself."""
    script = f"{project.scripts.get(f'pre{name}', '')} ; {project.scripts.get(name, '')}"
    return bool(calls(project.scripts, name) & set(BUILDS)) or BUILDING.search(script) is not None


def _script(project: Project) -> Plan | None:
    for name in PRODUCTION:
        script = project.scripts.get(name, "")
        given = bool(script) and not placeholder(script) and not (name == "serve" and _generator(project))
        given = given and (name not in {"production", "prod"} or bool(SERVES.search(whole(project.scripts, name))))
        if not given or _develops(project, name):
            continue
        because = f"the {name} script is `{quoted(script)}`"
        builds = None if _builds(project, name) else build_of(project) or compiles(project, script)
        said = whole(project.scripts, name)
        port = script_port(said) or port_of(project, script_file(project.facts, said))
        start = Start(
            without_watcher(project, script) or in_front(script) or project.manager.run(name),
            f"package.json has the script `{name}`",
            because,
            library(project),
            SURE,
            port=port,
        )
        return Plan(start, builds)
    return None


def _generator(project: Project) -> bool:
    return site_builder(project.facts, project.package, project.names) is not None


def _site(project: Project) -> Plan | None:
    built = site_builder(project.facts, project.package, project.names)
    build = _build_for(project, built) if built else build_of(project)
    build = build or (by_npx(built.build) if built else None)
    said = published(project.facts)
    typed = project.facts.has("tsconfig.json")
    folder = said or page_folder(project.facts, "dist")
    page = project.facts.has(f"{folder}/index.html".removeprefix("./"))
    if built is None and build is None and typed and page and "typescript" in project.names:
        build = "npx tsc"
    if built is None and build and not is_monorepo(project) and (said or page or not typed):
        built = Built("static", "the build script makes a site", None, folder)
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
    script = whole(project.scripts, "build")
    own = built.framework in {"static", "webpack", "rollup", "esbuild"} and built.output != "dist"
    own = own and not re.search(r"\bbun build [^&|;]*\.html\b", script)
    flag = None if own else _flag(script)
    output = flag or built.output or "dist"
    page = f"{output}/index.html".removeprefix("./")
    unknown = built.framework == "static" and not project.facts.has(page)
    made = flag or output == published(project.facts) or re.search(r"\b(gulp|grunt|metalsmith)\b", script)
    command = f"{SERVE} {shlex.quote(output)}"
    start = Start(
        command,
        evidence,
        f"{built.reason} in {output}/",
        built.framework,
        (LIKELY if made else GUESS) if unknown else SURE,
    )
    return Plan(start, build, output, built.spa)


def _flag(script: str) -> str | None:
    """An output folder given to the build on its command line."""
    match = re.search(
        r"(?:--outDir|--outdir|--dist-dir|--out-dir|--output-path|--output|-d|\bBUILD_PATH)[\s=]['\"]?(?:\./)?([\w][\w./-]*)",
        script,
    )
    return match[1].rstrip("/") if match else None


RUNNER = re.compile(
    r"(cross-env \S+ |\w+=\S* )*(node|nodemon|tsx|ts-node|ts-node-dev|bun|npx (tsx|nodemon|ts-node))\b"
)
OTHERS = ("server", "web", "start:server", "server:start", "start:dev", "dev", "develop", "watch")


def _develop(project: Project) -> Plan | None:
    """The last resort: a script of another name that plainly runs a server file, or `dev` one that may be."""
    said = {name: text for name in OTHERS if RUNNER.match(text := whole(project.scripts, name))}
    sure = (n for n, text in said.items() if n == "dev" or is_server(_text_of(project, text)))
    name = next(sure, None)
    if name is None:
        return None
    script = said[name]
    port = script_port(script) or port_of(project, script_file(project.facts, script))
    because = f"only a {name} script is there: `{quoted(project.scripts[name])}`"
    evidence = f"package.json has the script `{name}`"
    return Plan(Start(project.manager.run(name), evidence, because, library(project), GUESS, port=port))


def _text_of(project: Project, script: str) -> str:
    """The text of the file a script runs, "" where none is seen."""
    return project.facts.text(_node_file(project, script) or "")


def pages_with_packages(project: Project) -> Plan | None:
    """Pages that need no build, but packages: they load them from node_modules/."""
    if "node_modules/" not in project.facts.text("index.html") or not project.names:
        return None
    because = "index.html loads packages from node_modules/"
    return Plan(Start(f"{SERVE} .", "index.html", because, "static", SURE), output=".")
