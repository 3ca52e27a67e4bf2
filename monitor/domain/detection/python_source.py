"""What a Python file says by its syntax tree: app objects, factories, servers it starts itself, data files."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field

from monitor.domain.detection.python_known import (
    ALIASES,
    CONSTRUCTORS,
    DATA_FILE,
    DATABASES,
    LENIENT,
    METHODS,
    STARTERS,
    WSGI,
)
from monitor.domain.detection.python_syntax import (
    attribute,
    is_main,
    port_default,
    port_in_node,
    statements,
    targets,
)


@dataclass(frozen=True, slots=True)
class App:
    """An application object: `name` is a module variable, or a factory's name.

    `asks`: the factory wants arguments, so that only the project itself can call it; `waits`: it is a coroutine.
    """

    kind: str
    interface: str
    name: str
    factory: bool = False
    text: str = ""
    asks: bool = False
    waits: bool = False


@dataclass(slots=True)
class Source:
    """What one file says; empty where it could not be parsed (then `problem` says why)."""

    imports: dict[str, str] = field(default_factory=dict)
    modules: set[str] = field(default_factory=set)
    relative: bool = False
    apps: list[App] = field(default_factory=list)
    factories: list[App] = field(default_factory=list)
    assigned: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    starts: bool = False
    starts_on_import: bool = False
    launches: bool = False
    main: bool = False
    port: int | None = None
    reads_port: bool = False
    folders: set[str] = field(default_factory=set)
    data: list[str] = field(default_factory=list)
    urls: set[str] = field(default_factory=set)
    settings: str | None = None
    dash_server: str | None = None
    problem: str | None = None


def read_source(text: str) -> Source:
    """Read a Python file; never raises, whatever the text is."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text.lstrip("\ufeff"))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return _leniently(text, error)
    try:
        return _Reader(tree).read()
    except RecursionError as error:
        return _leniently(text, error)


def _leniently(text: str, error: BaseException) -> Source:
    """Python 2 and broken files: a line that plainly makes an app still counts."""
    where = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
    source = Source(problem=f"is not valid Python 3{where}")
    by_name = {full.rpartition(".")[2]: pair for full, pair in CONSTRUCTORS.items()}
    for variable, maker in LENIENT.findall(text):
        kind, interface = by_name[maker]
        source.apps.append(App(kind, interface, variable, text=f"{variable} = {maker}(...)"))
        source.names.add(variable)
    source.main = "__main__" in text
    return source


class _Reader:
    """One pass over the imports, one over the module's own statements, one over every constant and call."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.out = Source()
        self.stars: set[str] = set()
        self.databases = False
        self.numbers: dict[str, ast.expr] = {}

    def read(self) -> Source:
        nodes = list(ast.walk(self.tree))
        for node in nodes:
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._import(node)
        for statement in statements(self.tree.body):
            self._statement(statement)
        self.databases = any(m.partition(".")[0] in DATABASES for m in self.out.modules) or any(
            isinstance(n, ast.Constant) and isinstance(n.value, str) and n.value.startswith("sqlite:") for n in nodes
        )
        for node in nodes:
            self._inner(node)
        if self.out.starts and self.out.port is None:
            self._ports(value for node in nodes if isinstance(node, ast.FunctionDef) for value in port_default(node))
        return self.out

    def full(self, node: ast.expr) -> str:
        """The dotted name of an expression with its import resolved, "" for anything else."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        head = self.out.imports.get(node.id, node.id)
        if head == node.id and not parts:
            head = next((f"{m}.{head}" for m in sorted(self.stars) if f"{m}.{head}" in CONSTRUCTORS), head)
        name = ".".join((head, *reversed(parts)))
        return ALIASES.get(name, name)

    def made(self, node: ast.expr | None) -> tuple[str, str] | None:
        """The framework an expression makes an app of: `Flask(__name__)`, or a wrapper's first argument."""
        if isinstance(node, ast.Await):
            node = node.value
        if not isinstance(node, ast.Call):
            return None
        if isinstance(node.func, ast.Attribute) and node.func.attr == "make_wsgi_app":
            return ("pyramid", WSGI)
        return CONSTRUCTORS.get(self.full(node.func))

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                self.out.modules.add(alias.name)
                self.out.imports[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
            return
        dots = "." * node.level
        self.out.relative = self.out.relative or node.level > 0
        module = dots + (node.module or "")
        self.out.modules.add(module)
        for alias in node.names:
            if alias.name == "*":
                self.stars.add(module)
            else:
                joined = f"{module}{alias.name}" if module.endswith(".") else f"{module}.{alias.name}"
                self.out.imports[alias.asname or alias.name] = joined

    def _statement(self, node: ast.stmt) -> None:
        if isinstance(node, ast.If) and is_main(node.test):
            self.out.main = True
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            self.out.names.add(node.name)
            self._function(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            self._assign(node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            self.out.starts_on_import = self.out.starts_on_import or self.starter(node.value)
        elif isinstance(node, ast.With):
            for item in node.items:
                made = self.made(item.context_expr)
                if made and isinstance(item.optional_vars, ast.Name):
                    self._app(item.optional_vars.id, made, item.context_expr)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self.out.names.update(a.asname or a.name for a in node.names)

    def _assign(self, node: ast.Assign | ast.AnnAssign) -> None:
        names = targets(node)
        self.out.names.update(names)
        if isinstance(node.value, ast.Constant):
            self.numbers.update(dict.fromkeys(names, node.value))
        made, value = self.made(node.value), node.value
        for name in names[:1] if made and made[0] == "fasthtml" else names:
            if made:
                self._app(name, made, value)
            elif isinstance(value, ast.Call) and self.full(value.func):
                self.out.assigned[name] = self.full(value.func)
            elif isinstance(value, ast.Attribute) and value.attr == "server":
                self.out.dash_server = name

    def _app(self, name: str, made: tuple[str, str], value: ast.expr | None) -> None:
        maker = ast.unparse(value.func) if isinstance(value, ast.Call) else made[0]
        self.out.apps.append(App(made[0], made[1], name, text=f"{name} = {maker}(...)"))

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """A function that makes an app and returns it is a factory."""
        asks = len(node.args.args) > len(node.args.defaults) or any(d is None for d in node.args.kw_defaults)
        waits = isinstance(node, ast.AsyncFunctionDef)
        made: dict[str, tuple[str, str]] = {}
        for inner in ast.walk(node):
            if isinstance(inner, ast.Assign | ast.AnnAssign):
                found = self.made(inner.value)
                made.update(dict.fromkeys(targets(inner), found) if found else {})
            if isinstance(inner, ast.Return) and inner.value is not None:
                name = inner.value.id if isinstance(inner.value, ast.Name) else ""
                kind = made.get(name) or self.made(inner.value)
                if kind:
                    text = f"{node.name}() returns the app"
                    self.out.factories.append(App(*kind, node.name, True, text, asks, waits))
                    return

    def _inner(self, node: ast.AST) -> None:
        if isinstance(node, ast.Call):
            self._call(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node.value == "PORT":
                self.out.reads_port = True
            elif "." in node.value and len(node.value) < 200:
                self._database(node.value)

    def _database(self, text: str) -> None:
        """A SQLite file by its name, or by a URL."""
        match = DATA_FILE.match(text) if self.databases or text.endswith((".sqlite", ".sqlite3")) else None
        if match and ".." not in match["path"] and not text.startswith("django.db."):
            self.out.data.append(path := match["path"].removeprefix("./"))
            self.out.urls.update({path} if text.startswith("sqlite") else ())

    def _call(self, node: ast.Call) -> None:
        name = self.full(node.func)
        if name.endswith("environ.setdefault") and len(node.args) == 2:
            key, value = (a.value if isinstance(a, ast.Constant) else None for a in node.args)
            if key == "DJANGO_SETTINGS_MODULE" and isinstance(value, str):
                self.out.settings = value
        if name.rpartition(".")[2] in OPENERS:
            given = [k.value for k in node.keywords if k.arg == "directory"] or node.args[:1]
            self.out.folders.update(str(_said(one)).removeprefix("./").rstrip("/") for one in given if _said(one))
        if self.starter(node):
            self.out.starts = True
            self.out.launches = self.out.launches or attribute(node) == "launch"
            self._ports((*(k.value for k in node.keywords if k.arg in {"port", "server_port"}), *node.args))
        elif name.rpartition(".")[2] in {"add_argument", "define", "option"} and any(
            _said(a) in OPTIONS for a in node.args
        ):
            self._ports(k.value for k in node.keywords if k.arg == "default")

    def starter(self, node: ast.Call) -> bool:
        """Whether a call starts a server (and does not merely look like it)."""
        name = self.full(node.func)
        if name.startswith(("subprocess.", "asyncio.run", "re.", "typer.", "unittest.", "pytest.", "fasthtml.")):
            return False
        return bool(STARTERS.search(name)) or attribute(node) in METHODS

    def _ports(self, values: Iterable[ast.expr]) -> None:
        """The first port among `values`, written as a number or as a constant of the module."""
        for value in values:
            named = self.numbers.get(value.id, value) if isinstance(value, ast.Name) else value
            port = port_in_node(named, self.numbers)
            if port and self.out.port is None:
                self.out.port = port


OPENERS = frozenset({"StaticFiles", "Jinja2Templates", "FileSystemLoader"})
"""Calls that take a folder as it lies from where the program is started."""
OPTIONS = frozenset({"port", "--port", "-p"})


def _said(node: ast.expr) -> object:
    return node.value if isinstance(node, ast.Constant) else None
