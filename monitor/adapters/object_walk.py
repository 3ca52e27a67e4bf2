"""Every object under a prefix in exact key order, folder by folder.

A flat S3 listing would be fewer requests, but the bundled server loses keys in it: with `start-after`
below another folder, and at page ends in a versioned bucket where `a` and `a/b` both exist. It also sorts
`a/b` before `a-b`. Listings with a delimiter are complete, and sorting one folder at a time (folders with
their closing `/`) yields the order of whole keys. Folders ahead are asked for while one is read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from monitor.ports.store import Listed

FOLDERS_AHEAD = 8


class Folders(Protocol):
    """The one call of an obstore store that is used here."""

    def list_with_delimiter_async(self, prefix: str | None = None) -> Awaitable[Any]: ...


@dataclass(slots=True)
class _Node:
    """One name in a folder: an object (`size`), or a folder (`key` ends in `/`) and its coming answer."""

    key: str
    size: int = -1
    answer: Awaitable[Any] | None = None

    @property
    def is_folder(self) -> bool:
        return self.size < 0


class _Wanted:
    """Which keys are asked for: those that start with `prefix` and sort after `after`."""

    def __init__(self, prefix: str, after: str) -> None:
        self.prefix = prefix
        self.after = after
        self._after = after.encode()

    def __call__(self, node: _Node) -> bool:
        later = node.key.encode() > self._after
        if not node.is_folder:
            return later and node.key.startswith(self.prefix)
        related = node.key.startswith(self.prefix) or self.prefix.startswith(node.key)
        return related and (later or self.after.startswith(node.key))


async def walk(store: Folders, prefix: str, after: str = "") -> AsyncIterator[Listed]:
    """Yield what is listed under `prefix` after `after`; memory holds the folders on one path only."""
    wanted = _Wanted(prefix, after)
    top = _Node(prefix[: prefix.rfind("/") + 1])
    stack = [await _children(store, top, wanted)]
    try:
        while stack:
            if not stack[-1]:
                stack.pop()
                continue
            node = stack[-1].popleft()
            if node.is_folder:
                _ask_ahead(store, stack[-1])
                stack.append(await _children(store, node, wanted))
            else:
                yield Listed(node.key, node.size)
    finally:
        for node in (node for nodes in stack for node in nodes):
            if isinstance(node.answer, Coroutine):
                node.answer.close()


async def _children(store: Folders, folder: _Node, wanted: _Wanted) -> deque[_Node]:
    answer = await (folder.answer or _ask(store, folder))
    found = [_Node(one["path"], one["size"]) for one in answer["objects"]]
    found += [_Node(f"{name}/") for name in answer["common_prefixes"]]
    # A folder's own marker object (`x/`, as some tools write) is listed as `x` inside itself: not a key.
    inside = (node for node in found if node.key.startswith(folder.key) and wanted(node))
    return deque(sorted(inside, key=lambda node: node.key.encode()))


def _ask_ahead(store: Folders, nodes: Sequence[_Node]) -> None:
    folders = [node for node in nodes if node.is_folder][:FOLDERS_AHEAD]
    for node in folders:
        if node.answer is None:
            node.answer = _ask(store, node)


def _ask(store: Folders, folder: _Node) -> Awaitable[Any]:
    """Start the request now; an answer nobody waits for any more is dropped without a word."""
    answer = store.list_with_delimiter_async(folder.key.rstrip("/") or None)
    if hasattr(answer, "add_done_callback"):
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())
    return answer
