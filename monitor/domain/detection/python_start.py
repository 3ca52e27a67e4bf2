"""How a Python project is started: Procfile, Django, an app object and its server, or a script."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace

from monitor.domain.detection.declared import WORKER, declared, worker
from monitor.domain.detection.django import django_start
from monitor.domain.detection.facts import Facts, table, word
from monitor.domain.detection.paste import paste_start
from monitor.domain.detection.python_apps import Found, find_apps, module_of
from monitor.domain.detection.python_known import ASGI, WEB, WORKERS, WSGI
from monitor.domain.detection.python_source import Source
from monitor.domain.detection.result import GUESS, LIKELY, SURE
from monitor.domain.detection.start import Start, gunicorn, uvicorn

SCRIPTS = ("main", "app", "server", "run", "index", "start", "serve", "api", "web", "bot", "hello", "__main__")


def start_of(facts: Facts, sources: dict[str, Source], names: frozenset[str]) -> Start | None:
    """The first of these ways that applies, or None."""
    said = declared(facts)
    django = django_start(facts, sources, names)
    apps = find_apps(facts, sources)
    if said:
        return _declared(said, django, apps)
    return (
        django
        or paste_start(facts)
        or _interactive(facts, sources, apps)
        or _served(sources, apps)
        or _mkdocs(facts)
        or worker(facts)
        or _script(facts, sources)
        or _entry(facts)
    )


def _declared(said: Start, django: Start | None, apps: list[Found]) -> Start:
    """A declared command, with what is known of the framework it serves."""
    servers = ("gunicorn", "uvicorn", "waitress", "hypercorn", "daphne")
    needs = tuple(n for n in servers if re.search(rf"(^|\s){n}\b", said.command))
    known = django or Start("", "", "", framework=apps[0].app.kind if apps else None)
    return replace(
        known,
        command=said.command,
        evidence=said.evidence,
        reason=said.reason,
        confidence=said.confidence,
        port=said.port,
        needs=needs,
    )


def _mkdocs(facts: Facts) -> Start | None:
    if not facts.has("mkdocs.yml"):
        return None
    material = "material" in facts.text("mkdocs.yml")
    command = "mkdocs serve --dev-addr $HOST:$PORT --no-livereload"
    because = "MkDocs serves the pages it builds"
    needs = ("mkdocs-material",) if material else ("mkdocs",)
    return Start(command, "mkdocs.yml describes a site", because, "mkdocs", LIKELY, needs=needs)


RUNNERS = {
    "streamlit": "streamlit run {0} --server.address $HOST --server.port $PORT --server.headless true",
    "chainlit": "chainlit run {0} --headless --host $HOST --port $PORT",
    "panel": "panel serve {0} --address $HOST --port $PORT --allow-websocket-origin '*'",
    "solara": "solara run {0} --host $HOST --port $PORT --production",
    "mesop": "mesop {0} --port $PORT --prod",
}
"""Imports of tools that run a script by a server of their own, with the command."""


def _interactive(facts: Facts, sources: dict[str, Source], apps: list[Found]) -> Start | None:
    """Pages of tools like Streamlit: every file that imports it may be one, the usual names first."""
    if any(a.app.interface in {WSGI, ASGI} for a in apps):
        return None
    for tool, command in RUNNERS.items():
        pages = [p for p, s in sources.items() if any(m.partition(".")[0] == tool for m in s.modules)]
        pages = [p for p in pages if not re.search(r"(^|/)pages/", p)]
        if pages:
            page = min(pages, key=lambda p: (p.count("/"), _script_rank(p), p))
            if tool == "mesop" and (start := _mesop(facts, page, sources[page])):
                return start
            because = f"{tool} pages are run by its own server"
            return Start(
                command.format(shlex.quote(page)), f"{page} imports {tool}", because, tool, SURE, needs=(tool,)
            )
    return None


def _mesop(facts: Facts, page: str, source: Source) -> Start | None:
    """Mesop by gunicorn, as its documentation deploys it: the imported module itself is the WSGI application."""
    name = next((n for n, full in source.imports.items() if full == "mesop"), None)
    if name is None:
        return None
    module, base = module_of(facts, page, source)
    because = "its own command runs Flask's development server"
    return Start(
        gunicorn(f"{module}:{name}", base),
        f"{page} imports mesop",
        because,
        "mesop",
        SURE,
        needs=("mesop", "gunicorn"),
    )


def _served(sources: dict[str, Source], apps: list[Found]) -> Start | None:
    for found in apps:
        start = _serve(sources[found.path], found)
        if start:
            return start
    return None


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
        command = gunicorn(found.address, found.base, worker="aiohttp.GunicornWebWorker")
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


DEFAULT_PORTS = {"aiohttp": 8080, "tornado": 8888, "bottle": 8080, "nicegui": 8080, "pyramid": 6543}
"""Ports of frameworks' own servers where the code names none."""

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
    servers = [p for p in servers if not _works(sources[p])]
    if servers:
        path = servers[0]
        known = next((m for m in sorted(DEFAULT_PORTS) if m in _tops(sources[path])), None)
        return _run(path, sources[path], f"{path} starts a server", "it listens by itself", known, LIKELY)
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
        WORKER if _works(sources[path]) else "it is the project's script; whether it listens on $PORT is not visible",
        None,
        GUESS,
    )


def _tops(source: Source) -> frozenset[str]:
    return frozenset(module.partition(".")[0] for module in source.modules)


def _works(source: Source) -> bool:
    """Whether it talks to a chat service or a queue and to no visitor."""
    return bool(_tops(source) & WORKERS) and not _tops(source) & WEB


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
