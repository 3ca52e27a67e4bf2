"""Python projects: the app object and its server, or the script that serves by itself."""

from __future__ import annotations

import re
import shlex

from monitor.domain.detection import procfile
from monitor.domain.detection.django import django_start
from monitor.domain.detection.facts import Facts, table, word
from monitor.domain.detection.python_apps import Found, find_apps, read_all
from monitor.domain.detection.python_packages import packages, version
from monitor.domain.detection.python_source import ASGI, WSGI, Source
from monitor.domain.detection.result import GUESS, INCOMPLETE, LIKELY, SURE, Detection
from monitor.domain.detection.start import Start, gunicorn, uvicorn
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
)
SCRIPTS = ("main", "app", "server", "run", "index", "start", "serve", "api", "web", "bot", "hello", "__main__")
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
    start = _start(facts, sources, found.names)
    servers = [s for s in (start.needs if start else ()) if re.split(r"[\[=<>]", s)[0] not in found.names]
    pin, pin_file = version(facts)
    confidence = (start.confidence if start else INCOMPLETE) - (0 if marked else 15)
    return Detection(
        ProjectType.PYTHON,
        reason=f"{found.evidence}; {start.reason if start else NEEDS}",
        evidence=_evidence(found.evidence, start, servers, pin, pin_file),
        confidence=max(confidence, INCOMPLETE),
        framework=start.framework if start else None,
        version=pin,
        version_from=pin_file,
        package_manager=found.manager,
        tools=found.tools,
        install=found.with_servers(servers),
        setup=(start.setup if start else None) or procfile.release(facts),
        build=start.build if start else None,
        start=start.command if start else None,
        port=(start.port or 8000) if start else None,
        data=tuple(dict.fromkeys([*(start.data if start else ()), *_data(facts, sources, found.names)])),
        env=start.env if start else (),
        exports=start.exports if start else (),
        deps_files=found.files,
    )


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


def _start(facts: Facts, sources: dict[str, Source], names: frozenset[str]) -> Start | None:
    command = procfile.web(facts)
    if command:
        needs = tuple(
            n
            for n in ("gunicorn", "uvicorn", "waitress", "hypercorn", "daphne")
            if re.search(rf"(^|\s){n}\b", command)
        )
        return Start(command, procfile.EVIDENCE, "Procfile says so", confidence=SURE, needs=needs)
    django = django_start(facts, sources, names)
    if django:
        return django
    apps = find_apps(facts, sources)
    return _interactive(facts, sources, apps) or _served(sources, apps) or _script(facts, sources) or _entry(facts)


def _interactive(facts: Facts, sources: dict[str, Source], apps: list[Found]) -> Start | None:
    """Streamlit pages: every top-level import of streamlit makes a page, the usual names first."""
    if any(a.app.interface in {WSGI, ASGI} for a in apps):
        return None
    pages = [p for p, s in sources.items() if any(m.partition(".")[0] == "streamlit" for m in s.modules)]
    pages = [p for p in pages if not re.search(r"(^|/)pages/", p)]
    if not pages:
        return None
    page = min(pages, key=lambda p: (p.count("/"), _script_rank(p), p))
    command = f"streamlit run {shlex.quote(page)} --server.address $HOST --server.port $PORT --server.headless true"
    return Start(
        command,
        f"{page} imports streamlit",
        "Streamlit pages are run by its own server",
        "streamlit",
        SURE,
        needs=("streamlit",),
    )


def _served(sources: dict[str, Source], apps: list[Found]) -> Start | None:
    for found in apps:
        start = _serve(sources[found.path], found)
        if start:
            return start
    return None


def _serve(source: Source, found: Found) -> Start | None:
    app, evidence = found.app, f"{found.path} defines `{found.app.text}`"
    address = f"{found.address}()" if app.factory else found.address
    if app.kind == "dash" and source.dash_server and not app.factory:
        address, because = (
            f"{found.module}:{source.dash_server}",
            f"`{source.dash_server}` is the Flask server behind Dash",
        )
        return Start(gunicorn(address, found.base), evidence, because, "dash", SURE, needs=("gunicorn",))
    if app.kind == "aiohttp" and not source.starts:
        command = gunicorn(found.address, found.base, worker="aiohttp.GunicornWebWorker")
        return Start(
            command, evidence, f"`{app.name}` is an aiohttp application", "aiohttp", SURE, needs=("gunicorn",)
        )
    if app.interface == WSGI:
        because = f"`{app.name}` is a WSGI application"
        return Start(gunicorn(address, found.base), evidence, because, app.kind, SURE, needs=("gunicorn",))
    if app.interface == ASGI:
        command = uvicorn(found.address, found.base, factory=app.factory)
        because = f"`{app.name}` is an ASGI application"
        return Start(command, evidence, because, app.kind, SURE, needs=("uvicorn[standard]",))
    if app.factory:
        return None
    return _run(found.path, source, evidence, f"it starts {app.kind}'s own server", app.kind, SURE)


DEFAULT_PORTS = {"aiohttp": 8080, "tornado": 8888, "bottle": 8080}
GRADIO = (("GRADIO_SERVER_NAME", "$HOST"), ("GRADIO_SERVER_PORT", "$PORT"))


def _run(path: str, source: Source, evidence: str, because: str, framework: str | None, confidence: int) -> Start:
    port = None if source.reads_port else source.port or DEFAULT_PORTS.get(framework or "")
    exports = GRADIO if framework == "gradio" else ()
    port = None if framework in {"gradio", "dash"} and not source.port else port
    return Start(f"python {shlex.quote(path)}", evidence, because, framework, confidence, port=port, exports=exports)


def _script(facts: Facts, sources: dict[str, Source]) -> Start | None:
    """A script that starts a server itself; then any script with a usual name, or the only one there is."""
    usable = [
        p
        for p in sources
        if p.count("/") <= 1 and not re.search(r"(^|/)(setup|conftest|test_\w+|\w+_test|noxfile|tasks)\.py$", p)
    ]
    usable = [p for p in usable if "/" not in p or p.startswith("src/") or sources[p].starts]
    servers = sorted((p for p in usable if sources[p].starts), key=lambda p: (p.count("/"), _script_rank(p), p))
    if servers:
        path = servers[0]
        return _run(path, sources[path], f"{path} starts a server", "it listens by itself", None, LIKELY)
    named = sorted(
        (p for p in usable if _script_rank(p) < len(SCRIPTS)), key=lambda p: (p.count("/"), _script_rank(p), p)
    )
    path = named[0] if named else usable[0] if len(usable) == 1 else ""
    if not path:
        return None
    return _run(
        path,
        sources[path],
        path,
        "it is the project's script; whether it listens on $PORT is not visible",
        None,
        GUESS,
    )


def _script_rank(path: str) -> int:
    stem = path.rpartition("/")[2].removesuffix(".py").lower()
    return SCRIPTS.index(stem) if stem in SCRIPTS else len(SCRIPTS)


def _entry(facts: Facts) -> Start | None:
    """A package that runs by `python -m`, or a script the project declares."""
    for path in facts.matching(r"(src/)?\w+/__main__\.py"):
        module = path.split("/")[-2]
        env = (("PYTHONPATH", "src"),) if path.startswith("src/") else ()
        return Start(f"python -m {module}", path, "the package runs by itself", confidence=GUESS, env=env)
    scripts = table(facts.toml("pyproject.toml"), "project", "scripts") or table(
        facts.toml("pyproject.toml"), "tool", "poetry", "scripts"
    )
    for name, target in scripts.items():
        module, _, function = (word(target) or "").partition(":")
        if re.fullmatch(r"[\w.]+", module) and re.fullmatch(r"\w+", function):
            env = (("PYTHONPATH", "src"),) if "src" in facts.folders else ()
            code = f"from {module} import {function}; {function}()"
            return Start(
                f'python -c "{code}"',
                f"pyproject.toml declares the script {name}",
                f"`{name}` runs {target}",
                confidence=GUESS,
                env=env,
            )
    return None


def _data(facts: Facts, sources: dict[str, Source], names: frozenset[str]) -> list[str]:
    """SQLite files named in the sources; Flask-SQLAlchemy keeps relative ones in `instance/`."""
    instance = "flask-sqlalchemy" in names or any("flask_sqlalchemy" in s.modules for s in sources.values())
    found: list[str] = []
    for path, source in sorted(sources.items()):
        if source.data and not path.startswith(("tests/", "test")):
            found += ["instance"] if instance else [d for d in source.data if _inside(d)]
    return [d for d in dict.fromkeys(found) if d not in facts.folders or d == "instance"]


def _inside(path: str) -> bool:
    return not path.startswith("/") and ".." not in path.split("/")
