"""What a push commits: the kept files over what the branch has, and on which commit it may be built."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from monitor.domain.git.leaf import Leaf, Leaves, below, refusal
from monitor.domain.restoring.standing import ancestors, folders_above
from monitor.domain.tree import Tree

MAX_MESSAGE = 10_000


@dataclass(frozen=True, slots=True)
class Moved:
    """The branch holds what neither a pull nor a push of ours brought there: nothing may be built on it."""

    tip: str


@dataclass(frozen=True, slots=True)
class Parent:
    """What a commit is built on; None begins a history of its own."""

    commit: str | None = None


def choose_parent(tip: str | None, *, pushed: str | None, pulled: str | None, own: bool) -> Parent | Moved:
    """What to build on, given the branch's `tip` at the remote (None: there is no such branch yet).

    `own`: the branch is not the one that is followed. One that is there before our first push (a data folder was
    lost) is gone on with; anything that came to it since was somebody else's, and stays theirs.
    """
    if tip is None:
        return Parent(pulled)
    if tip == pushed or (not own and tip == pulled):
        return Parent(tip)
    return Parent(tip) if own and pushed is None else Moved(tip)


def left_out(tree: Tree, kept: Collection[str], paths: Collection[str]) -> frozenset[str]:
    """Those of `paths` that are on disk and yet not kept: a push leaves them at the branch as they are."""
    pruned = {out.path for out in tree.excluded if out.pruned} | set(tree.unread)
    single = {out.path for out in tree.excluded} | (tree.entries.keys() - set(kept))
    return frozenset(
        path
        for path in paths
        if path in single or path in pruned or "" in pruned or any(above in pruned for above in ancestors(path))
    )


def tree_to_push(
    kept: Leaves, parent: Leaves, *, folder: str = "", links: Mapping[str, str], left_out: Collection[str]
) -> dict[str, Leaf]:
    """The whole tree of the commit: `kept` (paths of the workspace) in `folder` of what `parent` has.

    What of the parent never became a file here (submodules, refused names, `links` and large files that were refused,
    with their reasons) and what is `left_out` stays as it is there.
    """
    before = below(parent, folder)
    carried = {p: leaf for p, leaf in before.items() if refusal(p, leaf) or p in links or p in left_out}
    modules = {path for path, leaf in carried.items() if refusal(path, leaf)}
    mine = {p: leaf for p, leaf in kept.items() if p not in modules and modules.isdisjoint(ancestors(p))}
    full = folders_above(mine)
    carried = {p: leaf for p, leaf in carried.items() if p not in full and not any(a in mine for a in ancestors(p))}
    inside = {**carried, **mine}
    start = f"{folder}/" if folder else ""
    outside = {p: leaf for p, leaf in parent.items() if folder and p != folder and not p.startswith(start)}
    outside = {p: leaf for p, leaf in outside.items() if p not in set(ancestors(f"{start}x"))}
    return {**outside, **{start + path: leaf for path, leaf in inside.items()}}


def message(title: str, note: str, *, workspace: str, revision: int) -> str:
    """A commit's message: the snapshot's name and note, or what made it, and where the history has it."""
    first = " ".join(title.split())[:200] or f"Keep {workspace}"
    body = f"\n\n{note.strip()[:MAX_MESSAGE]}" if note.strip() else ""
    return f"{first}{body}\n\nSlipway-Workspace: {workspace}\nSlipway-Revision: {revision}\n".replace("\0", "")
