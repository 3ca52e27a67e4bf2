"""Scripts that go into folders with a package.json of their own, and files they cannot do without."""

from __future__ import annotations

import re
import shlex

from monitor.domain.detection.facts import Facts
from monitor.domain.detection.node_packages import deps_files, install_command, manager, setup_command
from monitor.domain.detection.node_project import Project, is_monorepo, own_package
from monitor.domain.detection.node_scripts import whole

GOES = re.compile(r"(?:\bcd|--prefix|--cwd|-C)[= ]+(?:\./)?([\w][\w./-]*?)/?(?=[\s;&]|$)")
RUNS = re.compile(r"\b(?:node|nodemon|tsx|ts-node)\s+(?:-\S+\s+)*(?:\./)?([\w][\w./-]*)/[\w.-]+")
ENV_FILE = re.compile(r"(?:--env-file|\benv-cmd\s+-f)[= ](?:\./)?([\w.][\w./-]*)|\b(env-cmd)\s+(?!-)")


def folders(project: Project) -> tuple[str, ...]:
    """The folders the project's scripts go into, or run a file of, whose packages nothing else installs."""
    if is_monorepo(project):
        return ()
    said = _said(project, "start", "prestart", "build", "heroku-postbuild")
    inside = [f for f in GOES.findall(said) if project.facts.has(f"{f}/package.json")]
    inside += [f for path in RUNS.findall(said) if (f := own_package(project.facts, f"{path}/"))]
    return tuple(dict.fromkeys(inside))


def _said(project: Project, *names: str) -> str:
    return " ; ".join(whole(project.scripts, name) for name in names)


def installs(facts: Facts, folder: str, *, locked: bool = True) -> str:
    """The install of one such folder, in a subshell."""
    inner = facts.below_folder(folder)
    package = inner.json("package.json")
    own = manager(inner, package)
    command = install_command(own if locked else own.unlocked, package)
    return f"(cd {shlex.quote(folder)} && {command})"


def manifests(facts: Facts, folder: str) -> tuple[str, ...]:
    inner = facts.below_folder(folder)
    package = inner.json("package.json")
    own = manager(inner, package)
    return tuple(f"{folder}/{path}" for path in deps_files(inner, package, own.lock))


def setup(project: Project) -> str | None:
    """The project's own install scripts, and the `.env` that Node's `--env-file` insists on."""
    said = _said(project, "start", "build", "prestart")
    files = dict.fromkeys(path or ".env" for path, _ in ENV_FILE.findall(said))
    steps = [f"touch {' '.join(map(shlex.quote, files))}"] if files else []
    own = setup_command(project.package)
    steps += [*([own] if own else []), *_client(project)]
    return " && ".join(steps) or None


def _client(project: Project) -> list[str]:
    """Prisma's client is made of the schema, which is not there yet where the packages are installed."""
    schema = project.facts.has("prisma/schema.prisma", "schema.prisma") or "prisma" in project.package
    asked = any("prisma generate" in script for script in project.scripts.values())
    return ["npx prisma generate"] if schema and "prisma" in project.names and not asked else []
