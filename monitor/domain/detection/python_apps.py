"""Which application object of a Python project is the one to serve, and under what module name."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace

from monitor.domain.detection.facts import Facts
from monitor.domain.detection.python_known import MENTIONS, WSGI, WSGI_BEFORE
from monitor.domain.detection.python_source import App, Source, read_source

FILE_RANK = ("wsgi", "asgi", "app", "main", "server", "api", "application", "run", "index", "__init__")
MAX_FILES, MAX_SOURCE = 40, 128 * 1024
"""At most so many files and characters are parsed: about a millisecond for each 4 KiB."""
NAME_RANK = ("app", "application", "server", "api", "asgi_app", "wsgi_app", "create_app")


@dataclass(frozen=True, slots=True)
class Found:
    """An app in a file: `module` is importable when `base` (a folder, "" for the root) is on Python's path."""

    app: App
    path: str
    module: str
    base: str

    @property
    def address(self) -> str:
        """`module:name`, as gunicorn and uvicorn take it."""
        return f"{self.module}:{self.app.name}"


def _telling(facts: Facts) -> list[str]:
    """The files worth parsing: the upper ones and those that mention a framework, within a budget of bytes."""
    paths = [p for p in facts.texts if p.endswith(".py") and (p.count("/") == 0 or MENTIONS.search(facts.text(p)))]
    paths.sort(key=lambda p: (p.count("/"), file_rank(p), len(facts.text(p)), p))
    chosen: list[str] = []
    spent = 0
    for path in paths[:MAX_FILES]:
        spent += len(facts.text(path))
        if spent <= MAX_SOURCE or not chosen:
            chosen.append(path)
    return chosen


def file_rank(path: str) -> int:
    """How usual a file's name is for the one that holds the app."""
    stem = path.rpartition("/")[2].removesuffix(".py")
    return FILE_RANK.index(stem) if stem in FILE_RANK else len(FILE_RANK)


def read_all(facts: Facts) -> dict[str, Source]:
    """Every Python text, read; files that are not valid Python are left as problems."""
    read = {p: read_source(facts.text(p)) for p in _telling(facts)}
    facts.problems.extend(f"{p} {s.problem}" for p, s in sorted(read.items()) if s.problem)
    return read


def find_apps(facts: Facts, sources: dict[str, Source]) -> list[Found]:
    """Every application object, the one to serve first."""
    found = [
        Found(_of_its_version(facts, app), path, *module_of(facts, path, source))
        for path, source in sources.items()
        for app in (*source.apps, *_callable(source), *_borrowed(facts, path, source, sources))
    ]
    return sorted(found, key=_rank)


def _callable(source: Source) -> list[App]:
    return [factory for factory in source.factories if not factory.asks]


def _of_its_version(facts: Facts, app: App) -> App:
    asked = WSGI_BEFORE.get(app.kind)
    manifests = ("requirements.txt", "pyproject.toml", "Pipfile", "setup.py", "setup.cfg")
    old = asked is not None and any(asked.search(facts.text(path)) for path in manifests)
    return replace(app, interface=WSGI) if old else app


def _borrowed(facts: Facts, path: str, source: Source, sources: dict[str, Source]) -> list[App]:
    """Apps another file of the project makes: `app = create_app()`, `from shop import app`."""
    own = {f.name: f for f in source.factories}
    taken = {a.name for a in source.apps}
    apps: list[App] = []
    for name, full in source.assigned.items():
        maker = own.get(full) or _exported(facts, path, full, sources, factories=True)
        if maker and name not in taken:
            apps.append(replace(maker, name=name, factory=False, text=f"{name} = {full.rpartition('.')[2]}()"))
    for name, full in source.imports.items():
        app = _exported(facts, path, full, sources, factories=False)
        if app and name not in taken and _is_entry(path):
            module = full.rpartition(".")[0]
            apps.append(replace(app, name=name, text=f"{name} from {module or '.'}"))
    return apps


def _is_entry(path: str) -> bool:
    return path.rpartition("/")[2] in {"wsgi.py", "asgi.py", "run.py", "main.py", "app.py", "server.py"}


def _exported(facts: Facts, path: str, full: str, sources: dict[str, Source], *, factories: bool) -> App | None:
    module, _, name = full.rpartition(".")
    if full.startswith("."):
        up = len(full) - len(full.lstrip(".")) - 1
        folder = path.split("/")[:-1]
        folder = folder[: len(folder) - up] if up <= len(folder) else folder
        inner = full.lstrip(".").rpartition(".")[0]
        module = ".".join((*folder, inner) if inner else folder)
    if not name:
        return None
    for candidate in _files_of(facts, path, module):
        source = sources.get(candidate)
        if source and candidate != path:
            for app in source.factories if factories else source.apps:
                if app.name == name:
                    return app
    return None


def _files_of(facts: Facts, path: str, module: str) -> list[str]:
    """Where a module of the project can lie: from the root, from `src/`, or beside the importing file."""
    inner = module.replace(".", "/")
    folder = path.rpartition("/")[0]
    bases = ["", "src/", f"{folder}/" if folder else ""]
    names = [f"{b}{inner}{end}" for b in bases for end in (".py", "/__init__.py")] if inner else ["__init__.py"]
    return [n for n in dict.fromkeys(names) if facts.has(n)]


def module_of(facts: Facts, path: str, source: Source) -> tuple[str, str]:
    """The module name of a file and the folder it must be imported from."""
    parts = path.removesuffix(".py").split("/")
    folders = parts[:-1]
    depth = _base_depth(facts, folders, source)
    inside = [*parts[depth:-1], *([] if parts[-1] == "__init__" else parts[-1:])]
    return ".".join(inside) or parts[-1], "/".join(folders[:depth])


def _base_depth(facts: Facts, folders: list[str], source: Source) -> int:
    """How many of a file's folders are no packages: judged by `__init__.py`, then by what the file imports."""
    if not folders:
        return 0
    for depth in range(len(folders), 0, -1):
        if facts.has("/".join([*folders[:depth], "pyproject.toml"])):
            return depth + (folders[depth : depth + 1] == ["src"])
    by_top = any(m.partition(".")[0] == folders[0] for m in source.modules)
    if not by_top and not source.relative and _from_beside(facts, folders, source):
        return len(folders)
    for depth in range(len(folders)):
        if facts.has("/".join([*folders[: depth + 1], "__init__.py"])):
            return depth
    if by_top:
        return 0
    if source.relative:
        return max(len(folders) - 1, 0)
    return 1 if folders[0] == "src" else 0


def _from_beside(facts: Facts, folders: list[str], source: Source) -> bool:
    """Whether a file takes modules or folders that lie only beside it: it is started there, package or not."""
    folder = "/".join(folders)
    here = {m.split(".")[0] for m in source.modules if m and not m.startswith(".")} - sys.stdlib_module_names
    siblings = (m for m in here if facts.has(f"{folder}/{m}.py") or f"{folder}/{m}" in facts.folders)
    return any(not facts.has(f"{m}.py") and m not in facts.folders for m in siblings) or started_inside(
        facts, folder, source
    )


def started_inside(facts: Facts, folder: str, source: Source) -> bool:
    """Whether the folders a file names by a relative path are there only beside it: it is started where it lies."""
    return any(f"{folder}/{name}" in facts.folders and name not in facts.folders for name in source.folders)


def _rank(found: Found) -> tuple[int, int, int, int, str]:
    """Module variables before factories, entry files and usual names first, then the highest file."""
    name_rank = NAME_RANK.index(found.app.name) if found.app.name in NAME_RANK else len(NAME_RANK)
    depth = len([f for f in found.path.split("/")[:-1] if f != "src"])
    wrapped = 0 if found.app.kind == "socketio" else 1
    return (int(found.app.factory), min(depth, 1) * 3 + wrapped, file_rank(found.path), name_rank, found.path)
