"""Everything that is asked about remotes, and what is done by itself: pull on start, push when it is due."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from monitor.domain.config import FILE, parse_config
from monitor.domain.config_git import ON_COMMIT, ON_SNAPSHOT
from monitor.domain.config_git import Git as Terms
from monitor.domain.git.state import GitState
from monitor.domain.schedule import turn
from monitor.domain.workspace import Phase
from monitor.errors import Conflict, SlipwayError
from monitor.services.git.book import Known
from monitor.services.git.identity import ANOTHER, replaced
from monitor.services.git.making import Maker
from monitor.services.git.means import Means
from monitor.services.git.pulling import Pulled, Puller
from monitor.services.git.pushing import Occasion, Pusher
from monitor.services.git.telling import remote_of, state_of, terms_from
from monitor.services.jobs import Tell, Work

LOOK_S = 5.0
AGAIN_S = 600.0
_RESTS = frozenset({Phase.STOPPED, Phase.PARKED, Phase.ARCHIVED})

log = logging.getLogger(__name__)

Found = TypeVar("Found")
Begin = Callable[[str, str, Work], object]
Show = Callable[[str, GitState | None], None]


class Following:
    """`begin` starts a job, `show` tells everybody how a workspace and its remote stand; without a monitor neither is
    needed. One workspace's pulls and pushes come one after the other."""

    def __init__(self, means: Means, begin: Begin | None = None, show: Show | None = None) -> None:
        self._means = means
        self._begin, self._show = begin, show
        self._puller, self._pusher, self._maker = Puller(means), Pusher(means), Maker(means)
        self._terms: dict[str, tuple[Path, Terms]] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._begun: set[str] = set()
        self._resting: set[str] = set()
        self._again: dict[str, float] = {}

    def note(self, name: str, folder: Path, said: Terms | None) -> None:
        """What a workspace's own file says now; where it says nothing, where it came from counts."""
        terms = said or self._origin(name)
        if terms is None:
            if self._terms.pop(name, None) is not None:
                self._tell(name)
            return
        new = self._terms.get(name) != (folder, terms)
        self._terms[name] = (folder, terms)
        if new:
            self._tell(name)

    def phase(self, name: str, phase: Phase) -> None:
        """One that rested and is started again begins with a pull, as at the monitor's own start."""
        if phase in _RESTS:
            self._resting.add(name)
        elif name in self._resting:
            self._resting.discard(name)
            self._begun.discard(name)

    async def gone(self, name: str) -> None:
        """The folder is no more: whatever comes under its name is something else."""
        for one in (self._terms, self._again):
            one.pop(name, None)
        self._begun.discard(name)
        if name in self._means.book.names:
            self._means.book.forget(name)
            await self._means.git.forget(name)

    def renamed(self, name: str, before: str) -> None:
        """The same folder had another name: it follows what it followed."""
        known = self._means.book.of(before)
        if known != Known():
            self._means.book.note(name, **asdict(known))

    async def ready(self, name: str, url: str, branch: str | None) -> None:
        """Whether `make` has a chance; raises `UsageError`, `Conflict` (the name is taken), `Refused`."""
        self._means.url(terms_from(url, branch))
        await self._maker.free(name)

    async def make(self, name: str, url: str, branch: str | None, tell: Tell) -> dict[str, Any]:
        """A new workspace from a remote, which is followed from then on unless its `slipway.yaml` says otherwise."""
        terms = terms_from(url, branch)
        async with self._lock(name):
            made = await self._maker.make(name, terms, tell)
            identity = await self._means.files.identity(self._means.root / name)
            self._means.book.note(name, folder=identity)
            self._begun.add(name)
            return made

    async def check(self, name: str) -> None:
        """Raises `Refused` for a workspace without a remote, or with one that may not be reached."""
        _, terms = await self._asked(name)
        self._means.url(remote_of(name, terms))

    async def pull(self, name: str, tell: Tell) -> dict[str, Any]:
        """Bring what changed at the remote; raises as `check` does."""
        folder, terms = await self._asked(name)
        return (await self._pull(name, folder, remote_of(name, terms), tell)).as_json()

    async def push(self, name: str, tell: Tell) -> dict[str, Any]:
        """Keep what is there, and push it where a remote is configured: `git` in the answer says so."""
        folder, terms = await self._asked(name)
        kept = await self._means.acting.push(name, tell)
        if terms is None:
            return kept
        occasion = Occasion(revision=int(kept["revision"]))
        return {**kept, "git": await self._push(name, folder, terms, occasion, tell)}

    def snapshot_made(self, name: str, shown: dict[str, Any]) -> None:
        """Somebody named a revision: pushed if that is the workspace's wish."""
        folder, terms = self._terms.get(name, (None, None))
        if folder is not None and terms is not None and terms.push == ON_SNAPSHOT:
            occasion = Occasion(str(shown["name"]), str(shown.get("note") or ""), int(shown["seq"]))
            self._start("push", name, lambda tell: self._push(name, folder, terms, occasion, tell))

    async def run(self) -> None:
        """Look at what is due, until cancelled."""
        while True:
            await self._means.clock.sleep(LOOK_S)
            for name, (folder, terms) in tuple(self._terms.items()):
                try:
                    await self._look(name, folder, terms)
                except SlipwayError as error:
                    log.info("the remote of %s is looked at again: %s", name, error.message)
                except Exception:
                    log.exception("looking at the remote of %s failed; the next look tries again", name)

    async def sweep(self, names: Collection[str]) -> None:
        """Forget the workspaces that went away while nobody watched; `names` are all that have a folder.

        Not where none has: that may be a disk that is not there.
        """
        if not names:
            return
        for name in self._means.book.names - set(names):
            await self.gone(name)

    async def _look(self, name: str, folder: Path, terms: Terms) -> None:
        if self._lock(name).locked() or self._means.turns.doing(name):
            return
        now = self._means.clock.monotonic()
        if name not in self._begun and now >= self._again.get(name, now):
            self._begun.add(name)
            self._start("pull", name, lambda tell: self._on_start(name, folder, terms, tell))
        elif terms.push == ON_COMMIT:
            await self._look_at_head(name, folder, terms)
        elif self._is_due(name, terms):
            self._start("push", name, lambda tell: self._push(name, folder, terms, Occasion(), tell))
        self._tell(name)

    async def _on_start(self, name: str, folder: Path, terms: Terms, tell: Tell) -> dict[str, Any]:
        try:
            return (await self._pull(name, folder, terms, tell)).as_json()
        except SlipwayError:
            self._begun.discard(name)
            self._again[name] = self._means.clock.monotonic() + AGAIN_S
            raise

    async def _look_at_head(self, name: str, folder: Path, terms: Terms) -> None:
        found = await self._means.files.git_head(folder)
        book = self._means.book
        if found is None or found.commit == book.of(name).head:
            return
        first = not book.of(name).head
        book.note(name, head=found.commit)
        if first:
            return
        branch = (found.branch or "").removeprefix("refs/heads/")
        title = f"{name} at {found.commit[:12]}{f' of {branch}' if branch else ''}"
        self._start("push", name, lambda tell: self._push(name, folder, terms, Occasion(title), tell))

    def _is_due(self, name: str, terms: Terms) -> bool:
        schedule, known = terms.schedule, self._means.book.of(name)
        if schedule is None:
            return False
        planned = known.planned_ns if known.plan == terms.push else None
        found = turn(schedule, planned, self._means.clock.wall_ns())
        if found.next_ns != planned:
            self._means.book.note(name, plan=terms.push, planned_ns=found.next_ns)
        return found.run

    async def _pull(self, name: str, folder: Path, terms: Terms, tell: Tell) -> Pulled:
        pulled = await self._one(name, folder, terms, lambda: self._puller.pull(name, folder, terms, tell))
        if pulled.conflicts:
            log.warning("%s", pulled.lines()[0])
        return pulled

    async def _push(self, name: str, folder: Path, terms: Terms, occasion: Occasion, tell: Tell) -> dict[str, Any]:
        push = self._pusher.push
        pushed = await self._one(name, folder, terms, lambda: push(name, folder, terms, occasion, tell))
        return pushed.as_json()

    async def _one(self, name: str, folder: Path, terms: Terms, work: Callable[[], Awaitable[Found]]) -> Found:
        """One at a time; what goes wrong is known of the workspace until it goes well."""
        async with self._lock(name):
            try:
                origin, identity = self._origin(name), await self._means.files.identity(folder)
                if await replaced(self._means, name, identity) and terms == origin:
                    self._terms.pop(name, None)
                    raise Conflict(ANOTHER.format(name), hint="write `git:` into its slipway.yaml to go on")
                done = await work()
                self._means.book.note(name, folder=identity)
                return done
            except SlipwayError as error:
                self._means.book.note(name, error=error.message, looked_at=self._means.now())
                raise
            finally:
                self._tell(name)

    async def _asked(self, name: str) -> tuple[Path, Terms | None]:
        """The folder, and what its file says this very moment; raises `NotFound`, `ConfigError`."""
        folder = await self._means.acting.folder(name)
        tree = await self._means.files.walk(folder)
        texts = await self._means.files.read_texts(folder, tree, lambda path: path == FILE)
        said = parse_config(texts[FILE]).git if FILE in texts else None
        return folder, said or self._origin(name)

    def _origin(self, name: str) -> Terms | None:
        known = self._means.book.of(name)
        return Terms(url=known.origin_url, branch=known.origin_branch or None) if known.origin_url else None

    def _start(self, kind: str, name: str, work: Work) -> None:
        if self._begin is not None:
            self._begin(kind, name, work)

    def _lock(self, name: str) -> asyncio.Lock:
        return self._locks.setdefault(name, asyncio.Lock())

    def _tell(self, name: str) -> None:
        if self._show is None:
            return
        _, terms = self._terms.get(name, (None, None))
        newest = self._means.acting.history.newest(name)
        self._show(
            name, state_of(name, terms, self._means.book.of(name), newest.seq if newest else 0) if terms else None
        )
