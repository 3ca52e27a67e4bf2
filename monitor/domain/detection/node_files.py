"""Server files of Node projects that no start script names: `main`, then the usual places."""

from __future__ import annotations

import re
import shlex

from monitor.domain.detection.facts import Facts, word
from monitor.domain.detection.node_frameworks import site_builder
from monitor.domain.detection.node_project import (
    Plan,
    Project,
    build_of,
    is_monorepo,
    library,
    own_package,
    port_of,
)
from monitor.domain.detection.node_source import is_server
from monitor.domain.detection.result import LIKELY
from monitor.domain.detection.start import Start

SERVER_FILES = tuple(
    f"{folder}{name}.{end}"
    for folder in ("", "src/", "server/", "app/")
    for name in ("server", "app", "index", "main")
    for end in ("js", "mjs", "cjs")
)

LISTENING = tuple(
    f"{folder}{name}.{end}"
    for folder in ("api/", "backend/", "lib/", "bin/")
    for name in ("server", "app", "index", "main")
    for end in ("js", "mjs", "cjs")
)
"""Where a file is a server only if it listens."""

PAGES = ("index.html", "public/index.html", "src/index.html")
SHOWS = re.compile(
    r"\b(dist|build|public|static|sendFile|render|vite|next)\b|\.html\b|text/html|<\w+>", re.IGNORECASE
)
"""What the text of a server says that shows visitors pages, and not only data to the pages of a build."""

TYPESCRIPT = tuple(
    f"{folder}{name}.ts"
    for folder in ("", "src/", "server/", "api/", "backend/")
    for name in ("server", "app", "index", "main")
)


def main_file(project: Project) -> Plan | None:
    """`main` of package.json, then the usual server files, JavaScript before TypeScript."""
    facts = project.facts
    main = (word(project.package.get("main")) or "").removeprefix("./")
    candidates = [m for m in (main, f"{main}.js", f"{main.rstrip('/')}/index.js") if main and m.endswith(("js",))]
    path = facts.first(*candidates)
    bundled = site_builder(facts, project.package, project.names) is not None
    if path and (is_server(facts.text(path)) or not bundled) and not _beside_page(facts, path):
        return run_file(project, path, f"package.json names {path} as main")
    servers = [
        p
        for p in SERVER_FILES
        if _own(project, p) and (is_server(facts.text(p)) or not (bundled or _beside_page(facts, p)))
    ]
    servers += [p for p in LISTENING if _own(project, p) and is_server(facts.text(p))]
    if bundled and facts.has(*PAGES):
        servers = [p for p in servers if SHOWS.search(facts.text(p))]
    if servers:
        listening = [p for p in servers if is_server(facts.text(p))]
        return run_file(project, (listening or servers)[0], f"{(listening or servers)[0]} is a server file")
    if facts.has("bin/www"):
        return run_file(project, "bin/www", "bin/www is Express' start file")
    return _built_main(project, main) or _typescript(project, bundled=bundled)


def _own(project: Project, path: str) -> bool:
    """Whether the file is there and uses this project's packages, not those of a folder with its own."""
    return project.facts.has(path) and (is_monorepo(project) or own_package(project.facts, path) is None)


def _built_main(project: Project, main: str) -> Plan | None:
    """`main` where the build makes it of a file that is a server."""
    facts, build = project.facts, build_of(project)
    found = re.fullmatch(r"(?:dist|build|lib|out)/(?:src/)?([\w./-]+?)(\.[cm]?js)?", main)
    if found is None or build is None or facts.has(main):
        return None
    source = facts.first(
        *(f"{folder}{found[1]}.{end}" for folder in ("src/", "") for end in ("ts", "mts", "js", "mjs"))
    )
    if source is None or not (is_server(facts.text(source)) or ("dev" in project.scripts and library(project))):
        return None
    command = f"node {shlex.quote(main)}"
    because = f"the build makes it of {source}"
    port = port_of(project, source)
    return Plan(
        Start(command, f"package.json names {main} as main", because, library(project), LIKELY, port=port), build
    )


def _beside_page(facts: Facts, path: str) -> bool:
    """A script beside an index.html that does not listen belongs to the page."""
    folder = path.rpartition("/")[0]
    page = f"{folder}/index.html" if folder else "index.html"
    return facts.has(page) and not is_server(facts.text(path))


def only_server(project: Project) -> Plan | None:
    """The one script in the project's own folder that listens, whatever its name."""
    listening = [
        p for end in (".js", ".mjs", ".cjs") for p in project.facts.top(end) if is_server(project.facts.text(p))
    ]
    own = [p for p in listening if ".config." not in p]
    return run_file(project, own[0], f"{own[0]} is a server file") if len(own) == 1 else None


def run_file(project: Project, path: str, evidence: str) -> Plan:
    runner = "bun" if project.manager.name == "bun" else "node"
    start = Start(
        f"{runner} {shlex.quote(path)}",
        evidence,
        f"{path} is there and no start script is",
        library(project),
        LIKELY,
        port=port_of(project, path),
    )
    return Plan(start, build_of(project))


def _typescript(project: Project, *, bundled: bool) -> Plan | None:
    path = next((p for p in TYPESCRIPT if _own(project, p)), None)
    if path is None:
        return None
    pages = project.facts.has("index.html", "public/index.html")
    library_only = (pages or build_of(project) is not None) and library(project) is None
    if (bundled or library_only) and not is_server(project.facts.text(path)):
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
            library(project),
            LIKELY,
            port=port_of(project, path),
        )
    )
