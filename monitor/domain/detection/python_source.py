"""What a Python file says by its syntax tree: app objects, factories, servers it starts itself, data files."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Iterator, Mapping
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


@dataclass(frozen=True, slots=True)
class App:
    """An application object: `name` is a module variable, or a factory's name to be called without arguments."""

    kind: str
    interface: str
    name: str
    factory: bool = False
    text: str = ""


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
    main: bool = False
    port: int | None = None
    reads_port: bool = False
    data: list[str] = field(default_factory=list)
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
        for statement in _statements(self.tree.body):
            self._statement(statement)
        self.databases = any(m.partition(".")[0] in DATABASES for m in self.out.modules)
        for node in nodes:
            self._inner(node)
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
        if isinstance(node, ast.If) and _is_main(node.test):
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
        names = _targets(node)
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
        """A function that makes an app and returns it is a factory, if it can be called without arguments."""
        required = len(node.args.args) - len(node.args.defaults)
        if required > 0 or any(d is None for d in node.args.kw_defaults):
            return
        made: dict[str, tuple[str, str]] = {}
        for inner in ast.walk(node):
            if isinstance(inner, ast.Assign | ast.AnnAssign):
                found = self.made(inner.value)
                made.update(dict.fromkeys(_targets(inner), found) if found else {})
            if isinstance(inner, ast.Return) and inner.value is not None:
                name = inner.value.id if isinstance(inner.value, ast.Name) else ""
                kind = made.get(name) or self.made(inner.value)
                if kind:
                    self.out.factories.append(App(*kind, node.name, True, f"{node.name}() returns the app"))
                    return

    def _inner(self, node: ast.AST) -> None:
        if isinstance(node, ast.Call):
            self._call(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node.value == "PORT":
                self.out.reads_port = True
            elif "." in node.value and len(node.value) < 200:
                match = DATA_FILE.match(node.value) if self.databases else None
                if match and ".." not in match["path"]:
                    self.out.data.append(match["path"].removeprefix("./"))

    def _call(self, node: ast.Call) -> None:
        name = self.full(node.func)
        if name.endswith("environ.setdefault") and len(node.args) == 2:
            key, value = (a.value if isinstance(a, ast.Constant) else None for a in node.args)
            if key == "DJANGO_SETTINGS_MODULE" and isinstance(value, str):
                self.out.settings = value
        if self.starter(node):
            self.out.starts = True
            self._ports((*(k.value for k in node.keywords if k.arg == "port"), *node.args))
        elif name.rpartition(".")[2] in {"add_argument", "define", "option"} and any(
            _said(a) in OPTIONS for a in node.args
        ):
            self._ports(k.value for k in node.keywords if k.arg == "default")

    def starter(self, node: ast.Call) -> bool:
        """Whether a call starts a server (and does not merely look like it)."""
        name = self.full(node.func)
        if name.startswith(("subprocess.", "asyncio.run", "re.", "typer.", "unittest.", "pytest.", "fasthtml.")):
            return False
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        return bool(STARTERS.search(name)) or method in METHODS

    def _ports(self, values: Iterable[ast.expr]) -> None:
        """The first port among `values`, written as a number or as a constant of the module."""
        for value in values:
            named = self.numbers.get(value.id, value) if isinstance(value, ast.Name) else value
            port = _port(named, self.numbers)
            if port and self.out.port is None:
                self.out.port = port


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The module's statements, those inside `try`, `with` and `if` included (not below `__main__`)."""
    for node in body:
        yield node
        if isinstance(node, ast.If):
            if not _is_main(node.test):
                yield from _statements(node.body)
            yield from _statements(node.orelse)
        elif isinstance(node, ast.Try):
            for part in (node.body, *(h.body for h in node.handlers), node.orelse, node.finalbody):
                yield from _statements(part)
        elif isinstance(node, ast.With):
            yield from _statements(node.body)


def _targets(node: ast.Assign | ast.AnnAssign) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    flat = [e for t in targets for e in (t.elts if isinstance(t, ast.Tuple) else [t])]
    return [t.id for t in flat if isinstance(t, ast.Name)]


def _is_main(test: ast.expr) -> bool:
    if not isinstance(test, ast.Compare):
        return False
    sides = [test.left, *test.comparators]
    return any(isinstance(s, ast.Constant) and s.value == "__main__" for s in sides)


OPTIONS = frozenset({"port", "--port", "-p"})


def _said(node: ast.expr) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def _port(node: ast.expr, numbers: Mapping[str, ast.expr]) -> int | None:
    """A port written as a number, alone or in an address pair."""
    last = node.elts[1] if isinstance(node, ast.Tuple) and len(node.elts) == 2 else node
    last = numbers.get(last.id, last) if isinstance(last, ast.Name) else last
    value: object = last.value if isinstance(last, ast.Constant) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and 80 <= value < 65536 else None
