"""Built-in rules: folders and files that something beside them makes again.

A folder rule applies only next to what regenerates it (`node_modules` next to `package.json`), so that a folder
that merely has such a name is kept. Lowest precedence: an ignore file, git's index and `slipway.yaml` overrule.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping

VERSION_CONTROL = frozenset({".git", ".hg", ".svn", ".bzr", ".jj"})

_BESIDE: Mapping[str, tuple[str, ...]] = {
    "node_modules": ("package.json",),
    "bower_components": ("bower.json",),
    ".next": ("package.json",),
    ".nuxt": ("package.json",),
    ".output": ("package.json",),
    ".svelte-kit": ("package.json",),
    ".angular": ("package.json",),
    ".astro": ("package.json",),
    ".turbo": ("package.json",),
    ".parcel-cache": ("package.json",),
    "target": ("Cargo.toml", "pom.xml", "build.sbt"),
    ".gradle": ("build.gradle", "build.gradle.kts"),
    ".bundle": ("Gemfile",),
    "venv": ("requirements.txt", "pyproject.toml", "setup.py", "Pipfile"),
}
_ALWAYS_FOLDERS = frozenset({
    "__pycache__", ".venv", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".tox", ".nox", ".hypothesis",
})  # fmt: skip
_ALWAYS_NAMES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
_ALWAYS_ENDINGS = (".pyc", ".pyo", ".log", ".swp", ".swo")
OUTPUT_FOLDERS = frozenset({"dist", "build", "out"})
_BUILD_SCRIPT = re.compile(r"build|bundle|compile|prepare|prepack|generate")


def generated_folder(name: str, beside: Collection[str], outputs: Collection[str] = ()) -> str:
    """Why the folder `name` is made again from what stands beside it; empty if nothing there makes it.

    `beside` are the names in the folder that holds it, `outputs` what its build script says it writes.
    """
    if name in _ALWAYS_FOLDERS:
        return f"built-in: {name} is a cache"
    for maker in _BESIDE.get(name, ()):
        if maker in beside:
            return f"built-in: {name} is made again from {maker}"
    if name in OUTPUT_FOLDERS and name in outputs:
        return f"built-in: {name} is written by the build script in package.json"
    return ""


def generated_file(name: str) -> str:
    """Why a file of that name is left out everywhere; empty if it is not."""
    if name.endswith(_ALWAYS_ENDINGS):
        return f"built-in: *.{name.rpartition('.')[2]}"
    return f"built-in: {name}" if name in _ALWAYS_NAMES else ""


def virtual_environment(inside: Collection[str]) -> str:
    """Why a folder holding these names is a Python virtual environment; empty if it is not."""
    return "built-in: a Python virtual environment (it holds pyvenv.cfg)" if "pyvenv.cfg" in inside else ""


def build_outputs(package_json: str) -> frozenset[str]:
    """Which of dist, build and out a build script of this `package.json` names; empty if it does not parse."""
    try:
        scripts = json.loads(package_json).get("scripts")
    except (ValueError, AttributeError, RecursionError):
        return frozenset()
    if not isinstance(scripts, dict):
        return frozenset()
    lines = [str(line) for key, line in scripts.items() if _BUILD_SCRIPT.search(str(key))]
    return frozenset(name for name in OUTPUT_FOLDERS if any(_names_folder(line, name) for line in lines))


def _names_folder(line: str, name: str) -> bool:
    """As an argument (`--outDir dist`, `-o=./out/app.js`), not as a command's own verb (`vite build`)."""
    folder = rf"(?:\./)?{name}(?=[/\s'\"&;]|$)"
    return re.search(rf"(?:--?[\w-]+[=\s]|>\s*|rm -rf |rimraf )['\"]?{folder}", line) is not None
