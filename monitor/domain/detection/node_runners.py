"""Start scripts that cannot run as they stand: without their watcher, out of the background, or before a build."""

from __future__ import annotations

import re
import shlex

from monitor.domain.detection.node_project import Project, script_file

WATCHERS = re.compile(
    r"(?:npx )?(nodemon|supervisor|forever|pm2-runtime|(?:pm2|forever) start)\s+(?:-\S+\s+)*([\w./-]+?)(\.js)?"
)


def without_watcher(project: Project, script: str) -> str | None:
    """`node FILE` for a start script whose watcher is expected on the machine, or leaves it in the background.

    None where the project brings a watcher that stays.
    """
    found = WATCHERS.fullmatch(script)
    stays = found is not None and not found[1].endswith(" start")
    if found is None or (stays and found[1].split("-")[0] in project.names) or ".config" in found[2]:
        return None
    path = script_file(project.facts, f" {found[2]}{found[3] or ''}")
    return f"node {shlex.quote(path)}" if path and path.endswith("js") else None


def in_front(script: str) -> str | None:
    """A server that would go into the background stays where it can be seen; None for every other script."""
    alone = " --daemon" in f" {script}" and not re.search(r"[;&|]", script)
    words = [word for word in script.split(" ") if word and word != "--daemon"]
    return f"npx {' '.join(words)}" if alone else None


def compiles(project: Project, script: str) -> str | None:
    """What makes the file a start script runs, where that is not there and TypeScript is."""
    target = re.search(r"\bnode\s+(?:-\S+\s+)*(?:\./)?((?:dist|build|lib|out|\.build)/[\w./-]*)", script)
    made = target and (target[1], f"{target[1]}.js", f"{target[1].rstrip('/')}/index.js")
    if not made or "typescript" not in project.names or project.facts.has(*made):
        return None
    own = next(
        (name for name in ("compile", "tsc", "build:ts", "build-ts", "transpile") if name in project.scripts), None
    )
    if own:
        return project.manager.run(own)
    return "npx tsc" if project.facts.has("tsconfig.json") else None
