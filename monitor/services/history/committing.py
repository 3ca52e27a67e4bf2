"""One batch of saves becomes one revision: plan, read, pack, base if due, and the revision last."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from monitor.domain import keys
from monitor.domain import tree as trees
from monitor.domain.filters import Overrides
from monitor.domain.history.base import base_name, write_base
from monitor.domain.history.delta import base_due, delta, delta_bytes_after, totals
from monitor.domain.history.entry import Entry, Piece, packs_of
from monitor.domain.history.losses import Fall, falling
from monitor.domain.history.numbering import placed
from monitor.domain.history.path_text import order
from monitor.domain.history.planning import Plan, changes_between, composed, much_gone, plan_of, with_keys
from monitor.domain.history.revision import MASS_DELETE, GitHead, Grade, Header, Origin, Revision, Why
from monitor.domain.tree import Tree
from monitor.ports.clock import Clock
from monitor.ports.files import Files, FolderGone
from monitor.services.history.cache import Cache
from monitor.services.history.fence import Fence
from monitor.services.history.gathering import Gathered, Gathering
from monitor.services.history.groups import first_of
from monitor.services.history.head import Head
from monitor.services.history.heads import Heads
from monitor.services.history.link import AWAY, Link
from monitor.services.history.outlet import Outlet
from monitor.services.history.packer import Packer
from monitor.services.history.placing import Placing
from monitor.services.history.vouching import Vouched, certain

GROWING_S = 60.0
RECALL_BYTES, RECALL_FILES = 4 * 1024 * 1024, 64
_MEANT = frozenset({Why.DELETED, Why.RESTORE, Why.PULL})

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked: the folder as it was seen settled, and why it is kept. `always` also without a change.

    `only`: the tree speaks of its own paths alone, and all else is as it was. `vouched`: files that were written from
    pieces of this workspace's own history need no reading while they have that mark, size and time.
    """

    folder: Path
    tree: Tree
    overrides: Overrides
    kind: str = Why.CHANGE
    seen_ns: int | None = None
    max_file: int = 0
    origin: Origin | None = None
    always: bool = False
    only: bool = False
    vouched: Vouched = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tools:
    """What every batch uses."""

    files: Files
    clock: Clock
    pool: Executor
    prefix: str
    link: Link
    heads: Heads
    cache: Cache
    fence: Fence


class Batch:
    """One batch under way; the caller holds the head's lock, and `head` changes only once all is durable."""

    def __init__(self, tools: Tools, head: Head, request: Request, outlet: Outlet) -> None:
        self._tools, self._head, self._request, self._outlet = tools, head, request, outlet
        self._placing = Placing(head.name, outlet, tools.fence, tools.prefix, tools.pool)
        self._much = False
        self._fall: Fall | None = None
        self._unstable: set[str] = set()
        self._vouched: Vouched = {}

    async def commit(self) -> Revision | None:
        """The revision that now exists, or None where nothing changed.

        Raises `FolderGone` (nothing is concluded), `Fenced`, and `StoreFull` where neither the store nor the spool
        takes it: what was known stays, and the next batch tries again.
        """
        head, request = self._head, self._request
        seen_ns = self._tools.clock.wall_ns() if request.seen_ns is None else request.seen_ns
        allows = request.overrides.allows_secret
        self._vouched = await certain(request.vouched, head, self._outlet, self._tools.prefix)
        known = head.known.vouched(self._vouched)
        if request.only:
            # What was moved out of its place differs by its bytes; its stamps may say otherwise.
            known = replace(known, clean={})
        planning = partial(plan_of, known, request.tree, allows_secret=allows, max_file=request.max_file)
        plan = await self._run(planning)
        head.left_out = head.left_out if request.only else plan.left_out
        head.changes, head.wanted = len(plan.read), sum(entry.size for entry in plan.read)
        self._much = head.wanted > RECALL_BYTES or head.changes > RECALL_FILES
        gathered, where = await self._gather(plan)
        unsettled = {c.path for c in gathered.unsettled if not c.gone} | gathered.torn | request.tree.restless
        self._unstable = unsettled if request.only else unsettled | plan.unseen
        state = await self._run(composed, plan, gathered.entries(where), head.state, unsettled | plan.unseen)
        self._note(plan, gathered)
        if not self._differs(state):
            self._mark_clean(plan, gathered, state)
            return None
        revision, base = await self._revision(state, gathered.read_ns, seen_ns)
        return await self._write(revision, base, state, partial(self._mark_clean, plan, gathered, state))

    async def _gather(self, plan: Plan) -> tuple[Gathered, Mapping[str, Piece | None]]:
        if not plan.read:
            return Gathered(), {}
        tools, request = self._tools, self._request
        allows = request.overrides.allows_secret
        try:
            async with asyncio.TaskGroup() as group:
                packer = Packer(self._send, tools.pool, group)
                gathering = Gathering(tools.files, tools.clock, tools.pool, packer, self._find, allows)
                await gathering.read(request.folder, plan.read)
                for entry in self._overdue(plan, gathering.result):
                    await gathering.read_as_is(request.folder, entry)
                await packer.finish()
        except BaseExceptionGroup as group_error:
            raise first_of(group_error) from group_error
        return gathering.result, packer.placed

    async def _send(self, pack: str, data: bytes) -> None:
        await self._outlet.put(keys.pack_key(self._tools.prefix, self._head.name, pack), data)

    async def _find(self, pieces: Collection[str]) -> Mapping[str, Piece]:
        """Those that are kept already. A large batch makes it worth to look through all older revisions."""
        head = self._head
        missing = any(sha256 not in head.index for sha256 in pieces)
        if missing and self._much and not head.recalled and self._outlet.direct:
            try:
                await self._tools.heads.recall(head)
            except AWAY:
                pass
            except BaseExceptionGroup as error:
                if not isinstance(first_of(error), AWAY):
                    raise
        return {sha256: head.index[sha256] for sha256 in pieces if sha256 in head.index}

    def _overdue(self, plan: Plan, gathered: Gathered) -> list[trees.Entry]:
        """Files that have not come to rest for so long that they are now taken as they are."""
        now, growing = self._tools.clock.monotonic(), self._head.growing
        restless = [c for c in gathered.unsettled if not c.gone and not c.refused]
        for path in growing.keys() - {c.path for c in restless}:
            del growing[path]
        listed = {entry.path: entry for entry in plan.read}
        found = []
        for changed in restless:
            if now - growing.setdefault(changed.path, now) >= GROWING_S:
                growing[changed.path] = now
                found.append(changed.now or listed[changed.path])
        return found

    def _note(self, plan: Plan, gathered: Gathered) -> None:
        """What is true whether or not a revision comes of it."""
        head = self._head
        sizes = sum(stamp[0] for stamp in gathered.keys.values())
        head.left_out = with_keys(head.left_out, len(gathered.keys), sizes)
        head.keys.update(gathered.keys)
        refused = [c for c in gathered.unsettled if c.refused]
        head.error = f"{refused[0].path} cannot be read: {refused[0].reason}" if refused else ""
        if not gathered.unsettled and not plan.read:
            head.growing.clear()

    def _differs(self, state: Mapping[str, Entry]) -> bool:
        head = self._head
        if head.header is None:
            return bool(state) or self._request.always
        settled_now = head.header.grade is Grade.BUSY and not self._unstable
        return state != head.state or settled_now or self._request.always

    def _mark_clean(self, plan: Plan, gathered: Gathered, state: dict[str, Entry]) -> None:
        """From now on these files need no reading; nor does it matter if this is lost."""
        clean = self._head.clean
        for path in [entry.path for entry in plan.read] + list(self._head.state.keys() - state.keys()):
            clean.pop(path, None)
        clean.update((path, mark) for path, (mark, entry) in self._vouched.items() if state.get(path) == entry)
        clean.update((path, mark) for path, mark in gathered.clean() if path in state)

    async def _revision(self, state: dict[str, Entry], read_ns: int, seen_ns: int) -> tuple[Revision, bytes | None]:
        head, request = self._head, self._request
        base, base_sha, base_bytes, delta_bytes = await self._base(state)
        changed, removed = ({}, frozenset()) if base else await self._run(delta, head.base, state)
        files, size = totals(state)
        time_ns = read_ns or self._tools.clock.wall_ns()
        gone = False
        if request.kind not in _MEANT:
            self._fall = falling(head.fall, head.header.files if head.header else 0, files, time_ns)
            gone = much_gone(head.state, state) or (self._fall is not None and self._fall.is_mass)
        header = Header(
            seq=head.seq + 1,
            time_ns=time_ns,
            seen_ns=seen_ns,
            writer=self._tools.link.writer,
            base=base_sha,
            base_bytes=base_bytes,
            delta_bytes=delta_bytes,
            kind=Why.MASS_DELETE if gone and request.kind == Why.CHANGE else request.kind,
            origin=request.origin,
            files=files,
            bytes=size,
            git=await self._git(),
            grade=Grade.BUSY if self._unstable else Grade.SETTLED,
            unstable=tuple(sorted(self._unstable, key=order)),
            flags=(MASS_DELETE,) if gone else (),
        )
        return Revision(placed(header, head.mark, head.seq or None), changed, removed), base

    async def _base(self, state: dict[str, Entry]) -> tuple[bytes | None, str, int, int]:
        """The bytes of a new base where one is due; its name, its size, and the delta bytes on it so far."""
        header, size = self._head.header, self._head.size
        due = self._head.alone or header is None or base_due(header.base_bytes, delta_bytes_after(header, size))
        if header is not None and not due:
            return None, header.base, header.base_bytes, delta_bytes_after(header, size)
        data = await self._run(write_base, state.values())
        return data, base_name(data), len(data), 0

    async def _git(self) -> GitHead | None:
        try:
            return await self._tools.files.git_head(self._request.folder)
        except FolderGone:
            return None

    async def _write(
        self, revision: Revision, base: bytes | None, state: dict[str, Entry], mark_clean: Callable[[], None]
    ) -> Revision:
        """Base, then revision; then, and only then, the head speaks of them."""
        head, prefix = self._head, self._tools.prefix
        if base is not None:
            await self._outlet.put(keys.base_key(prefix, head.name, revision.header.base), base)
        changes = changes_between(head.state, state)
        base_entries, base_packs = head.base, head.base_packs
        if base is not None:
            base_entries, base_packs = state, packs_of(state.values())
        revision, data = await self._placing.place(revision, base_packs, changes)
        mark_clean()
        head.put(revision, len(data), base_entries, base_packs, state)
        head.fall = None if MASS_DELETE in revision.header.flags else self._fall
        if self._outlet.direct:
            head.stored = revision.header
        if base is not None:
            await self._tools.cache.put_revision(head.name, data, base)
        head.unsaved = None if base is not None else data
        return revision

    async def _run(self, call: Callable[..., Found], *args: object) -> Found:
        return await asyncio.get_running_loop().run_in_executor(self._tools.pool, call, *args)
