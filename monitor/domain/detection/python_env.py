"""What a Python project must find in its environment to start, and what stands in for a `.env` nobody wrote yet."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from monitor.domain.detection.facts import Facts

SAMPLES = (".env.example", ".env.sample", ".env.template", ".env.dist", "env.example", ".env.local.example")
READS = re.compile(r"environ\b|getenv|decouple|environs?\b|BaseSettings")
SECRET = re.compile(r"(\w+_)?(SECRET(_KEY)?|SECRET_KEY_BASE|JWT_SECRET\w*|SESSION_SECRET)")
FRESH = "$(od -An -tx1 -N32 /dev/urandom | tr -d ' \\n')"
_CALLED = re.compile(r"(decouple\.|^)config$|^env(\.\w+)?$")
_MAX_FILES, _LONGEST = 12, 500


def stand_ins(facts: Facts) -> tuple[tuple[str, str], ...]:
    """Names the sources insist on with a shell word each: the sample's value, or a secret made at each start.

    What the environment or a `.env` says comes first. A sample's own secret is known to everybody.
    """
    sample = _sample(facts)
    found: dict[str, str] = {}
    for name in dict.fromkeys(_wanted(facts)):
        given = FRESH if SECRET.fullmatch(name) else _quoted(sample.get(name, ""))
        found |= {name: f"${{{name}:-{given}}}"} if given else {}
    return tuple(sorted(found.items()))


def sample_file(facts: Facts) -> str | None:
    """The file that shows what a `.env` would hold."""
    return facts.first(*SAMPLES)


def _sample(facts: Facts) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in facts.text(sample_file(facts) or "").splitlines():
        name, _, value = line.strip().removeprefix("export ").partition("=")
        if len(line) <= _LONGEST and value.isprintable():
            found[name.strip()] = _plain(value.strip())
    return found


def _plain(value: str) -> str:
    if value[:1] in {"'", '"'} and value.find(value[0], 1) > 0:
        return value[1 : value.find(value[0], 1)]
    return value.partition(" #")[0].strip() if not value.startswith("#") else ""


def _quoted(value: str) -> str:
    return re.sub(r'([\\$`"}])', r"\\\1", value)


def _wanted(facts: Facts) -> Iterator[str]:
    paths = sorted((p for p in facts.texts if p.endswith(".py")), key=lambda p: (p.count("/"), p))
    for path in [p for p in paths if READS.search(facts.text(p))][:_MAX_FILES]:
        try:
            tree = ast.parse(facts.text(path).lstrip("\ufeff"))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in ast.walk(tree):
            yield from (name for name in _names(node) if re.fullmatch(r"[A-Za-z_]\w{0,60}", name))


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        if _dotted(node.value).endswith("environ"):
            yield _text(node.slice)
    elif isinstance(node, ast.Call):
        yield from _asked(node)
    elif isinstance(node, ast.ClassDef) and any(_dotted(b).endswith("BaseSettings") for b in node.bases):
        for field in node.body:
            if isinstance(field, ast.AnnAssign) and field.value is None and isinstance(field.target, ast.Name):
                yield field.target.id.upper()


def _asked(node: ast.Call) -> Iterator[str]:
    """A call that fails without the variable; one that gives nothing, where a secret is asked for."""
    name = _dotted(node.func)
    alone = len(node.args) <= 1 and not any(k.arg == "default" for k in node.keywords)
    if alone and _CALLED.search(name):
        yield _text(node.args[0]) if node.args else "DATABASE_URL" if name == "env.db" else ""
    elif alone and node.args and re.search(r"(environ\.get|getenv)$", name) and SECRET.fullmatch(_text(node.args[0])):
        yield _text(node.args[0])


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join((node.id, *reversed(parts))) if isinstance(node, ast.Name) else ""
