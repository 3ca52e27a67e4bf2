"""A pull: what the remote changed since the last one comes into the folder, all of it or, on a conflict, nothing."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.domain.config_git import Git as Terms
from monitor.domain.filters import Overrides
from monitor.domain.git.leaf import Leaves, below
from monitor.domain.git.merging import FOLDER, UNKNOWN, PullPlan, changed_paths, plan_pull, standing_of
from monitor.domain.history.revision import Why
from monitor.domain.restoring.plan import shown
from monitor.domain.tree import Kind, Tree
from monitor.errors import Conflict, NotFound, SlipwayError
from monitor.ports.git import Tip
from monitor.ports.placing import Job, Orders, Phase, Problem, Stage, content_id
from monitor.services.git.means import Means
from monitor.services.git.staging import Checkout, checkout_of, stage_files
from monitor.services.jobs import Tell
from monitor.services.restore.displacing import Left, keep_displaced
from monitor.services.restore.safety import seen

NAMED = 50


@dataclass(frozen=True, slots=True)
class Pulled:
    """What came of a pull; with `conflicts` (paths and reasons) nothing was changed."""

    workspace: str
    branch: str
    commit: str
    before: str | None
    written: int = 0
    removed: int = 0
    conflicts: tuple[tuple[str, str], ...] = ()
    problems: tuple[Problem, ...] = ()
    revision: int | None = None
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "workspace": self.workspace,
            "direction": "pull",
            "branch": self.branch,
            "commit": self.commit,
            "before": self.before,
            "written": self.written,
            "removed": self.removed,
            "conflicts": [{"path": shown(path), "reason": why} for path, why in self.conflicts[:NAMED]],
            "conflict_count": len(self.conflicts),
            "problems": [{"path": shown(p.path), "reason": shown(p.reason)} for p in self.problems],
            "revision": self.revision,
            "notes": list(self.notes),
            "lines": self.lines(),
        }

    def lines(self) -> list[str]:
        """For people."""
        what = f"{self.workspace}: {self.branch} is at {self.commit[:12]}"
        if self.conflicts:
            named = [f"CONFLICT  {shown(path)}  ({why})" for path, why in self.conflicts[:NAMED]]
            return [f"{what}; nothing was changed, {len(self.conflicts)} files are in conflict", *named]
        done = f"{self.written} files written, {self.removed} removed"
        first = f"{what}: {done if self.written or self.removed else 'nothing to do'}"
        return [first, *(f"NOT PLACED  {shown(p.path)}  ({shown(p.reason)})" for p in self.problems), *self.notes]


@dataclass(frozen=True, slots=True)
class _Planned:
    plan: PullPlan
    checkout: Checkout
    base: Mapping[str, str]
    tree: Tree
    overrides: Overrides


class Puller:
    """Pulls into folders that are there."""

    def __init__(self, means: Means) -> None:
        self._means = means

    async def pull(self, name: str, folder: Path, terms: Terms, tell: Tell) -> Pulled:
        """Raises `GitAway`, `Refused`, `NotFound` (no such branch), `Conflict` (busy), `SlipwayError` (disk).

        A conflict of files is no exception: it is in the answer, and known of the workspace from then on.
        """
        means = self._means
        tell("asking the remote")
        tip = await means.git.fetch(name, means.url(terms), terms.branch)
        if tip.commit is None:
            raise NotFound(f"the remote has no branch {tip.branch}", hint="is `branch:` of `git:` spelled right?")
        before = await self._base(name, folder, terms, tip)
        theirs = await self._tree(name, tip.commit, terms)
        planned = await self._plan(name, folder, await self._old(name, before, terms), theirs)
        pulled = Pulled(name, tip.branch, tip.commit, before, notes=planned.checkout.notes)
        if planned.plan.changes and not planned.plan.conflicts:
            async with means.turns.hold(name, f"pulling {tip.commit[:12]}"):
                # What was saved meanwhile counts.
                planned = await self._plan(name, folder, await self._old(name, before, terms), theirs)
                if not planned.plan.conflicts:
                    tell(f"writing {len(planned.plan.write)} files")
                    pulled = await self._carry_out(pulled, folder, planned)
        conflicts = tuple((one.path, one.reason) for one in planned.plan.conflicts)
        return await self._noted(name, terms, tip, before, pulled, conflicts)

    async def _noted(
        self,
        name: str,
        terms: Terms,
        tip: Tip,
        before: str | None,
        pulled: Pulled,
        conflicts: tuple[tuple[str, str], ...],
    ) -> Pulled:
        means, now = self._means, self._means.now()
        assert tip.commit is not None
        if conflicts:
            behind = await means.git.count(name, before, tip.commit)
            means.book.note(
                name, conflicts=tuple(p for p, _ in conflicts[:NAMED]), looked_at=now, behind=behind, error=""
            )
            return Pulled(name, tip.branch, tip.commit, before, conflicts=conflicts, notes=pulled.notes)
        if pulled.problems:
            # Not counted as pulled: the next pull tries what is missing again.
            means.book.note(name, looked_at=now, error=f"{len(pulled.problems)} files could not be placed")
            return pulled
        await means.git.mark(name, "pulled", tip.commit)
        place = {"url": terms.url, "branch": tip.branch, "path": terms.path}
        means.book.note(
            name, **place, pulled=tip.commit, pulled_at=now, looked_at=now, behind=0, conflicts=(), error=""
        )
        return pulled

    async def _base(self, name: str, folder: Path, terms: Terms, tip: Tip) -> str | None:
        """What the folder began with: the last pull, or where the person's own repository is."""
        assert tip.commit is not None
        known = self._means.book.of(name).base(terms, tip.branch)
        if known is not None:
            return known
        head = await self._means.files.git_head(folder)
        if head is not None and not terms.path and await self._means.git.is_ancestor(name, head.commit, tip.commit):
            return head.commit
        return None

    async def _old(self, name: str, base: str | None, terms: Terms) -> Leaves:
        if base is None:
            return {}
        try:
            return below(await self._means.git.leaves(name, base), terms.path)
        except NotFound:
            # Our clone was lost, and the remote has this commit no more: what differs is a conflict then.
            return {}

    async def _tree(self, name: str, commit: str, terms: Terms) -> Leaves:
        found = below(await self._means.git.leaves(name, commit), terms.path)
        if terms.path and not found:
            raise NotFound(f"the repository has no folder {terms.path}", hint="see `path:` of `git:` in slipway.yaml")
        return found

    async def _plan(self, name: str, folder: Path, old: Leaves, theirs: Leaves) -> _Planned:
        means = self._means
        changed = changed_paths(old, theirs)
        checkout = await checkout_of(means, name, {p: leaf for p, leaf in theirs.items() if p in changed})
        ours = {p: leaf for p, leaf in old.items() if p in changed and p not in checkout.refused}
        old_checkout = await checkout_of(means, name, ours)
        base = {path: old_checkout.contents.versions[path] for path in old_checkout.leaves}
        wanted = {path: checkout.contents.versions[path] for path in checkout.leaves}
        tree, overrides = await seen(means.files, folder)
        if "" in tree.unread:
            raise SlipwayError(f"the folder of {name} cannot be read", hint="mend its permissions")
        here = await self._here(folder, tree, sorted(base.keys() | wanted.keys()))
        return _Planned(plan_pull(base, wanted, here, standing_of(tree)), checkout, base, tree, overrides)

    async def _here(self, folder: Path, tree: Tree, paths: list[str]) -> dict[str, str]:
        looked = await self._means.placing.look(folder, paths)
        found = {path: content_id(one.sha256) for path, one in looked.items()}
        folders = standing_of(tree).folders
        missing = [path for path in paths if path not in found]
        absent = await self._means.files.absent(folder, missing)
        for path in missing:
            entry = tree.entries.get(path)
            if entry is not None and entry.kind is Kind.SYMLINK:
                found[path] = content_id(target=entry.target)
            elif path in folders:
                found[path] = FOLDER
            elif path not in absent:
                found[path] = UNKNOWN
        return found

    async def _carry_out(self, pulled: Pulled, folder: Path, planned: _Planned) -> Pulled:
        """A revision of what is there first; then stage, move into place, and a revision of what came."""
        means, name, plan = self._means, pulled.workspace, planned.plan
        if any(job.workspace == name for job in await means.placing.unfinished(means.root)):
            raise Conflict(
                f"an earlier restore of {name} is not finished", hint="restart Slipway: it is completed first"
            )
        await means.acting.history.commit(
            name, folder, planned.tree, kind=Why.BEFORE_RESTORE, overrides=planned.overrides
        )
        stage = await means.placing.begin(Job(secrets.token_hex(8), means.root, name, folder))
        try:
            await stage_files(means, name, stage, planned.checkout.leaves, plan.write)
            known = {path: version for path, version in planned.base.items() if path in {*plan.write, *plan.remove}}
            problems = await stage.place(Orders(removed=plan.remove, cleared=plan.cleared, known=known))
        except BaseException:
            await let_go(stage)
            raise
        left = await keep_displaced(stage, means.safety)
        revision = await self._kept(name, folder, left)
        notes = (
            *pulled.notes,
            *(f"what was saved meanwhile, and replaced, is revision {seq}" for seq in left.revisions),
            *(f"replaced files are kept in {one}" for one in left.behind),
            *left.notes,
        )
        return Pulled(
            name, pulled.branch, pulled.commit, pulled.before, len(plan.write), len(plan.remove),
            problems=problems, revision=revision, notes=notes,
        )  # fmt: skip

    async def _kept(self, name: str, folder: Path, left: Left) -> int | None:
        try:
            tree, overrides = await seen(self._means.files, folder)
            await self._means.acting.history.commit(name, folder, tree, kind=Why.PULL, overrides=overrides)
        except SlipwayError as error:
            left.notes.append(f"the state after it is not kept yet: {error.message}")
        newest = self._means.acting.history.newest(name)
        return newest.seq if newest else None


async def let_go(stage: Stage) -> None:
    """Before the commit nothing is left; after it the next start completes it."""
    if stage.phase is Phase.STAGING:
        await stage.end()
    else:
        await stage.leave()
