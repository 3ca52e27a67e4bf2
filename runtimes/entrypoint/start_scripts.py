"""A start script without the manager that would only pass it on: npm takes a third of a second and 60 MB for that.

What npm would do besides is done here: variables named as https://docs.npmjs.com/cli/v10/using-npm/scripts has them,
programs of `node_modules/.bin` on the PATH (they are on it already). Whatever asks for more is left to the manager.
"""

from __future__ import annotations

import json
import os
import re

# Without `run` the manager has verbs of its own, which a script's name must not be taken for.
_ASKED = re.compile(r"(?:npm|pnpm|yarn) (?:run(?:-script)? ([\w:.-]+)|(start))")
_SETTINGS = (".npmrc", ".yarnrc", ".yarnrc.yml", ".pnp.cjs", ".pnp.js")
_MOST = 1 << 20


def direct(command: str, app: str, env: dict[str, str]) -> tuple[str, dict[str, str]]:
    """`command`, whose last word may ask a manager for a script, with the script itself there; and what that sees.

    Both are as they were where it would not be the same.
    """
    before, semicolon, last = command.rpartition("; ")
    asked, folder = _ASKED.fullmatch(last.strip()), _folder(before, app)
    if asked is None or folder is None or _has_settings(app) or _has_settings(folder):
        return command, env
    package = _package(folder)
    scripts, name = package.get("scripts"), asked[1] or asked[2]
    if not isinstance(scripts, dict) or {f"pre{name}", f"post{name}"} & scripts.keys():
        return command, env
    script = scripts.get(name)
    if not isinstance(script, str) or not script.strip() or "npm_" in script or "\0" in script:
        return command, env
    named = {key: str(package[key]).replace("\0", "") for key in ("name", "version") if key in package}
    told = {
        "PATH": f"{folder}/node_modules/.bin:{env.get('PATH', os.defpath)}",
        "INIT_CWD": folder,
        "npm_command": "start" if name == "start" else "run-script",
        "npm_lifecycle_event": name,
        "npm_lifecycle_script": script,
        "npm_package_json": f"{folder}/package.json",
        **{f"npm_package_{key}": value for key, value in named.items()},
    }
    return f"{before}{semicolon}{script}", {**env, **told}


def _folder(before: str, app: str) -> str | None:
    """Where the last word would run; None where what stands before it leads elsewhere."""
    if not re.search(r"\bcd\b", before):
        return app
    into = re.match(r"cd ([\w./-]+) \|\| exit 1; ", f"{before}; ")
    return os.path.join(app, into[1]) if into and len(re.findall(r"\bcd\b", before)) == 1 else None


def _has_settings(folder: str) -> bool:
    return any(os.path.lexists(os.path.join(folder, name)) for name in _SETTINGS)


def _package(folder: str) -> dict[str, object]:
    try:
        with open(os.path.join(folder, "package.json"), encoding="utf-8") as file:
            found = json.loads(file.read(_MOST))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
