"""Django: manage.py says the settings module; gunicorn serves the project's WSGI application."""

from __future__ import annotations

import re

from monitor.domain.detection.facts import Facts
from monitor.domain.detection.python_source import Source
from monitor.domain.detection.result import SURE
from monitor.domain.detection.start import Start, gunicorn

ASGI_WORKER, ASGI_NEEDS = "uvicorn_worker.UvicornWorker", ("uvicorn[standard]", "uvicorn-worker")
"""uvicorn below gunicorn, whose configuration of ours serves Django's static files (`gunicorn_conf.py`)."""


def django_start(facts: Facts, sources: dict[str, Source], names: frozenset[str]) -> Start | None:
    """The start of a Django project whose manage.py lies here or one folder down."""
    manage = next(iter(facts.matching(r"([\w-]+/)?manage\.py")), None)
    if manage is None or not _is_django(facts, manage, names):
        return None
    folder = manage.rpartition("/")[0]
    inside = f"{folder}/" if folder else ""
    settings = (sources[manage].settings if manage in sources else None) or _settings(facts, inside)
    text = _settings_text(facts, inside, settings)
    python = f"python {manage}"
    sqlite = "sqlite" in text or not text
    return Start(
        _command(facts, inside, folder, settings, text, names),
        f"{manage} uses {settings or 'Django'}",
        "Django's development server is not for serving",
        "django",
        SURE,
        needs=("django", "gunicorn", *(ASGI_NEEDS if _asgi(text, names) else ())),
        setup=f"{python} migrate --noinput" if sqlite else None,
        build=f"{python} collectstatic --noinput" if _collects(text, names) else None,
        data=tuple(f"{inside}{d}" for d in _data(text, sqlite=sqlite)),
        env=(("DJANGO_SETTINGS_MODULE", settings),) if settings else (),
    )


def _collects(text: str, names: frozenset[str]) -> bool:
    """Whether its pages name files that only `collectstatic` makes: whitenoise's, or names with a hash in them."""
    return "STATIC_ROOT" in text and ("whitenoise" in names or "ManifestStaticFilesStorage" in text)


def _is_django(facts: Facts, manage: str, names: frozenset[str]) -> bool:
    text = facts.text(manage)
    return "django" in text.lower() or ("django" in names and not text)


def _settings(facts: Facts, inside: str) -> str | None:
    """The settings module by its place, where manage.py does not say it plainly."""
    for path in facts.matching(rf"{re.escape(inside)}\w+/settings(\.py|/__init__\.py)"):
        return f"{path[len(inside) :].split('/')[0]}.settings"
    return None


def _settings_text(facts: Facts, inside: str, settings: str | None) -> str:
    """The texts of the settings module and its siblings (`base.py` beside `local.py`)."""
    if not settings:
        return ""
    path = inside + settings.replace(".", "/")
    folder = path.rpartition("/")[0]
    paths = [f"{path}.py", f"{path}/__init__.py", f"{path}/base.py", f"{folder}/base.py", f"{folder}/common.py"]
    return "\n".join(facts.text(p) for p in paths)


def _asgi(text: str, names: frozenset[str]) -> bool:
    return "ASGI_APPLICATION" in text and bool(names & {"channels", "daphne", "uvicorn"})


def _command(facts: Facts, inside: str, folder: str, settings: str | None, text: str, names: frozenset[str]) -> str:
    if _asgi(text, names):
        declared = re.search(r"^ASGI_APPLICATION\s*=\s*['\"]([\w.]+)\.(\w+)['\"]", text, re.MULTILINE)
        if declared:
            return gunicorn(f"{declared[1]}:{declared[2]}", worker=ASGI_WORKER, chdir=folder)
    declared = re.search(r"^WSGI_APPLICATION\s*=\s*['\"]([\w.]+)\.(\w+)['\"]", text, re.MULTILINE)
    if declared and facts.has(f"{inside}{declared[1].replace('.', '/')}.py"):
        return gunicorn(f"{declared[1]}:{declared[2]}", chdir=folder)
    found = facts.matching(rf"{re.escape(inside)}(\w+/)*wsgi\.py")
    top = (settings or "").partition(".")[0]
    found.sort(key=lambda p: (not p[len(inside) :].startswith(f"{top}/"), p.count("/")))
    if found:
        module = found[0][len(inside) :].removesuffix(".py").replace("/", ".")
        return gunicorn(f"{module}:application", chdir=folder)
    return gunicorn("django.core.wsgi:get_wsgi_application()", chdir=folder)


def _data(text: str, *, sqlite: bool) -> list[str]:
    """The SQLite file the settings name (Django's own template: `db.sqlite3`), and uploads."""
    named = re.findall(r"['\"/](?!django\.)([\w.-]+\.(?:sqlite3?|db))['\"]", text)
    media = re.search(r"^MEDIA_ROOT\s*=.*['\"]/?([\w-]+)/?['\"]", text, re.MULTILINE)
    files = named or (["db.sqlite3"] if sqlite else [])
    return [*dict.fromkeys(files), *([media[1]] if media else [])]
