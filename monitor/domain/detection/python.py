"""Python projects: their manifest, and the server for what they hold."""

from __future__ import annotations

import re

from monitor.domain.detection.declared import release
from monitor.domain.detection.facts import Facts
from monitor.domain.detection.python_apps import read_all
from monitor.domain.detection.python_env import sample_file, stand_ins
from monitor.domain.detection.python_extras import own_metadata, without_windows
from monitor.domain.detection.python_packages import packages, version
from monitor.domain.detection.python_plain import plain_install
from monitor.domain.detection.python_source import Source
from monitor.domain.detection.python_start import start_of
from monitor.domain.detection.python_tables import databases
from monitor.domain.detection.result import INCOMPLETE, Detection
from monitor.domain.detection.start import Start
from monitor.domain.launch import ProjectType

MARKS = (
    "requirements.txt",
    "pyproject.toml",
    "Pipfile",
    "setup.py",
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "manage.py",
    "mkdocs.yml",
)

_NOT_ITS_DATA = re.compile(r"^tests?|(^|/)settings(/|\w*\.py$)")
"""Django's settings are read for themselves."""
NEEDS = (
    "no WSGI or ASGI app object, no manage.py and no main.py or app.py: "
    "add a `web:` line to Procfile or `start:` to slipway.yaml"
)


def detect(facts: Facts) -> Detection | None:
    """A Python project, or None where nothing speaks of Python."""
    python = [p for p in facts.files if p.endswith(".py")]
    marked = facts.has(*MARKS) or bool(facts.matching(r"requirements/\w+\.txt"))
    if not marked and not any("/" not in p or p.startswith("src/") for p in python):
        return None
    sources = read_all(facts)
    found = packages(facts, sources)
    if found is None:
        return None
    start = start_of(facts, sources, found.names)
    servers = [s for s in (start.needs if start else ()) if re.split(r"[\[=<>]", s)[0] not in found.names]
    install = found.with_servers(servers)
    if bare := without_windows(facts, found.names, found.files):
        install = f"{install} && .venv/bin/pip install --force-reinstall --no-deps {' '.join(bare)}"
    if install and (own := own_metadata(facts)):
        install = f"{install} && {own}"
    given = stand_ins(facts) if start else ()
    pin, pin_file = version(facts)
    confidence = (start.confidence if start else INCOMPLETE) - (0 if marked else 15)
    return Detection(
        ProjectType.PYTHON,
        reason=f"{found.evidence}; {start.reason if start else _needs(facts)}",
        evidence=(*_evidence(found.evidence, start, servers, pin, pin_file), *_stand_ins(facts, given)),
        confidence=max(confidence, INCOMPLETE),
        framework=start.framework if start else None,
        version=pin,
        version_from=pin_file,
        package_manager=found.manager,
        tools=found.tools,
        install=install,
        install_otherwise=_otherwise(found.relocked(install), plain_install(facts, found.manager, servers)),
        setup=(start.setup if start else None) or release(facts),
        build=start.build if start else None,
        start=start.command if start else None,
        port=(start.port or 8000) if start else None,
        data=tuple(dict.fromkeys([*(start.data if start else ()), *_data(facts, sources)])),
        env=start.env if start else (),
        exports=(*start.exports, *given) if start else (),
        deps_files=found.files,
    )


def _otherwise(*installs: str | None) -> str | None:
    """What is tried one after the other where the install fails: a lock file made anew, then pip alone."""
    return " || ".join(f"{{ {one}; }}" for one in installs if one) or None


def _needs(facts: Facts) -> str:
    notebook = next(iter(facts.matching(r"(?:[^/]+/)?[^/]+\.ipynb")), None)
    return f"{notebook} is a notebook, which is no server: {NEEDS}" if notebook else NEEDS


def _evidence(
    manifest: str, start: Start | None, servers: list[str], pin: str | None, pin_file: str | None
) -> tuple[str, ...]:
    lines = [manifest]
    if start:
        lines += [start.evidence, f"starts with {start.command} because {start.reason}"]
    if servers:
        lines.append(f"also installs {', '.join(servers)}, which the project does not name")
    if pin:
        lines.append(f"{pin_file} asks for Python {pin}")
    return tuple(lines)


def _stand_ins(facts: Facts, given: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    if not given:
        return ()
    names = ", ".join(name for name, _ in given[:6])
    return (f"without a .env, {names} come from {sample_file(facts) or 'a secret made at each start'}",)


def _data(facts: Facts, sources: dict[str, Source]) -> list[str]:
    """SQLite files named in the sources; Flask's own lie in `instance/`."""
    named = {path: source for path, source in sources.items() if not _NOT_ITS_DATA.search(path)}
    found = [
        place.rstrip("/") if place == "instance/" else f"{place}{name}"
        for name, place in databases(facts, named)
        if _inside(name)
    ]
    return [d for d in dict.fromkeys(found) if d not in facts.folders or d == "instance"]


def _inside(path: str) -> bool:
    return not path.startswith("/") and ".." not in path.split("/")
