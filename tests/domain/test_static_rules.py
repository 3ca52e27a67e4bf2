"""Rules about the source text itself: no shell anywhere, no archive calls, every script runnable."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# A command in one string is read by a shell, and so is everything a folder name puts into it.
SHELL_CALLS = {
    "os.system",
    "os.popen",
    "subprocess.getoutput",
    "subprocess.getstatusoutput",
    "asyncio.create_subprocess_shell",
}
SHELL_METHODS = {"subprocess_shell", "create_subprocess_shell"}
PROCESS_CALLS = {f"subprocess.{name}" for name in ("run", "Popen", "call", "check_call", "check_output")}
# Reading or writing a running container's files this way follows links it may change meanwhile.
ARCHIVE_METHODS = {"get_archive", "put_archive"}


def violations(source: str) -> Iterator[str]:
    """Every broken rule in a Python text, as `line: what`."""
    tree = ast.parse(source)
    aliases = _aliases(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ARCHIVE_METHODS:
            yield f"{node.lineno}: {node.attr}"
        if isinstance(node, ast.Call):
            yield from (f"{node.lineno}: {broken}" for broken in _broken_by_call(node, aliases))


def _aliases(tree: ast.AST) -> dict[str, str]:
    """What imported names stand for: `from os import system as s` makes `s` mean `os.system`."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.asname: alias.name for alias in node.names if alias.asname}
        if isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _broken_by_call(call: ast.Call, aliases: dict[str, str]) -> Iterator[str]:
    name = _full_name(call.func, aliases)
    if name in SHELL_CALLS or name.rpartition(".")[2] in SHELL_METHODS:
        yield name
    if any(keyword.arg == "shell" and not _is_false(keyword.value) for keyword in call.keywords):
        yield f"{name} with shell="
    if name in PROCESS_CALLS and _command(call) and _is_text(_command(call)):
        yield f"{name} with a command in one string"


def _full_name(function: ast.expr, aliases: dict[str, str]) -> str:
    first, dot, rest = ast.unparse(function).partition(".")
    return aliases.get(first, first) + dot + rest


def _command(call: ast.Call) -> ast.expr | None:
    named = [keyword.value for keyword in call.keywords if keyword.arg == "args"]
    return next(iter([*call.args, *named]), None)


def _is_text(node: ast.expr | None) -> bool:
    if isinstance(node, ast.BinOp):
        return _is_text(node.left) or _is_text(node.right)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _own_python() -> list[Path]:
    """The product's Python: the package, what runs inside containers, and the scripts."""
    found = [path for room in ("monitor", "runtimes") for path in (ROOT / room).rglob("*.py")]
    scripts = [path for path in (ROOT / "scripts").rglob("*") if path.is_file() and _is_python(path)]
    return sorted(found + scripts)


def _is_python(path: Path) -> bool:
    return path.suffix == ".py" or "python" in _first_line(path)


def _first_line(path: Path) -> str:
    with path.open("rb") as file:
        return file.readline(200).decode("utf-8", "replace")


def test_no_shell_and_no_archive_calls() -> None:
    files = _own_python()
    assert len(files) > 10, "the search itself is broken"
    found = [f"{path.relative_to(ROOT)}:{broken}" for path in files for broken in violations(path.read_text("utf-8"))]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "import os; os.system('ls')",
        "from os import system as run_it; run_it('ls')",
        "import os; os.popen('ls')",
        "import subprocess; subprocess.run(['ls'], shell=True)",
        "import subprocess as sp; sp.Popen(argv, shell=wanted)",
        "import subprocess; subprocess.run('ls')",
        "import subprocess; subprocess.check_output(args=f'ls {name}')",
        "from subprocess import run; run('ls ' + name)",
        "import subprocess; subprocess.getoutput('ls')",
        "import asyncio; asyncio.create_subprocess_shell('ls')",
        "loop.subprocess_shell(factory, 'ls')",
        "container.put_archive('/', data)",
        "read = container.get_archive",
    ],
)
def test_each_rule_is_noticed_when_broken(source: str) -> None:
    assert list(violations(source))


@pytest.mark.parametrize(
    "source",
    [
        "import subprocess; subprocess.run(['ls', '--', name], shell=False)",
        "import asyncio; asyncio.create_subprocess_exec('ls', '--', name)",
        "import subprocess; subprocess.run([*argv, f'--name={name}'])",
    ],
)
def test_argument_lists_are_fine(source: str) -> None:
    assert not list(violations(source))


def test_every_script_with_an_interpreter_line_can_be_run() -> None:
    folders = [ROOT / "scripts", ROOT / ".ci", ROOT / "tests" / "live" / "engine"]
    scripts = [
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and _first_line(path).startswith("#!")
    ]
    assert scripts, "the search itself is broken"
    assert [path.name for path in scripts if not os.access(path, os.X_OK)] == []


def test_every_shell_script_stops_at_the_first_error() -> None:
    found = [
        str(path.relative_to(ROOT))
        for folder in ("scripts", ".ci", "tests")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "bash" in _first_line(path) and "set -euo pipefail" not in path.read_text()
    ]
    assert found == []
