"""How a Python project is started: Procfile, Django, an app object and its server, or a script."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace

from monitor.domain.detection.declared import WORKER, declared, release, worker
from monitor.domain.detection.django import django_start
from monitor.domain.detection.facts import Facts, table, word
from monitor.domain.detection.paste import paste_start
from monitor.domain.detection.python_apps import Found, find_apps, started_inside
from monitor.domain.detection.python_known import ASGI, WEB, WORKERS, WSGI
from monitor.domain.detection.python_source import Source
from monitor.domain.detection.python_tables import by_its_script, making
from monitor.domain.detection.python_tools import GRADIO, SCRIPTS, TOLD, interactive, script_rank, tool_of, tops
from monitor.domain.detection.result import GUESS, LIKELY, SURE
from monitor.domain.detection.start import Start, gunicorn, uvicorn


def start_of(facts: Facts, sources: dict[str, Source], names: frozenset[str]) -> Start | None:
    """The first of these ways that applies, or None."""
    said = declared(facts)
    django = django_start(facts, sources, names)
    apps = find_apps(facts, sources)
    if said:
        return replace(_declared(said, django, apps, sources), setup=_setup(facts, sources, django, apps, names))
    return (
        django
        or paste_start(facts)
        or interactive(facts, sources, apps)
        or _served(facts, sources, apps, names)
        or _mkdocs(facts)
        or worker(facts)
        or _script(sources)
        or _entry(facts)
    )


def _declared(said: Start, django: Start | None, apps: list[Found], sources: dict[str, Source]) -> Start:
    """A declared command, with what is known of the framework it serves."""
    tool = tool_of(said.command, sources)
    servers = ("gunicorn", "uvicorn", "waitress", "hypercorn", "daphne")
    needs = tuple(n for n in (*servers, tool) if n and re.search(rf"(^|\s){n}\b", said.command))
    known = django or Start("", "", "", framework=tool or (apps[0].app.kind if apps else None))
    return replace(
        known,
        command=said.command,
        evidence=said.evidence,
        reason=said.reason,
        confidence=said.confidence,
        port=said.port,
        needs=needs,
        exports=TOLD.get(tool, ()),
    )


def _mkdocs(facts: Facts) -> Start | None:
    if not facts.has("mkdocs.yml"):
        return None
    material = "material" in facts.text("mkdocs.yml")
    command = "mkdocs serve --dev-addr $HOST:$PORT --no-livereload"
    because = "MkDocs serves the pages it builds"
    needs = ("mkdocs-material",) if material else ("mkdocs",)
    return Start(command, "mkdocs.yml describes a site", because, "mkdocs", LIKELY, needs=needs)


def _setup(
    facts: Facts, sources: dict[str, Source], django: Start | None, apps: list[Found], names: frozenset[str]
) -> str | None:
    """What a declared command needs before it, unless the project says that itself."""
    if django or release(facts) or not apps:
        return django.setup if django else None
    return making(facts, sources, apps[0], names)


def _served(facts: Facts, sources: dict[str, Source], apps: list[Found], names: frozenset[str]) -> Start | None:
    for found in apps:
        start = _serve(sources[found.path], found)
        if start and found.base and started_inside(facts, found.base, sources[found.path]):
            start = replace(start, command=_inside(start.command, found.base))
        if start is None:
            continue
        if found.app.kind == "dash" and (whole := _dash_of(sources, found)):
            return whole
        own = _by_itself(facts, sources, found, names) if found.app.kind == "flask" else None
        if own:
            path, because = own
            return _run(path, sources[path], f"{path} starts a server", because, "flask", SURE)
        return replace(start, setup=making(facts, sources, found, names))
    return None


def _by_itself(
    facts: Facts, sources: dict[str, Source], found: Found, names: frozenset[str]
) -> tuple[str, str] | None:
    """The script of a Flask project that must serve by itself, and why."""
    script = by_its_script(facts, sources, found, names)
    if script and not script.plain:
        return script.path, "it makes its tables, then serves"
    if names & {"eventlet", "gevent", "gevent-websocket"}:
        places = sorted(
            (p for p, s in sources.items() if s.main and "/" not in p), key=lambda p: (p != found.path, p)
        )
        path = next((p for p in places if SOCKETS_RUN.search(facts.text(p))), None)
        return (path, "Flask-SocketIO brings the server that fits eventlet or gevent") if path else None
    return None


def _inside(command: str, folder: str) -> str:
    """The command, run in a folder of the project: one of its relative paths leads there."""
    bare = re.sub(rf" (--app-dir|--pythonpath|--chdir) {re.escape(shlex.quote(folder))}(?= )", "", command)
    script = re.sub(rf"^python {re.escape(folder)}/", "python ", bare)
    return f"cd {shlex.quote(folder)} && {script}"


def _serve(source: Source, found: Found) -> Start | None:
    """The server for one app object; None where it cannot be served by its address."""
    app, evidence = found.app, f"{found.path} defines `{found.app.text}`"
    address = f"{found.address}()" if app.factory else found.address
    if app.kind == "dash" and source.dash_server and not app.factory:
        address, because = (
            f"{found.module}:{source.dash_server}",
            f"`{source.dash_server}` is the Flask server behind Dash",
        )
        return Start(gunicorn(address, found.base), evidence, because, "dash", SURE, needs=("gunicorn",))
    if app.kind == "aiohttp" and not source.starts:
        called = f"{found.address}()" if app.factory and not app.waits else found.address
        command = gunicorn(called, found.base, worker="aiohttp.GunicornWebWorker")
        return Start(
            command, evidence, f"`{app.name}` is an aiohttp application", "aiohttp", SURE, needs=("gunicorn",)
        )
    if source.starts_on_import and app.kind != "flask":
        return _run(found.path, source, evidence, "importing it starts its own server", app.kind, SURE)
    if app.interface == WSGI:
        because = f"`{app.name}` is a WSGI application"
        env = (("FLASK_RUN_FROM_CLI", "true"),) if source.starts_on_import else ()
        return Start(gunicorn(address, found.base), evidence, because, app.kind, SURE, needs=("gunicorn",), env=env)
    if app.interface == ASGI:
        command = uvicorn(found.address, found.base, factory=app.factory)
        because = f"`{app.name}` is an ASGI application"
        return Start(command, evidence, because, app.kind, SURE, needs=("uvicorn[standard]",))
    if app.factory:
        return None
    return _run(found.path, source, evidence, f"it starts {app.kind}'s own server", app.kind, SURE)


def _dash_of(sources: dict[str, Source], found: Found) -> Start | None:
    """Dash of two files, as its older guide had it: `index.py` gives the app of `app.py` its layout."""
    app = f"{found.module}.{found.app.name}"
    server = f"{found.module}.{sources[found.path].dash_server}"
    for path, source in sources.items():
        if path == found.path or "/" in path or not (source.main and source.starts):
            continue
        if app in source.imports.values():
            evidence, because = f"{path} takes `{found.app.name}` from {found.path}", "it gives the app its layout"
            name = next((n for n, full in source.imports.items() if full == server), None)
            if name is None:
                return _run(path, source, evidence, because, "dash", SURE)
            command = gunicorn(f"{path.removesuffix('.py')}:{name}")
            return Start(command, evidence, because, "dash", SURE, needs=("gunicorn",))
    return None


SOCKETS_RUN = re.compile(r"\b(?:\w*socketio|sio)\.run\(", re.IGNORECASE)
DEFAULT_PORTS = {"aiohttp": 8080, "cherrypy": 8080, "tornado": 8888, "bottle": 8080, "nicegui": 8080, "pyramid": 6543}
"""Ports of frameworks' own servers where the code names none."""


def _run(path: str, source: Source, evidence: str, because: str, framework: str | None, confidence: int) -> Start:
    port = None if source.reads_port else source.port or DEFAULT_PORTS.get(framework or "")
    exports = GRADIO if framework == "gradio" else ()
    port = None if framework in {"gradio", "dash"} and not source.port else port
    return Start(f"python {shlex.quote(path)}", evidence, because, framework, confidence, port=port, exports=exports)


def _script(sources: dict[str, Source]) -> Start | None:
    """A script that starts a server itself; then any script with a usual name, or the only one there is."""
    usable = [
        p
        for p in sources
        if p.count("/") <= 1 and not re.search(r"(^|/)(setup|conftest|test_\w+|\w+_test|noxfile|tasks)\.py$", p)
    ]
    usable = [p for p in usable if "/" not in p or p.startswith("src/") or sources[p].starts]
    servers = sorted((p for p in usable if sources[p].starts), key=lambda p: (p.count("/"), script_rank(p), p))
    servers = [p for p in servers if not _works(sources[p])]
    if servers:
        path = servers[0]
        imported = tops(sources[path])
        known = next((m for m in sorted({*DEFAULT_PORTS, "gradio"}) if m in imported), None)
        if known is None and sources[path].launches and any("gradio" in tops(s) for s in sources.values()):
            known = "gradio"
        return _run(path, sources[path], f"{path} starts a server", "it listens by itself", known, LIKELY)
    named = sorted(
        (p for p in usable if script_rank(p) < len(SCRIPTS)), key=lambda p: (p.count("/"), script_rank(p), p)
    )
    path = named[0] if named else usable[0] if len(usable) == 1 else ""
    if not path:
        return None
    return _run(
        path,
        sources[path],
        path,
        WORKER if _works(sources[path]) else "it is the project's script; whether it listens on $PORT is not visible",
        None,
        GUESS,
    )


def _works(source: Source) -> bool:
    """Whether it talks to a chat service or a queue and to no visitor."""
    return bool(tops(source) & WORKERS) and not tops(source) & WEB


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
