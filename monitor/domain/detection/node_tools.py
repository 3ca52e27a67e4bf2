"""Programs a Node project takes for granted: those its scripts call, and the packages a lone server file loads."""

from __future__ import annotations

import posixpath
import re

from monitor.domain.detection.facts import Facts
from monitor.domain.detection.node_packages import TOOLS
from monitor.domain.detection.node_project import BUILDS, Project, is_monorepo
from monitor.domain.detection.node_scripts import whole

GLOBAL = {
    "serve": "serve",
    "http-server": "http-server",
    "json-server": "json-server",
    "sirv": "sirv-cli",
    "tsc": "typescript@5",
    "ts-node": "ts-node typescript@5",
    "tsx": "tsx",
    "nodemon": "nodemon",
    "pm2-runtime": "pm2",
    "cross-env": "cross-env",
    "concurrently": "concurrently",
    "run-s": "npm-run-all",
    "run-p": "npm-run-all",
    "npm-run-all": "npm-run-all",
    "rimraf": "rimraf",
}
"""What people have installed for the whole machine, by the name a script calls it."""
BUILTIN = re.compile(
    r"assert|async_hooks|buffer|child_process|cluster|console|constants|crypto|dgram|diagnostics_channel|dns|domain"
    r"|events|fs|https?2?|inspector|module|net|os|path|perf_hooks|process|punycode|querystring|readline|repl|sqlite"
    r"|stream|string_decoder|sys|test|timers|tls|trace_events|tty|url|util|v8|vm|wasi|worker_threads|zlib"
)
IMPORTS = re.compile(
    r"\brequire\(\s*['\"]([^'\"]+)['\"]\s*\)|^\s*(?:import|export)\s(?:[^'\";]{0,400}?\sfrom\s)?\s*['\"]([^'\"]+)['\"]",
    re.MULTILINE,
)
RUN_BY = re.compile(r"\bnodemon\s[^&|;]*?(?:--exec|-x)[= ]+['\"]?(?:npx )?([\w-]+)")
PACKAGE = re.compile(r"(?:@[\w.-]+/)?[a-z0-9][\w.-]*")
MOST = 30


def missing(project: Project, start: str) -> list[str]:
    """Installs of the programs called by `start` and the builds that came with no package of the project's."""
    if is_monorepo(project):
        return []
    names = [name for name in _called(project, start) if name in GLOBAL and not _named(project, GLOBAL[name])]
    return [f"{{ command -v {name} >/dev/null || {TOOLS.format(GLOBAL[name])}; }}" for name in names]


def _named(project: Project, packages: str) -> bool:
    return packages.split()[0].partition("@")[0] in project.names


def _called(project: Project, start: str) -> list[str]:
    """The first words of every command; of a script only where `start` runs it."""
    run = (name for name in project.scripts if project.manager.run(name) == start)
    said = " ; ".join([start, *(whole(project.scripts, name) for name in (*run, "prestart", *BUILDS))])
    words = (re.sub(r"^(?:\s*\w+=\S*)*\s*(?:npx\s+)?", "", part).split() for part in re.split(r"&&|\|\||[;|&]", said))
    inner = RUN_BY.findall(said) + (["ts-node"] if re.search(r"\bnodemon\s[^&|;]*\.ts\b", said) else [])
    return list(dict.fromkeys([*(found[0] for found in words if found), *inner]))


def packages_of(facts: Facts, path: str) -> tuple[str, ...]:
    """The packages a script and the files it loads name, sorted; Node's own modules left out."""
    found: set[str] = set()
    seen, waiting = {path}, [path]
    while waiting and len(seen) <= MOST:
        at = waiting.pop()
        for name in (one or other for one, other in IMPORTS.findall(facts.text(at))):
            if name.startswith("."):
                near = posixpath.normpath(posixpath.join(posixpath.dirname(at), name))
                file = facts.first(near, f"{near}.js", f"{near}.mjs", f"{near}.cjs", f"{near}/index.js")
                waiting += [file] if file and file not in seen else []
                seen.add(file or near)
            elif (match := PACKAGE.match(name)) and not name.startswith("node:") and not BUILTIN.fullmatch(match[0]):
                found.add(match[0])
    return tuple(sorted(found))
