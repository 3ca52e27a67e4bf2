"""How a Python project says what it depends on: package manager, install command, pins."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from monitor.domain.detection.facts import Facts, table, word, words
from monitor.domain.detection.pins import NONE, Pin, choose, clean, from_files, from_tools
from monitor.domain.detection.python_extras import CONDA, conda_pip, conda_python, members, setup_requires
from monitor.domain.detection.python_source import Source

REQUIREMENTS = (
    "requirements.txt",
    *(f"requirements/{name}.txt" for name in ("production", "prod", "base", "requirements", "main")),
    "requirements-prod.txt",
    "requirements.in",
)
OTHERS = re.compile(r"(requirements?[\w.-]*|reqs)\.txt|requirements?/[\w.-]+\.txt")
NOT_TO_RUN = re.compile(r"(^|[/_.-])(dev\w*|tests?|testing|docs?|lint\w*|ci|local|constraints?)(?=[/_.-])")
POETRY = "POETRY_VIRTUALENVS_IN_PROJECT=true poetry install"
VENV = "python3 -m venv .venv"
TOOLS = "python3 -m venv .slipway/tools && .slipway/tools/bin/pip install --quiet {0}"
SAME = (
    *(
        "flask",
        "fastapi",
        "starlette",
        "django",
        "aiohttp",
        "streamlit",
        "gradio",
        "dash",
        "bottle",
        "falcon",
        "quart",
    ),
    *("tornado", "sanic", "litestar", "requests", "httpx", "jinja2", "sqlalchemy", "pydantic", "numpy", "pandas"),
    *("plotly", "nicegui", "cherrypy", "pyramid", "matplotlib", "markdown", "websockets", "aiosqlite"),
)
GUESSES = {name: name for name in SAME} | {
    "flask_sqlalchemy": "flask-sqlalchemy",
    "flask_cors": "flask-cors",
    "flask_socketio": "flask-socketio",
    "fasthtml": "python-fasthtml",
    "yaml": "pyyaml",
    "dotenv": "python-dotenv",
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
}
"""Distribution names for imports of a folder that has no manifest at all."""


@dataclass(frozen=True, slots=True)
class Packages:
    """The dependencies of a project by normalised name, and how they are installed into `.venv`."""

    manager: str
    names: frozenset[str]
    evidence: str
    files: tuple[str, ...]
    install: str | None
    tools: str | None = None

    def relocked(self, install: str | None) -> str | None:
        """`install` for a lock file that no longer fits its manifest; only Poetry refuses such a one."""
        if self.manager != "poetry" or install is None:
            return None
        return install.replace(POETRY, f"poetry lock --no-interaction && {POETRY}")

    def with_servers(self, servers: list[str]) -> str | None:
        """The install command that also brings the servers the project forgot."""
        extra = " ".join(shlex.quote(s) for s in servers)
        if not extra:
            return self.install
        if self.manager == "uv":
            return f"{self.install} && uv pip install {extra}"
        if self.manager == "pip" and self.install and ".venv/bin/pip install" in self.install:
            return f"{self.install} {extra}"
        before = self.install or VENV
        return f"{before} && .venv/bin/pip install {extra}"


def packages(facts: Facts, sources: dict[str, Source]) -> Packages | None:
    """The way this project installs, by lock file, then manifest, then imports; None for no Python at all."""
    project = facts.toml("pyproject.toml")
    names = _names(facts)
    local = _local(facts)
    if facts.has("uv.lock"):
        files = _present(facts, "pyproject.toml", "uv.lock", ".python-version", "uv.toml", *local)
        inside = members(facts, project)
        every = " --all-packages" if inside else ""
        command = f"{VENV} && uv sync --frozen --no-dev --no-install-project{every} --python .venv/bin/python"
        files = tuple(dict.fromkeys([*files, *inside]))[:1000]
        return Packages("uv", names, "uv.lock", files, command, TOOLS.format("uv"))
    if facts.has("poetry.lock") or table(project, "tool", "poetry", "dependencies"):
        files = _present(facts, "pyproject.toml", "poetry.lock", "poetry.toml", *local)
        command = f"{VENV} && {POETRY} --no-interaction --no-root --only main"
        evidence = "poetry.lock" if facts.has("poetry.lock") else "pyproject.toml has [tool.poetry]"
        return Packages("poetry", names, evidence, files, command, TOOLS.format("poetry"))
    if facts.has("pdm.lock"):
        files = _present(facts, "pyproject.toml", "pdm.lock", *local)
        # Releases of what PDM itself needs have broken it: it names those it was tested with.
        tools = TOOLS.format("'pdm[locked]'")
        return Packages("pdm", names, "pdm.lock", files, f"{VENV} && pdm sync --prod --no-self", tools)
    if facts.has("Pipfile") and not facts.has("requirements.txt"):
        locked = facts.has("Pipfile.lock")
        command = f"{VENV} && pipenv {'sync' if locked else 'install --skip-lock'}"
        files = _present(facts, "Pipfile", "Pipfile.lock", *local)
        return Packages(
            "pipenv", names, "Pipfile.lock" if locked else "Pipfile", files, command, TOOLS.format("pipenv")
        )
    return _by_pip(facts, names, local, sources)


def _by_pip(facts: Facts, names: frozenset[str], local: list[str], sources: dict[str, Source]) -> Packages | None:
    requirements = requirements_file(facts)
    project = table(facts.toml("pyproject.toml"), "project")
    if requirements:
        files = tuple(dict.fromkeys([*_included(facts, requirements), *local]))
        return Packages(
            "pip", names, requirements, files, f"{VENV} && .venv/bin/pip install -r {shlex.quote(requirements)}"
        )
    if words(project.get("dependencies")):
        wanted = " ".join(shlex.quote(d) for d in words(project.get("dependencies")))
        return Packages(
            "pip", names, "pyproject.toml", ("pyproject.toml",), f"{VENV} && .venv/bin/pip install {wanted}"
        )
    if facts.has("pyproject.toml") and (project or not facts.text("pyproject.toml")):
        return Packages("pip", names, "pyproject.toml", ("pyproject.toml",), VENV)
    if facts.has("setup.py", "setup.cfg"):
        files = tuple(_present(facts, "setup.py", "setup.cfg", "pyproject.toml", "README.md", "README.rst"))
        wanted = " ".join(shlex.quote(d) for d in setup_requires(facts))
        command = f"{VENV} && .venv/bin/pip install {wanted}" if wanted else VENV
        return Packages("pip", names, files[0], files, command)
    if facts.has("mkdocs.yml"):
        return Packages("pip", names, "mkdocs.yml", (), VENV)
    if not sources:
        return None
    tops = {m.partition(".")[0] for s in sources.values() for m in s.modules}
    guessed = sorted(GUESSES[t] for t in tops if t in GUESSES)
    listed = conda_pip(facts)
    if listed:
        wanted = " ".join(shlex.quote(one) for one in dict.fromkeys([*listed, *_without(guessed, listed)]))
        path = facts.first(*CONDA) or ""
        return Packages("pip", frozenset(guessed), path, (path,), f"{VENV} && .venv/bin/pip install {wanted}")
    install = f"{VENV} && .venv/bin/pip install {' '.join(guessed)}" if guessed else None
    said = f"no requirements file; imports {', '.join(guessed)}" if guessed else "imports the standard library only"
    return Packages("pip", frozenset(guessed), said, (), install)


def _without(guessed: list[str], listed: list[str]) -> list[str]:
    """The guessed ones that are not listed with a version of their own."""
    said = {re.split(r"[^\w.-]", one)[0].lower().replace("_", "-") for one in listed}
    return [one for one in guessed if one not in said]


def requirements_file(facts: Facts) -> str | None:
    """The requirements file to install: in its usual place, as pyproject.toml names it, or whatever it is called."""
    project = facts.toml("pyproject.toml")
    said = table(project, "tool", "setuptools", "dynamic", "dependencies").get("file")
    named = [said] if isinstance(said, str) else words(said)
    if found := facts.first(*REQUIREMENTS, *named):
        return found
    if table(project, "project") or table(project, "tool", "poetry") or facts.has("Pipfile", "setup.py"):
        return None
    others = [p for p in sorted(facts.files, key=lambda p: (p.count("/"), p)) if OTHERS.fullmatch(p)]
    return next((p for p in others if not NOT_TO_RUN.search(p)), others[0] if others else None)


def _present(facts: Facts, *paths: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(p for p in paths if facts.has(p)))


def _included(facts: Facts, path: str, seen: tuple[str, ...] = ()) -> list[str]:
    """A requirements file and every file it includes by `-r` or `-c`, inside the folder."""
    if path in seen or not facts.has(path) or len(seen) > 20:
        return []
    found = [path]
    folder = path.rpartition("/")[0]
    for line in facts.text(path).splitlines():
        match = re.match(r"\s*(?:-r|-c|--requirement|--constraint)[\s=]+(\S+)", line)
        if match:
            found += _included(facts, _joined(folder, match[1]), (*seen, *found))
    return found


def _joined(folder: str, name: str) -> str:
    parts: list[str] = folder.split("/") if folder else []
    for part in name.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts)


def _local(facts: Facts) -> list[str]:
    """Every file of a local path that a manifest names as a dependency (`./lib`, `-e lib`, `{path = "lib"}`)."""
    folders: list[str] = []
    for path in _included(facts, requirements_file(facts) or ""):
        for line in facts.text(path).splitlines():
            match = re.match(r"\s*(?:-e\s+|--editable[\s=]+)?(\.{0,2}/?[\w./-]+)\s*(?:#.*)?$", line)
            if match and ("/" in match[1] or match[1] == "." or line.strip().startswith("-e")):
                folders.append(_joined("", match[1]))
    project = facts.toml("pyproject.toml")
    sections = (
        table(project, "tool", "uv", "sources"),
        table(project, "tool", "poetry", "dependencies"),
        table(facts.toml("Pipfile"), "packages"),
    )
    folders += [
        _joined("", p)
        for s in sections
        for v in s.values()
        if (p := word(v.get("path") if isinstance(v, dict) else None))
    ]
    files = [f for folder in folders for f in (facts.below(folder) if folder else sorted(facts.files))]
    return [f for f in files if not f.startswith(".slipway/")][:500]


def _names(facts: Facts) -> frozenset[str]:
    """Normalised names of the declared dependencies."""
    declared: list[str] = []
    for path in _included(facts, requirements_file(facts) or ""):
        declared += [line for line in facts.text(path).splitlines() if not line.lstrip().startswith(("#", "-"))]
    project = facts.toml("pyproject.toml")
    declared += words(table(project, "project").get("dependencies"))
    for group in table(project, "project", "optional-dependencies").values():
        declared += words(group)
    declared += [*table(project, "tool", "poetry", "dependencies"), *table(facts.toml("Pipfile"), "packages")]
    declared += setup_requires(facts)
    found = (re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)", d) for d in declared)
    return frozenset(re.sub(r"[-_.]+", "-", m[1]).lower() for m in found if m)


def version(facts: Facts) -> Pin:
    """The Python version the project asks for, and where."""
    project = facts.toml("pyproject.toml")
    requires = table(facts.toml("Pipfile"), "requires")
    return choose(
        _plain(from_files(facts, ".python-version", "runtime.txt")),
        from_tools(facts, "python"),
        (clean(word(requires.get("python_full_version")) or word(requires.get("python_version"))), "Pipfile"),
        (clean(word(table(project, "project").get("requires-python"))), "pyproject.toml"),
        (clean(word(table(project, "tool", "poetry", "dependencies").get("python"))), "pyproject.toml"),
        (clean(_setup_py(facts)), "setup.py"),
        conda_python(facts),
    )


def _plain(pin: Pin) -> Pin:
    """pyenv's files may name an environment instead of a version."""
    return pin if re.match(r"[\d<>=~^!]|pypy", pin[0] or "") else NONE


def _setup_py(facts: Facts) -> str | None:
    texts = f"{facts.text('setup.py')}\n{facts.text('setup.cfg')}"
    match = re.search(r"python_requires\s*=\s*['\"]?([^'\"\n]+)", texts)
    return match[1].strip() if match else None
