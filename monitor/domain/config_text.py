"""Hostile YAML turned into plain values with the place of each: no tags, no depth, no bulk.

Aliases and merge keys (`<<`) are read only where a file's custom asks for them, every copy counted as an entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from monitor.errors import SlipwayError

MAX_TEXT = 64 * 1024
MAX_DEPTH = 8
MAX_NODES = 5000
MERGE = "<<"
TOO_MUCH = "the file is too deeply nested or has too many entries"


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the text, both counted from 1 as editors do."""

    line: int = 1
    column: int = 1


class ConfigError(SlipwayError):
    """`file` says something that cannot be used; only an edit helps. `line` and `column` count from 1."""

    reason = "config"
    status = 400

    def __init__(self, message: str, mark: Mark, *, hint: str = "", file: str = "slipway.yaml") -> None:
        super().__init__(f"{file}, line {mark.line}, column {mark.column}: {message}", hint=hint)
        self.line, self.column = mark.line, mark.column


@dataclass(slots=True)
class Document:
    """Plain values, and where each key and value of them stands in `file`."""

    value: Any = field(default_factory=dict)
    keys: dict[tuple[Any, ...], Mark] = field(default_factory=dict)
    values: dict[tuple[Any, ...], Mark] = field(default_factory=dict)
    file: str = "slipway.yaml"
    merges: bool = False
    depth: int = MAX_DEPTH
    count: int = 0

    def error(self, message: str, mark: Mark, hint: str = "") -> ConfigError:
        return ConfigError(message, mark, hint=hint, file=self.file)

    def place(self, path: Sequence[Any], *, key: bool = False) -> Mark:
        """Where `path` stands: its value, or its key; the nearest known part of it otherwise."""
        wanted = tuple(path)
        for table in (self.keys, self.values) if key else (self.values, self.keys):
            if wanted in table:
                return table[wanted]
        return self.place(wanted[:-1]) if wanted else Mark()


def read_document(text: str, *, file: str = "slipway.yaml", merges: bool = False, depth: int = MAX_DEPTH) -> Document:
    """Parse one mapping; raises `ConfigError` for anything else, and for every YAML trick.

    `merges` allows anchors, aliases and merge keys; what they unfold to is held to the same bounds.
    """
    document = Document(file=file, merges=merges, depth=depth)
    if len(text) > MAX_TEXT:
        raise document.error(f"the file is longer than {MAX_TEXT // 1024} KiB", Mark())
    try:
        _refuse_tricks(text, document)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if root is None or getattr(root, "tag", "").endswith(":null"):
            return document
        if not isinstance(root, yaml.MappingNode):
            raise document.error("the file must be a table of keys such as `start: …`", _mark(root.start_mark))
        document.value = _value(root, (), document)
    except yaml.MarkedYAMLError as error:
        raise document.error(_problem(error), _mark(error.problem_mark or error.context_mark)) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        words = " ".join(str(error).split()) or type(error).__name__
        raise document.error(f"this is not YAML: {words[:160]}", Mark()) from None
    return document


def _refuse_tricks(text: str, document: Document) -> None:
    """Tags (and aliases) are refused and size is bounded while only events exist: nothing has been built yet."""
    depth = documents = 0
    for count, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
        where = _mark(event.start_mark)
        if not document.merges and (isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None)):
            raise document.error(
                "anchors and aliases (`&`, `*`) are not accepted",
                where,
                hint="put a value that begins with & or * in quotes",
            )
        if getattr(event, "tag", None):
            raise document.error(
                "tags (`!`) are not accepted", where, hint="put a value that begins with ! in quotes"
            )
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        documents += isinstance(event, yaml.DocumentStartEvent)
        if depth > document.depth or count > MAX_NODES:
            raise document.error(TOO_MUCH, where)
        if documents > 1:
            raise document.error("the file must be one document, without a second `---`", where)


def _value(node: yaml.Node, path: tuple[Any, ...], document: Document) -> Any:
    where = _mark(node.start_mark)
    document.count += 1
    if len(path) > document.depth or document.count > MAX_NODES:
        raise document.error(TOO_MUCH, where)
    document.values[path] = where
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, document)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, index), document) for index, item in enumerate(node.value)]
    return _scalar(node)


def _mapping(node: yaml.MappingNode, path: tuple[Any, ...], document: Document) -> dict[str, Any]:
    table: dict[str, Any] = {}
    merged: list[yaml.Node] = []
    for key_node, value_node in node.value:
        where = _mark(key_node.start_mark)
        if not isinstance(key_node, yaml.ScalarNode):
            raise document.error("a key must be a word", where)
        key = str(key_node.value)
        if key == MERGE and document.merges:
            merged += value_node.value if isinstance(value_node, yaml.SequenceNode) else [value_node]
            continue
        if key in table:
            raise document.error(f"the key `{key[:80]}` is there twice", where)
        document.keys[(*path, key)] = where
        table[key] = _value(value_node, (*path, key), document)
    for more in merged:
        _merge(more, table, path, document)
    return table


def _merge(node: yaml.Node, table: dict[str, Any], path: tuple[Any, ...], document: Document) -> None:
    """Add what `table` does not say itself, as `<<` means it; each key counts, also one that is there already."""
    if not isinstance(node, yaml.MappingNode):
        raise document.error("`<<` must name a table", _mark(node.start_mark))
    unfolded = _mapping(node, (*path, MERGE), document)
    for key, value in unfolded.items():
        table.setdefault(key, value)
        document.keys.setdefault((*path, key), document.keys[(*path, MERGE, key)])


def _scalar(node: yaml.Node) -> Any:
    """The safe loader's reading of one scalar, on a node of its own so that no document is shared."""
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _mark(mark: Any) -> Mark:
    return Mark(mark.line + 1, mark.column + 1) if mark is not None else Mark()


def _problem(error: yaml.MarkedYAMLError) -> str:
    words = " ".join(" ".join(w for w in (error.context, error.problem) if w).split())
    return f"this is not YAML: {words[:160]}"
