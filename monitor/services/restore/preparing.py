"""From a wish to a plan, and from a plan to orders: everything that only reads."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from monitor.domain.history.base import Base
from monitor.domain.history.entry import Entry
from monitor.domain.restoring.plan import Act, Mode, RestorePlan
from monitor.domain.restoring.planning import plan_restore
from monitor.domain.restoring.standing import Standing, below
from monitor.domain.tree import Kind, Tree
from monitor.errors import SlipwayError
from monitor.ports.files import Files
from monitor.ports.placing import BESIDE, Orders, Placing, Stamp, content_id
from monitor.services.history.archive import Archive
from monitor.services.restore.safety import seen
from monitor.services.restore.sparing import spared
from monitor.services.restore.wish import Target, Wish, checked_path

# What the file system itself needs besides the files' bytes.
SLACK = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Wanted:
    """The whole state at the chosen revision, and the path as its entries spell it.

    `base` is held so that the safety revision, which mostly stands on the same one, need not read it again.
    """

    state: Mapping[str, Entry]
    path: str
    base: Base


@dataclass(frozen=True, slots=True)
class Prepared:
    """The part of the state that is wanted, what stands in the target, and the plan between them."""

    wanted: Mapping[str, Entry]
    tree: Tree
    plan: RestorePlan

    @property
    def to_stage(self) -> list[Entry]:
        return [self.wanted[step.path] for step in self.plan.of(Act.WRITE, Act.REPLACE, Act.FOLDER)]


async def wanted_by(wish: Wish, archive: Archive) -> Wanted:
    """What the wish is about; raises as `Archive.state` and `checked_path` do."""
    state, base = await archive.based(wish.chosen.workspace, wish.chosen.seq)
    return Wanted(state, checked_path(wish.path, state, wish.chosen), base)


async def prepared(
    wish: Wish,
    target: Target,
    whole: Wanted,
    files: Files,
    placing: Placing,
    known: Collection[str] | None,
    archive: Archive,
) -> Prepared:
    """Compare the target, file by file where sizes are equal, with what is wanted; nothing is changed."""
    wanted, path = below(whole.state, whole.path), whole.path
    missing = target.fresh or (target.elsewhere and not target.folder.exists())
    tree = Tree({}) if missing else _without_stages((await seen(files, target.folder))[0])
    standing = Standing(tree, known)
    equal = [p for p, e in wanted.items() if _may_be_equal(standing, p, e)]
    looked = {} if missing else await placing.look(target.folder, equal)
    same = {p for p, found in looked.items() if found.sha256 == wanted[p].sha256}
    shared = {p for p, found in looked.items() if found.shared}
    if (
        wish.mode is Mode.MIRROR
        and (left := await spared(wanted, tree, same, archive, wish.chosen.workspace)) != tree
    ):
        tree, standing = left, Standing(left, known)
    plan = plan_restore(wanted, standing, wish.mode, path=path, same=same, shared=shared)
    return Prepared(wanted, tree, plan)


async def newest_paths(archive: Archive, workspace: str) -> Collection[str] | None:
    """What the newest revision holds; None where there is none or it cannot be read."""
    seqs = await archive.seqs(workspace)
    return await archive.state(workspace, seqs[-1]) if seqs else None


def orders_for(prepared: Prepared, before: Mapping[str, Entry] | None) -> Orders:
    """What to do besides placing what is staged; `before` is the safety revision's state."""
    plan, wanted = prepared.plan, prepared.wanted
    acting = {step.path for step in plan.steps if step.act is not Act.KEEP}
    known = {p: content_id(e.sha256, e.target) for p, e in (before or {}).items() if p in acting and _has_content(e)}
    folders = [wanted[s.path] for s in plan.of(Act.FOLDER, Act.WRITE, Act.REPLACE)]
    return Orders(
        removed=tuple(step.path for step in plan.of(Act.REMOVE)),
        cleared=plan.cleared,
        stamps=tuple(_stamp(wanted[step.path], prepared.tree) for step in plan.of(Act.STAMP)),
        folders=tuple(Stamp(e.path, e.mode, e.mtime_ns) for e in folders if e.kind is Kind.DIR),
        known=known,
    )


def check_room(plan: RestorePlan, free: int) -> None:
    """Raise before anything is written where it would not fit."""
    if plan.write_bytes and plan.write_bytes + SLACK > free:
        raise SlipwayError(
            f"there is not enough room: {plan.write_bytes} bytes are to be written, {free} are free",
            hint="free some disk space; what is there now is only removed at the very end",
            reason="disk-full",
        )


def _may_be_equal(standing: Standing, path: str, entry: Entry) -> bool:
    current = standing.entries.get(path)
    return current is not None and current.kind is entry.kind is Kind.FILE and current.size == entry.size


def _without_stages(tree: Tree) -> Tree:
    """Outside of the workspaces root a restore stages its bytes inside the target itself."""
    entries = {path: entry for path, entry in tree.entries.items() if not path.startswith(BESIDE)}
    return replace(tree, entries=entries)


def _stamp(entry: Entry, tree: Tree) -> Stamp:
    current = tree.entries[entry.path]
    was = (current.size, current.mtime_ns) if entry.kind is Kind.FILE else None
    return Stamp(entry.path, entry.mode, entry.mtime_ns, was)


def _has_content(entry: Entry) -> bool:
    return entry.kind is not Kind.DIR
