"""Scripts that go into folders with a package.json of their own, and files they cannot do without."""

from __future__ import annotations

import re
import shlex

from monitor.domain.detection.facts import Facts
from monitor.domain.detection.node_packages import deps_files, install_command, manager, setup_command
from monitor.domain.detection.node_project import Project, is_monorepo

GOES = re.compile(r"(?:\bcd|--prefix|--cwd|-C)[= ]+(?:\./)?([\w][\w./-]*?)/?(?=[\s;&]|$)")
ENV_FILE = re.compile(r"--env-file[= ](?:\./)?([\w.][\w./-]*)")


def folders(project: Project) -> tuple[str, ...]:
    """The folders the project's scripts go into whose packages nothing else installs."""
    if is_monorepo(project):
        return ()
    said = " ; ".join(project.scripts.get(name, "") for name in ("start", "prestart", "build", "heroku-postbuild"))
    return tuple(dict.fromkeys(f for f in GOES.findall(said) if project.facts.has(f"{f}/package.json")))


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
    said = " ".join(project.scripts.get(name, "") for name in ("start", "build", "prestart"))
    files = dict.fromkeys(ENV_FILE.findall(said))
    steps = [f"touch {' '.join(map(shlex.quote, files))}"] if files else []
    own = setup_command(project.manager, project.package)
    return " && ".join([*steps, *([own] if own else [])]) or None
