"""How revisions descend from each other: restores go back and begin a branch, forks come from elsewhere."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.domain.history.revision import Header, Origin, Why


@dataclass(frozen=True, slots=True)
class Node:
    """A revision in the tree. `parent` is the existing revision its state came from; `branch` counts from 0.

    `elsewhere` is set where it came from another workspace.
    """

    header: Header
    parent: int | None
    branch: int
    names: tuple[str, ...] = ()
    elsewhere: Origin | None = None

    @property
    def seq(self) -> int:
        return self.header.seq

    def as_json(self) -> dict[str, Any]:
        origin = self.elsewhere
        return {
            "seq": self.seq,
            "parent": self.parent,
            "branch": self.branch,
            "kind": self.header.kind,
            "names": list(self.names),
            "from": {"workspace": origin.workspace, "seq": origin.seq} if origin else None,
        }


def lineage(workspace: str, headers: Iterable[Header], names: Mapping[int, Sequence[str]]) -> list[Node]:
    """All revisions by seq, each with what it descends from.

    A restore descends from what it restored, or, where that is gone, from the nearest older one that still exists.
    """
    ordered = sorted(headers, key=lambda header: header.seq)
    seqs = [header.seq for header in ordered]
    branches: dict[int, int] = {}
    taken: set[int] = set()
    nodes: list[Node] = []
    begun = 0
    for place, header in enumerate(ordered):
        own = header.origin is not None and header.origin.workspace == workspace
        before = seqs[place - 1] if place else None
        parent = before
        if own and header.origin is not None and header.origin.seq < header.seq and header.kind != Why.BEFORE_RESTORE:
            at = bisect_right(seqs, header.origin.seq)
            parent = seqs[at - 1] if at else None
        if parent is None or parent in taken:
            branch, begun = begun, begun + 1
        else:
            branch = branches[parent]
        branches[header.seq] = branch
        if parent is not None:
            taken.add(parent)
        elsewhere = None if own else header.origin
        nodes.append(Node(header, parent, branch, tuple(names.get(header.seq, ())), elsewhere))
    return nodes


def landmarks(nodes: Sequence[Node]) -> list[Node]:
    """Only those worth a line: named ones, the ends and beginnings of branches, and what is no plain change."""
    return thinned(nodes, worth_a_line(nodes))


def worth_a_line(nodes: Sequence[Node]) -> set[int]:
    """The landmarks' numbers."""
    children: dict[int, int] = {}
    for node in nodes:
        if node.parent is not None:
            children[node.parent] = children.get(node.parent, 0) + 1
    return {
        node.seq
        for node in nodes
        if node.names
        or node.elsewhere
        or node.parent is None
        or children.get(node.seq, 0) != 1
        or node.header.kind != Why.CHANGE
    }


def thinned(nodes: Sequence[Node], shown: Collection[int]) -> list[Node]:
    """Only those in `shown`, each descending from the nearest of them above it."""
    nearest: dict[int, int | None] = {}
    found = []
    for node in nodes:
        above = node.parent
        if above is not None and above not in shown:
            above = nearest[above]
        nearest[node.seq] = above
        if node.seq in shown:
            found.append(Node(node.header, above, node.branch, node.names, node.elsewhere))
    return found


def tree_lines(nodes: Sequence[Node], label: Mapping[int, str]) -> Iterator[str]:
    """The tree as text: a branch's revisions one below the other, a branch that leaves it indented below its root."""
    branches: dict[int, list[Node]] = {}
    for node in nodes:
        branches.setdefault(node.branch, []).append(node)
    leaving: dict[int, list[int]] = {}
    roots: list[int] = []
    own = {node.seq: node.branch for node in nodes}
    for branch, members in branches.items():
        above = members[0].parent
        if above is None or own[above] == branch:
            roots.append(branch)
        else:
            leaving.setdefault(above, []).append(branch)
    # A stack, not recursion: a history may have branched thousands of times.
    todo = [(branch, 0, iter(branches[branch])) for branch in reversed(roots)]
    while todo:
        branch, depth, members_left = todo.pop()
        for node in members_left:
            mark = "└─ " if depth and node is branches[branch][0] else "● "
            yield f"{'│  ' * max(0, depth - (mark == '└─ '))}{mark}{label[node.seq]}"
            if node.seq in leaving:
                todo.append((branch, depth, members_left))
                todo += [(other, depth + 1, iter(branches[other])) for other in reversed(leaving[node.seq])]
                break
