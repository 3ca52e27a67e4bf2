"""Which packages a project depends on, read from its manifests and lock files without running anything.

Whatever is not readable as such a file says nothing: these are files anybody may have written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

MAX_TEXT = 16 * 1024 * 1024
MAX_PACKAGES = 50_000
_SHOWN = 120

Versions = Mapping[str, str]
"""Package name to version or range, several versions joined by `, `."""


@dataclass(frozen=True, slots=True)
class PackageChange:
    """A package in one file; `before` None: new, `after` None: gone."""

    file: str
    name: str
    before: str | None
    after: str | None


def reader_of(path: str) -> Callable[[str], Versions] | None:
    """What reads this file, by its last name; None: it lists no packages."""
    name = path.rpartition("/")[2]
    if re.fullmatch(r"requirements[\w.-]{0,100}\.txt", name):
        return _requirements
    return _READERS.get(name)


def packages_of(path: str, data: bytes | None) -> Versions:
    """The packages a file lists; none where it is missing, too large, or not what its name says."""
    reader = reader_of(path)
    if reader is None or data is None or len(data) > MAX_TEXT:
        return {}
    try:
        found = reader(data.decode("utf-8-sig"))
    except (ValueError, RecursionError, TypeError, AttributeError, KeyError):
        return {}
    return dict(list(found.items())[:MAX_PACKAGES])


def package_changes(path: str, old: bytes | None, new: bytes | None) -> list[PackageChange]:
    """What came, went and moved in one file, by name."""
    before, after = packages_of(path, old), packages_of(path, new)
    return [
        PackageChange(path, name, before.get(name), after.get(name))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


def _package_json(text: str) -> Versions:
    found: dict[str, str] = {}
    whole = _table(json.loads(text))
    for section in ("peerDependencies", "optionalDependencies", "devDependencies", "dependencies"):
        for name, wanted in _table(whole.get(section)).items():
            if isinstance(wanted, str):
                found[_short(name)] = _short(wanted)
    return found


def _package_lock(text: str) -> Versions:
    """Version 2 and 3 list places (`node_modules/a/node_modules/b`), version 1 nests."""
    whole = _table(json.loads(text))
    found: dict[str, set[str]] = {}
    for place, package in _table(whole.get("packages")).items():
        _, inside, name = place.rpartition("node_modules/")
        if inside:
            _add(found, name, _table(package).get("version"))
    if not found:
        todo = [whole.get("dependencies")]
        while todo and len(found) < MAX_PACKAGES:
            for name, package in _table(todo.pop()).items():
                _add(found, name, _table(package).get("version"))
                todo.append(_table(package).get("dependencies"))
    return _joined(found)


def _composer_lock(text: str) -> Versions:
    whole = _table(json.loads(text))
    found: dict[str, set[str]] = {}
    for section in ("packages", "packages-dev"):
        listed = whole.get(section)
        for package in listed if isinstance(listed, list) else ():
            _add(found, _table(package).get("name"), _table(package).get("version"))
    return _joined(found)


_REQUIREMENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,99})\s*(?:\[[^\]]{0,200}\])?\s*(@.*|[(<>=!~].*)?")


def _requirements(text: str) -> Versions:
    """PEP 508 lines; the options of pip, editable installs and paths name no package."""
    found: dict[str, str] = {}
    for line in text.replace("\\\n", " ").split("\n"):
        plain = re.split(r"(?:^|\s)#|;|\s--", line, maxsplit=1)[0].strip()
        if match := _REQUIREMENT.fullmatch(plain):
            name = re.sub(r"[-_.]+", "-", match[1]).lower()
            found[name] = _short("".join((match[2] or "").split()))
    return found


def _go_mod(text: str) -> Versions:
    found: dict[str, str] = {}
    block = False
    for line in text.split("\n"):
        words = line.split("//")[0].split()
        if words[:2] == ["require", "("]:
            block = True
        elif words == [")"]:
            block = False
        elif words[:1] == ["require"] and len(words) == 3:
            found[_short(words[1].strip('"'))] = _short(words[2])
        elif block and len(words) == 2:
            found[_short(words[0].strip('"'))] = _short(words[1])
    return found


_SPEC = re.compile(r" {4}(\S{1,120}) \(([^()]{1,120})\)")


def _gemfile_lock(text: str) -> Versions:
    found: dict[str, set[str]] = {}
    for line in text.split("\n"):
        if match := _SPEC.fullmatch(line.rstrip("\r")):
            _add(found, match[1], match[2])
    return _joined(found)


_READERS: dict[str, Callable[[str], Versions]] = {
    "package.json": _package_json,
    "package-lock.json": _package_lock,
    "npm-shrinkwrap.json": _package_lock,
    "composer.lock": _composer_lock,
    "go.mod": _go_mod,
    "Gemfile.lock": _gemfile_lock,
}


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _add(found: dict[str, set[str]], name: object, version: object) -> None:
    if isinstance(name, str) and isinstance(version, str) and name:
        found.setdefault(_short(name), set()).add(_short(version))


def _joined(found: Mapping[str, set[str]]) -> Versions:
    return {name: _short(", ".join(sorted(versions))) for name, versions in found.items()}


def _short(text: str) -> str:
    """At most so much of it, without control characters: it is shown to people."""
    return "".join(c if c.isprintable() else "?" for c in text[:_SHOWN])
