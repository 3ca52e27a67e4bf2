"""`Git` by GitPython and git itself, each only ever in a bare clone below one folder of the data folder."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TypeVar

from monitor.adapters.git import objects
from monitor.adapters.git.credentials import Credentials
from monitor.adapters.git.running import Answer, Runner
from monitor.adapters.git.weighing import weighed
from monitor.domain.git.leaf import Leaf, Leaves
from monitor.domain.git.names import Author, checked_branch
from monitor.domain.git.urls import GitUrl
from monitor.domain.sizes import MIB
from monitor.domain.workspace import NAME
from monitor.errors import NotFound, SlipwayError
from monitor.ports.git import Blobs, GitAway, Rejected, Tip, TooLarge

FETCH_S, PUSH_S = 900.0, 600.0
MAX_FETCH, LOOK_S = 4096 * MIB, 0.25
_DENIED = re.compile(
    r"could not read (Username|Password)|Authentication failed|Permission denied|\b40[13]\b|prompts disabled",
    re.I,
)
_STALE = re.compile(r"^!\t", re.M)

Found = TypeVar("Found")


class Clones:
    """`home` holds the clones, one per workspace; `protocols` are what a remote may be reached by."""

    def __init__(self, home: Path, credentials: Credentials, protocols: frozenset[str]) -> None:
        self._home, self._credentials = home, credentials
        self._runner = Runner(home, protocols)
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="git")
        # Of its own: a worker busy with a large tree must not keep a fetch from being ended.
        self._sizes = ThreadPoolExecutor(1, thread_name_prefix="git-sizes")
        self._making = asyncio.Lock()
        self.most = MAX_FETCH

    def close(self) -> None:
        self._pool.shutdown()
        self._sizes.shutdown()

    async def fetch(self, clone: str, url: GitUrl, branch: str | None = None) -> Tip:
        place = await self._made(clone)
        listed = await self._remote(clone, url, "ls-remote", "--symref", "--", url.text, *_asked(branch))
        found, tip = _tip_of(listed.out.decode("utf-8", "replace"), branch)
        if tip is None:
            return Tip(found, None)
        ref = f"refs/slipway/theirs/{found}"
        # Only a fetch that came to its end moves the ref: the commit may be there without all it needs.
        if (await self._runner.run(place, "rev-parse", "--verify", "--quiet", ref)).out.strip() != tip.encode():
            spec = f"+refs/heads/{found}:{ref}"
            fetched = ("fetch", "--no-tags", "--no-write-fetch-head", "--quiet", "--", url.text, spec)
            async with self._bounded(place):
                await self._remote(clone, url, *fetched, within_s=FETCH_S)
            # What was there a moment ago may have moved on by now.
            tip = (await self._plain(place, "rev-parse", "--verify", ref)).strip()
        return Tip(found, tip)

    @asynccontextmanager
    async def _bounded(self, place: Path) -> AsyncIterator[None]:
        """End what is done in the block once it brought more than `MAX_FETCH` bytes; raises `TooLarge`."""
        start = await self._off(weighed, place, True)
        try:
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(self._watch(place, start + self.most), name=f"git: size of {place.name}")
                yield
                watch.cancel()
        except BaseExceptionGroup as errors:
            await self._off(weighed, place, True)
            raise errors.exceptions[0] from None

    async def _watch(self, place: Path, most: int) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            if await self._off(weighed, place) > most:
                raise TooLarge(
                    f"the remote repository has more than {self.most // MIB:,} MiB to fetch",
                    hint="nothing of it was taken; copy the part you need into the workspaces folder",
                )

    async def _off(self, work: Callable[..., Found], *given: object) -> Found:
        return await asyncio.get_running_loop().run_in_executor(self._sizes, work, *given)

    async def leaves(self, clone: str, commit: str) -> Mapping[str, Leaf]:
        return await self._worker(clone, lambda those: those.leaves(commit))

    @contextmanager
    def opened(self, clone: str) -> Iterator[Blobs]:
        place = self._place(clone)
        with objects.opened(place, self._runner.environment(place)) as found:
            yield found

    async def contents(self, clone: str, blobs: Sequence[str]) -> Mapping[str, bytes]:
        return await self._worker(clone, lambda those: {blob: those.read(blob) for blob in blobs})

    async def count(self, clone: str, old: str | None, new: str) -> int:
        without = [f"^{old}"] if old and await self._has(self._place(clone), old) else []
        return int(await self._plain(self._place(clone), "rev-list", "--count", new, *without, "--"))

    async def is_ancestor(self, clone: str, old: str, new: str) -> bool:
        return (await self._runner.run(self._place(clone), "merge-base", "--is-ancestor", old, new)).code == 0

    async def stored(self, clone: str) -> Mapping[str, str]:
        place = await self._made(clone)
        return await asyncio.get_running_loop().run_in_executor(self._pool, objects.stored, place)

    async def put(self, clone: str, contents: Mapping[str, bytes]) -> Mapping[str, str]:
        def work(those: objects.Objects) -> Mapping[str, str]:
            blobs = {sha256: those.put(data) for sha256, data in contents.items()}
            objects.note_stored(self._place(clone), blobs)
            return blobs

        return await self._worker(clone, work)

    async def commit(
        self, clone: str, leaves: Leaves, parent: str | None, message: str, *, author: Author, at_ns: int
    ) -> str | None:
        def work(those: objects.Objects) -> str | None:
            tree = those.put_tree(leaves)
            if parent is not None and those.tree_of(parent) == tree:
                return None
            return those.put_commit(tree, parent, message, author, at_ns)

        return await self._worker(clone, work)

    async def push(self, clone: str, url: GitUrl, commit: str, branch: str) -> None:
        words = ("push", "--porcelain", "--no-verify", "--", url.text, f"{commit}:refs/heads/{branch}")
        answer = await self._ask(clone, url, *words, within_s=PUSH_S)
        if answer.code and _STALE.search(answer.out.decode("utf-8", "replace")):
            raise Rejected(
                f"the remote does not take the push to {branch}: {answer.said}",
                hint="nothing was overwritten; if somebody else pushed there, `slipway sync --pull`, or name another "
                "branch as `to:` of `git:` in slipway.yaml",
            )
        self._checked(answer, url)

    async def mark(self, clone: str, name: str, commit: str) -> None:
        await self._plain(self._place(clone), "update-ref", "--no-deref", f"refs/slipway/{name}", commit)

    async def forget(self, clone: str) -> None:
        place = self._place(clone)
        await asyncio.get_running_loop().run_in_executor(self._pool, lambda: shutil.rmtree(place, ignore_errors=True))

    def _place(self, clone: str) -> Path:
        if not NAME.match(clone):
            raise NotFound(f"{clone[:60]!r} is no workspace's name")
        return self._home / f"{clone}.git"

    async def _made(self, clone: str) -> Path:
        place = self._place(clone)
        async with self._making:
            await asyncio.get_running_loop().run_in_executor(self._pool, self._runner.prepare)
            if not (place / "HEAD").is_file() or not (place / "objects").is_dir():
                made = await self._runner.run(place, "init", "--quiet", "--bare", "--template=", "--", str(place))
                if made.code:
                    raise SlipwayError(f"a clone cannot be made in {place}: {made.said}", hint="is the disk full?")
        return place

    async def _has(self, place: Path, commit: str) -> bool:
        return (await self._runner.run(place, "cat-file", "-e", f"{commit}^{{commit}}")).code == 0

    async def _plain(self, place: Path, *words: str) -> str:
        answer = await self._runner.run(place, *words)
        if answer.code:
            raise SlipwayError(f"git {words[0]} failed in our clone: {answer.said}", hint="pull again")
        return answer.out.decode("utf-8", "replace")

    async def _remote(self, clone: str, url: GitUrl, *words: str, within_s: float = 60.0) -> Answer:
        return self._checked(await self._ask(clone, url, *words, within_s=within_s), url)

    async def _ask(self, clone: str, url: GitUrl, *words: str, within_s: float) -> Answer:
        find = self._credentials
        credential, secrets = find.find(clone, url), find.secrets()
        place = self._place(clone)
        return await self._runner.run(place, *words, within_s=within_s, url=url, credential=credential, hide=secrets)

    def _checked(self, answer: Answer, url: GitUrl) -> Answer:
        if answer.code and _DENIED.search(answer.said):
            raise GitAway(
                f"{url.text} does not let us in: {answer.said}",
                hint="put a credential for it into `git-credentials.toml` of the data folder (mode 0600)",
                reason="git-denied",
            )
        if answer.code:
            hint = "check the address, and whether the remote is reachable"
            raise GitAway(f"{url.text} is not reached: {answer.said}", hint=hint)
        return answer

    async def _worker(self, clone: str, work: Callable[[objects.Objects], Found]) -> Found:
        place = await self._made(clone)

        def run() -> Found:
            with objects.opened(place, self._runner.environment(place)) as those:
                return work(those)

        return await asyncio.get_running_loop().run_in_executor(self._pool, run)


def _asked(branch: str | None) -> tuple[str, ...]:
    return ("HEAD",) if branch is None else (f"refs/heads/{branch}",)


def _tip_of(listed: str, branch: str | None) -> tuple[str, str | None]:
    """The branch and its commit, out of `ls-remote --symref`."""
    lines = [line.split("\t", 1) for line in listed.splitlines() if "\t" in line]
    if branch is not None:
        return branch, next((name for name, ref in lines if ref == f"refs/heads/{branch}"), None)
    head = next((what for what, ref in lines if ref == "HEAD" and what.startswith("ref: refs/heads/")), "")
    tip = next((what for what, ref in lines if ref == "HEAD" and not what.startswith("ref:")), None)
    name = head.removeprefix("ref: refs/heads/") or "main"
    try:
        return checked_branch(name), tip
    except ValueError as error:
        raise SlipwayError(f"the remote's default branch {error}", hint="name the branch to follow") from None
