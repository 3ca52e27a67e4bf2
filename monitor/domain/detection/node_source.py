"""What a JavaScript file says by its text: whether it listens, on which port, which data files it opens."""

from __future__ import annotations

import re

from monitor.domain.detection.facts import Facts

LISTENS = re.compile(
    r"\.listen\s*\(|createServer\s*\(|\bBun\.serve\s*\("
    r"|\bDeno\.serve\s*\(|@hono/node-server|\bserve\s*\(\s*\{|new Elysia\s*\("
)
READS_PORT = re.compile(
    r"env\.PORT|env\[['\"]PORT['\"]\]|\{[^}]*\bPORT\b[^}]*\}\s*=\s*process\.env|config\.get\(['\"]port", re.IGNORECASE
)
LITERALS = (
    re.compile(r"\.listen\s*\(\s*(\d{2,5})\b"),
    re.compile(r"\.listen\s*\(\s*\{[^}]*?\bport\s*:\s*(\d{2,5})\b"),
    re.compile(r"\bserve\s*\(\s*\{[^}]*?\bport\s*:\s*(\d{2,5})\b", re.DOTALL),
    re.compile(r"^\s*(?:const|let|var)\s+port\s*=\s*(\d{2,5})\s*;?\s*$", re.IGNORECASE | re.MULTILINE),
    re.compile(r"(?:const|let|var)\s+\w*\s*=\s*['\"]?[\d.]*['\"]?\s*,\s*port\s*=\s*(\d{2,5})\b", re.IGNORECASE),
)
DATA_FILE = re.compile(
    r"(?:new\s+(?:\w+\.)?(?:Database|DatabaseSync|sqlite3\.Database)|\bbetterSqlite3|\bDatabase|\bsqlite3?)\s*\(\s*['\"`](?:\./)?([\w][\w./-]*\.(?:db|sqlite3?|db3))['\"`]"
    r"|(?:filename|storage|database)\s*:\s*['\"`](?:\./)?([\w][\w./-]*\.(?:db|sqlite3?|db3))['\"`]"
)


def is_server(text: str) -> bool:
    """Whether the text starts a server."""
    return bool(LISTENS.search(text))


def fixed_port(facts: Facts, path: str | None) -> int | None:
    """The port the project insists on, None where it reads `PORT` or nothing is visible."""
    given = facts.text(path) if path else ""
    texts = (
        [given] if is_server(given) else [t for p, t in sorted(facts.texts.items()) if _script(p) and is_server(t)]
    )
    if any(READS_PORT.search(t) for t in (*texts, given)):
        return None
    for text in texts:
        for rule in LITERALS:
            match = rule.search(text)
            if match and 80 <= int(match[1]) < 65536:
                return int(match[1])
    return None


def script_port(script: str) -> int | None:
    """The port a start script insists on: `next start -p 8080`, `PORT=5000 node server.js`."""
    match = re.search(r"(?:^|\s)(?:PORT=|--port[= ]|-p[= ]?|-l[= ])(\d{2,5})(?=\s|$)", script)
    return int(match[1]) if match and 80 <= int(match[1]) < 65536 else None


def _script(path: str) -> bool:
    return path.endswith((".js", ".mjs", ".cjs", ".ts", ".mts")) and ".config." not in path


def data_files(facts: Facts) -> list[str]:
    """SQLite files named in the sources, relative to the app's folder."""
    found: list[str] = []
    for path, text in sorted(facts.texts.items()):
        if _script(path) and ("sqlite" in text or "Database" in text):
            found += [a or b for a, b in DATA_FILE.findall(text)]
    schema = facts.text("prisma/schema.prisma")
    found += [f"prisma/{m}" for m in re.findall(r"url\s*=\s*\"file:(?:\./)?([\w][\w./-]*)\"", schema)]
    return [f for f in dict.fromkeys(found) if ".." not in f.split("/")]
