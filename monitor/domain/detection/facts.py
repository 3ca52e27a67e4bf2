"""What is known of a folder: which paths exist, and its manifests parsed once, each problem noted."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from monitor.domain.tree import Kind, Tree

YAML_LIMIT = 64 * 1024


class Facts:
    """A read-only view of one app folder for the rules of the table.

    `tree` and `texts` are keyed by workspace-relative paths; `prefix` ("" or `folder/`) makes every path given and
    returned here relative to the app's folder. A manifest that cannot be parsed reads as empty and leaves a
    sentence in `problems`; nothing here raises on what a folder holds.
    """

    def __init__(self, tree: Tree, texts: Mapping[str, str], prefix: str = "") -> None:
        self.prefix, self._tree, self._texts = prefix, tree, texts
        cut = len(prefix)
        self.files = frozenset(
            p[cut:] for p, e in tree.entries.items() if e.kind is Kind.FILE and p.startswith(prefix)
        )
        self.links = frozenset(
            p[cut:] for p, e in tree.entries.items() if e.kind is Kind.SYMLINK and p.startswith(prefix)
        )
        self.texts = {p[cut:]: t for p, t in texts.items() if p.startswith(prefix) and p[cut:] in self.files}
        self.problems: list[str] = []
        self._parsed: dict[str, dict[str, Any]] = {}
        self._folders: frozenset[str] | None = None

    @property
    def folders(self) -> frozenset[str]:
        """Every folder that holds a file, at any depth."""
        if self._folders is None:
            found: set[str] = set()
            for path in self.files:
                parent = path.rpartition("/")[0]
                while parent and parent not in found:
                    found.add(parent)
                    parent = parent.rpartition("/")[0]
            self._folders = frozenset(found)
        return self._folders

    def has(self, *paths: str) -> bool:
        """Whether any of these files exists."""
        return any(p in self.files for p in paths)

    def first(self, *paths: str) -> str | None:
        """The first of these files that exists."""
        return next((p for p in paths if p in self.files), None)

    def top(self, suffix: str) -> list[str]:
        """Files directly in the app's folder that end with `suffix`, sorted."""
        return sorted(p for p in self.files if "/" not in p and p.endswith(suffix))

    def below(self, folder: str) -> list[str]:
        """Files at any depth below `folder`, sorted."""
        return sorted(p for p in self.files if p.startswith(f"{folder}/"))

    def matching(self, pattern: str) -> list[str]:
        """Files whose whole path matches the regular expression, sorted by depth, then name."""
        rule = re.compile(pattern)
        return sorted((p for p in self.files if rule.fullmatch(p)), key=lambda p: (p.count("/"), p))

    def below_folder(self, folder: str) -> Facts:
        """The same view of a folder inside this one; its problems are its own."""
        return Facts(self._tree, self._texts, f"{self.prefix}{folder}/")

    def text(self, path: str) -> str:
        """The text of a file, "" where it was not given."""
        return self.texts.get(path, "")

    def line(self, path: str) -> str | None:
        """The first line of a file that is not empty and no comment."""
        for line in self.text(path).lstrip("\ufeff").splitlines():
            word = line.partition("#")[0].strip()
            if word:
                return word
        return None

    def json(self, path: str) -> dict[str, Any]:
        return self._parse(path, json.loads)

    def toml(self, path: str) -> dict[str, Any]:
        return self._parse(path, tomllib.loads)

    def yaml(self, path: str) -> dict[str, Any]:
        return self._parse(path, _yaml)

    def _parse(self, path: str, parse: Callable[[str], Any]) -> dict[str, Any]:
        if path not in self._parsed:
            self._parsed[path] = self._parse_once(path, parse)
        return self._parsed[path]

    def _parse_once(self, path: str, parse: Callable[[str], Any]) -> dict[str, Any]:
        if path not in self.texts:
            return {}
        try:
            value = parse(self.texts[path].lstrip("\ufeff"))
        except (ValueError, yaml.YAMLError, RecursionError, MemoryError) as error:
            self.problems.append(f"{path} cannot be read: {one_line(error)}")
            return {}
        if not isinstance(value, dict):
            self.problems.append(f"{path} is not what it should be: expected a table, found {_kind(value)}")
            return {}
        return value


def _yaml(text: str) -> Any:
    if len(text) > YAML_LIMIT:
        raise ValueError("longer than 64 KiB")
    return yaml.load(text, Loader=_WithoutMerges)  # noqa: S506  a safe loader with less


class _WithoutMerges(yaml.SafeLoader):
    """Merge keys multiply at each level: a file of a few lines could fill the memory."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        if any(key.tag == "tag:yaml.org,2002:merge" for key, _ in node.value):
            raise yaml.constructor.ConstructorError(None, None, "merge keys (`<<`) are not read", node.start_mark)


def _kind(value: object) -> str:
    return "nothing" if value is None else type(value).__name__


def one_line(error: BaseException) -> str:
    """An exception as a short sentence on one line."""
    words = " ".join(str(error).split()) or type(error).__name__
    return words if len(words) <= 160 else words[:157] + "..."


def table(value: object, *keys: str) -> dict[str, Any]:
    """The table at `keys` of nested tables; {} where it is missing or something else."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def word(value: object) -> str | None:
    """`value` where it is a non-empty string, stripped."""
    return value.strip() or None if isinstance(value, str) else None


def words(value: object) -> list[str]:
    """The strings of a list; [] for anything else."""
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []
