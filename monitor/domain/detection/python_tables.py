"""How a Flask project makes its tables before it answers: its script, its migrations, its own `flask` command."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from monitor.domain.detection.facts import Facts
from monitor.domain.detection.python_apps import Found
from monitor.domain.detection.python_known import STARTERS
from monitor.domain.detection.python_source import Source
from monitor.domain.detection.python_syntax import is_main

MAKES = re.compile(
    r"(?:^|[._])(?:create_all|create_tables?|(?:init|create|setup|seed|populate|prepare|make|build)_?(?:db|database|tables?|schema)"
    r"|db_?(?:init|create|setup)|initiali[sz]e_?(?:db|database)|migrate|upgrade)$",
    re.IGNORECASE,
)
"""Calls that make tables, by name."""
COMMANDS = re.compile(r"(?:init|create|setup)[-_]?(?:db|database|tables)|db[-_](?:init|create)", re.IGNORECASE)
_COMMAND = re.compile(
    r"@(?:\w{1,30}\.){0,3}command\(\s*(?:name\s*=\s*)?"
    r"(?:['\"](?P<said>[\w-]{2,40})['\"]|\)\s*?\n(?:@[^\n]{0,80}\n)?def (?P<named>\w{2,40}))"
)
_PATIENCE_S = 60


@dataclass(frozen=True, slots=True)
class Script:
    """A script that makes tables and then serves; `plain`: by `app.run()`, which can be left out."""

    path: str
    plain: bool


def by_its_script(facts: Facts, sources: dict[str, Source], found: Found, names: frozenset[str]) -> Script | None:
    """The script whose `__main__` part makes tables before it serves.

    Who imports the application instead never comes past that part.
    """
    places = sorted((p for p, s in sources.items() if s.main and "/" not in p), key=lambda p: (p != found.path, p))
    for path in places:
        calls = list(_calls_of_main(facts.text(path)))
        if not any(MAKES.search(call) for call in calls) or not sources[path].starts:
            continue
        runs = [call for call in calls if call.endswith(".run") and not STARTERS.search(call)]
        sockets = {name for name, full in sources[path].assigned.items() if full.endswith("SocketIO")}
        green = bool(names & {"eventlet", "gevent"}) and any(call.partition(".")[0] in sockets for call in runs)
        return Script(path, plain=bool(runs) and not green)
    return None


def making(facts: Facts, sources: dict[str, Source], found: Found, names: frozenset[str]) -> str | None:
    """The command that makes the tables; where it fails that is said, and the project is served all the same."""
    if facts.has("alembic.ini") and "alembic" in names and any(s.data for s in sources.values()):
        return _patiently("alembic upgrade head")
    if found.app.kind != "flask":
        return None
    address = f"{found.address}()" if found.app.factory else found.address
    flask = f"flask --app {shlex.quote(address)}"
    flask = f"PYTHONPATH={shlex.quote(found.base)} {flask}" if found.base else flask
    if facts.has("migrations/env.py") and any("flask_migrate" in s.modules for s in sources.values()):
        return _patiently(f"{flask} db upgrade")
    script = by_its_script(facts, sources, found, names)
    if script:
        run = f"FLASK_RUN_FROM_CLI=true timeout {_PATIENCE_S} python {shlex.quote(script.path)}"
        return _patiently(run) if script.plain else None
    return _by_command(facts, sources, flask)


def _by_command(facts: Facts, sources: dict[str, Source], flask: str) -> str | None:
    """`flask init-db` and the like, for the first start alone: such a command empties what is there."""
    found = [m for path in sources for m in _COMMAND.finditer(facts.text(path))]
    names = (m["said"] or m["named"].removesuffix("_command").replace("_", "-") for m in found)
    command = next((name for name in names if COMMANDS.fullmatch(name)), None)
    file = next((f"{place}{name}" for name, place in databases(facts, sources)), None)
    if command is None or file is None:
        return None
    return _patiently(f"[ -s {shlex.quote(file)} ] || {flask} {command}")


def databases(facts: Facts, sources: dict[str, Source]) -> list[tuple[str, str]]:
    """The SQLite files the sources name, each with the folder it lies in (`instance/`, "" for the project's own)."""
    own = any("flask_sqlalchemy" in s.modules for s in sources.values())
    found: list[tuple[str, str]] = []
    for path, source in sorted(sources.items()):
        instance = "instance_path" in facts.text(path)
        found += [
            (name, "instance/" if instance or (own and name in source.urls) else _folder(path, facts.text(path)))
            for name in source.data
        ]
    return found


def _folder(path: str, text: str) -> str:
    """Where a file's own paths begin: beside it where it asks for its place, one up where it goes up from there."""
    if "__file__" not in text:
        return ""
    parts = path.split("/")[:-1]
    up = re.search(r"\.parent\.parent|dirname\(\s*(?:os\.)?(?:path\.)?dirname|['\"]\.\.['\"]|parents\[1\]", text)
    return "".join(f"{part}/" for part in (parts[:-1] if up else parts))


def _patiently(command: str) -> str:
    return f"{{ {command}; }} || echo 'slipway: the tables could not be made, serving without' >&2"


def _calls_of_main(text: str) -> Iterator[str]:
    """What is called below `if __name__ == "__main__":`, by dotted name."""
    try:
        body = ast.parse(text.lstrip("\ufeff")).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for statement in body:
        if isinstance(statement, ast.If) and is_main(statement.test):
            for node in ast.walk(statement):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                    yield ast.unparse(node.func)
