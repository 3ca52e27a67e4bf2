"""A push: what the history keeps becomes one commit on top of a branch; nothing there is overwritten."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.domain.config_git import Git as Terms
from monitor.domain.git.committing import Moved, choose_parent, left_out, message, tree_to_push
from monitor.domain.git.leaf import FILE, LINK, PROGRAM, Leaf, Leaves, below, refusal
from monitor.domain.history.entry import Entry
from monitor.domain.restoring.plan import shown
from monitor.domain.sizes import MIB
from monitor.domain.tree import Kind
from monitor.errors import NotFound
from monitor.ports.git import Rejected
from monitor.services.git.means import Means, contents_of, endless
from monitor.services.history.contents import content_of
from monitor.services.jobs import Tell
from monitor.services.restore.safety import seen

MAX_BLOB = 100 * MIB
"""What the large hosts refuse."""
AT_ONCE = 8 * MIB


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why it is pushed: the commit's first line and note, and the revision (None: what is there right now)."""

    title: str = ""
    note: str = ""
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class Pushed:
    """What came of a push; `commit` None: the branch holds just that already."""

    workspace: str
    branch: str
    commit: str | None
    revision: int
    files: int
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "branch": self.branch,
            "commit": self.commit,
            "revision": self.revision,
            "files": self.files,
            "notes": list(self.notes),
            "lines": self.lines(),
        }

    def lines(self) -> list[str]:
        """For people."""
        if self.commit is None:
            return [f"{self.branch} has all of revision {self.revision} already", *self.notes]
        return [f"{self.branch} is at {self.commit[:12]} with revision {self.revision}", *self.notes]


class Pusher:
    """Pushes what the history keeps, and so never what it leaves out."""

    def __init__(self, means: Means) -> None:
        self._means = means

    async def push(self, name: str, folder: Path, terms: Terms, occasion: Occasion, tell: Tell) -> Pushed:
        """Raises `Rejected` where the branch holds somebody else's work, `GitAway`, `Refused`."""
        means, url, target = self._means, self._means.url(terms), terms.target(name)
        revision = occasion.revision or await self._keep(name, tell)
        tell(f"asking the remote for {target}")
        tip = (await means.git.fetch(name, url, target)).commit
        parent = await self._parent(name, terms, target, tip)
        before = await means.git.leaves(name, parent) if parent else {}
        leaves, notes = await self._leaves(name, folder, terms, revision, before, tell)
        known = means.book.of(name)
        title = occasion.title or f"Keep {name}: revision {revision}"
        commit = await means.git.commit(
            name,
            leaves,
            parent,
            message(title, occasion.note, workspace=name, revision=revision),
            author=means.author_of(terms),
            at_ns=means.clock.wall_ns(),
        )
        if commit is not None:
            tell(f"pushing to {target}")
            await means.git.push(name, url, commit, target)
            await means.git.mark(name, "pushed", commit)
        now = means.now()
        done = {"pushed": commit, "pushed_at": now} if commit is not None else {}
        place = {"push_url": terms.url, "push_branch": target}
        if commit is not None and known.base(terms, target) is not None:
            # The branch that is followed is the one that was pushed to: the folder is what it holds.
            done |= {"pulled": commit, "pulled_at": now}
        kept = {} if done or known.last_push(terms, target) else {"pushed": tip}
        means.book.note(name, **place, **done, **kept, pushed_revision=revision, looked_at=now, error="")
        return Pushed(name, target, commit, revision, len(leaves), notes)

    async def _keep(self, name: str, tell: Tell) -> int:
        return int((await self._means.acting.push(name, tell))["revision"])

    async def _parent(self, name: str, terms: Terms, target: str, tip: str | None) -> str | None:
        means, known = self._means, self._means.book.of(name)
        branch = terms.branch or known.branch
        own = target != branch
        pulled = known.base(terms, known.branch)
        if tip is None and pulled is None and own:
            # Nothing was ever pulled: the branch grows out of the one that is there.
            pulled = (await means.git.fetch(name, means.url(terms), terms.branch)).commit
        chosen = choose_parent(tip, pushed=known.last_push(terms, target), pulled=pulled, own=own)
        if not isinstance(chosen, Moved):
            return chosen.commit
        hint = "`slipway sync NAME --pull` first" if not own else "bring them in, or name another branch as `to:`"
        raise Rejected(
            f"{target} at the remote has commits that are not from here (it is at {chosen.tip[:12]})",
            hint=f"nothing was pushed or overwritten; {hint}",
        )

    async def _leaves(
        self, name: str, folder: Path, terms: Terms, revision: int, before: Leaves, tell: Tell
    ) -> tuple[Leaves, tuple[str, ...]]:
        """The commit's tree, and what a person should know about it."""
        means = self._means
        state = await means.acting.history.listing(name, revision)
        entries = [one for one in state.values() if one.kind is not Kind.DIR]
        large = [one for one in entries if one.size > MAX_BLOB]
        kept = await self._kept(name, [one for one in entries if one.size <= MAX_BLOB], tell)
        there = below(before, terms.path)
        links = {path: leaf for path, leaf in there.items() if leaf.is_link and not refusal(path, leaf)}
        bad = dict((await contents_of(means, name, links)).refused) if links else {}
        # What was too large for a file here was not deleted here: it stays at the branch.
        absent = {path: leaf for path, leaf in there.items() if path not in kept and leaf.is_file}
        bad |= await endless(means, name, absent) if absent else {}
        tree, _ = await seen(means.files, folder)
        out = left_out(tree, kept.keys(), there.keys())
        leaves = tree_to_push(kept, before, folder=terms.path, links=bad, left_out=out)
        return leaves, tuple(f"not pushed, larger than {MAX_BLOB // MIB} MiB: {shown(one.path)}" for one in large)

    async def _kept(self, name: str, entries: list[Entry], tell: Tell) -> dict[str, Leaf]:
        """Leaves for what the history keeps; only content that was never pushed before is read."""
        means = self._means
        blobs = dict(await means.git.stored(name))
        missing = {one.sha256: one for one in entries if one.kind is Kind.FILE and one.sha256 not in blobs}
        read = 0
        for some in _batches(missing.values()):
            tell("reading what changed", read, len(missing))
            archive = means.acting.history.archive
            contents = {one.sha256: await content_of(archive, name, one, means.pool) for one in some}
            blobs |= await means.git.put(name, contents)
            read += len(some)
        targets = {one.path: os.fsencode(one.target) for one in entries if one.kind is Kind.SYMLINK}
        named = {path: hashlib.sha256(target).hexdigest() for path, target in targets.items()}
        new = {named[path]: target for path, target in targets.items() if named[path] not in blobs}
        blobs |= await means.git.put(name, new) if new else {}
        return {one.path: _leaf(one, named, blobs) for one in entries}


def _leaf(entry: Entry, links: Mapping[str, str], blobs: Mapping[str, str]) -> Leaf:
    if entry.kind is Kind.SYMLINK:
        return Leaf(LINK, blobs[links[entry.path]])
    try:
        return Leaf(PROGRAM if entry.mode & 0o100 else FILE, blobs[entry.sha256])
    except KeyError:
        raise NotFound(f"{shown(entry.path)} was not stored in our clone", hint="push again") from None


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """As many as fit in memory well; a larger one alone."""
    some: list[Entry] = []
    for entry in entries:
        if some and (len(some) >= 200 or sum(one.size for one in some) + entry.size > AT_ONCE):
            yield some
            some = []
        some.append(entry)
    if some:
        yield some
