"""Keeping up with a tree by hints: what a whole walk would say, and what a hint missed the next look finds."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from monitor.adapters.clock import SystemClock
from monitor.adapters.disk.walking import walk
from monitor.adapters.files import DiskFiles
from monitor.domain.tree import Tree
from monitor.ports.files import FolderGone
from monitor.ports.watch import wanted_of
from monitor.services.following import WHOLE_S, Following
from tests.support.disguise import disguise

FOLDERS = ("", "a", "b", "a/c", "a/c/d", "a/node_modules", "b/dist", "b/venv")
NAMES = (
    "x.txt",
    "y.log",
    ".gitignore",
    "package.json",
    "requirements.txt",
    "pyvenv.cfg",
    ".env",
    ".npmrc",
    "c",
    "dist",
)
PLACES = [f"{folder}/{name}".lstrip("/") for folder in FOLDERS for name in NAMES] + [f for f in FOLDERS if f]
TEXTS = (
    "", "*.txt\n", "!x.txt\n", "c/\n", "/a/*\n", "dist\n", '{"scripts": {"build": "x --outDir dist"}}',
    "//r/:_authToken=abcdefabcdefabcdef0123\n", "sync:\n  exclude: ['*.log']\n",
)  # fmt: skip
FURNISHED = (
    "x.txt",
    "a/c/x.txt",
    "a/c/y.log",
    "a/node_modules/x.txt",
    "b/dist/x.txt",
    "b/dist/y.log",
    "b/venv/x.txt",
)
OPERATIONS = (
    "write",
    "write",
    "write",
    "delete",
    "rename",
    "folder",
    "chmod",
    "link",
    "index",
    "private",
    "settings",
    "disguise",
)
CHANGES = st.tuples(
    st.sampled_from(OPERATIONS), st.sampled_from(PLACES), st.sampled_from(PLACES), st.sampled_from(TEXTS)
)
Change = tuple[str, str, str, str]


class Heard:
    """What notifications would tell: changes directly in a watched folder, and to a watched folder itself."""

    def __init__(self) -> None:
        self.watched: frozenset[str] = frozenset()
        self.paths: set[str] | None = None
        self.deaf = False

    def touched(self, _folder: str) -> frozenset[str] | None:
        found, self.paths = self.paths, set()
        return None if found is None else frozenset(found)

    def tell(self, *paths: str) -> None:
        if self.paths is not None and not self.deaf:
            self.paths |= {p for p in paths if p in self.watched or p.rpartition("/")[0] in self.watched}

    def watch(self, tree: Tree) -> None:
        """A folder that begins to be watched makes everything be looked at once, as the real one does."""
        wanted = wanted_of(tree).folders
        if wanted - self.watched:
            self.paths = None
        self.watched = wanted


class Scene:
    """One workspace that is changed and followed."""

    def __init__(self, base: Path, indices: list[bytes]) -> None:
        self.folder = base / "shop"
        self.folder.mkdir()
        (self.folder / ".git" / "info").mkdir(parents=True)
        self.heard, self._indices = Heard(), indices
        self.now = 0.0
        clock = SystemClock()
        clock.monotonic = lambda: self.now  # type: ignore[method-assign]
        self.files = DiskFiles(clock, remember_from=0)
        self.following = Following(self.files, clock, self.heard.touched)

    async def look(self) -> Tree:
        found = await self.following.look("shop", self.folder)
        self.heard.watch(found.tree)
        assert comparable(found.tree) == comparable(walk(self.folder, found.overrides))
        return found.tree

    def change(self, change: Change) -> None:
        what, place, other, text = change
        path = self.folder / place
        named = self._names(place) | (self._names(other) if what == "rename" else set())
        with suppress(OSError, shutil.Error):
            if what == "write":
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            elif what == "folder":
                path.mkdir(parents=True, exist_ok=True)
            elif what == "delete":
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
            elif what == "rename":
                path.rename(self.folder / other)
            elif what == "chmod":
                path.chmod(stat.S_IMODE(path.stat().st_mode) ^ 0o050)
            elif what == "link":
                path.symlink_to(other)
            elif what == "disguise":
                if path.is_file() and not path.is_symlink():
                    disguise(path, b"#" * path.stat().st_size)
            elif what == "index":
                (self.folder / ".git" / "index").write_bytes(self._indices[len(text) % len(self._indices)])
            elif what == "private":
                (self.folder / ".git" / "info" / "exclude").write_text(text)
            else:
                (self.folder / "slipway.yaml").write_text(text if text.startswith("sync") else "")
                self.heard.tell("slipway.yaml")
        for told in named:
            above = [told[:end] for end in range(len(told)) if told[end] == "/"]
            self.heard.tell(told, *above)

    def _names(self, place: str) -> set[str]:
        """What a change at this path may be a change of: a link there, or above it, leads elsewhere."""
        path, top = self.folder / place, self.folder.resolve()
        own = Path(os.path.realpath(path.parent), path.name)
        return {place, os.path.relpath(own, top), os.path.relpath(os.path.realpath(path), top)}


def comparable(tree: Tree) -> object:
    """All of a tree but the sizes and times of what is left out and does not run: nobody listens to those."""
    left_out = sorted(
        (e.path, e.reason, e.secret, e.pruned, e.runs, *((e.size, e.mtime_ns, e.ctime_ns) if e.runs else ()))
        for e in tree.excluded
    )
    return dict(tree.entries), left_out, sorted(tree.problems), sorted(tree.unread), tree.access, tree.digest()


@pytest.fixture(scope="module")
def indices(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Real indices of git, tracking other files each."""
    base = tmp_path_factory.mktemp("git")
    (base / "a" / "c").mkdir(parents=True)
    (base / "b" / "dist").mkdir(parents=True)
    git: Callable[..., object] = lambda *given: subprocess.run(["git", "-C", str(base), *given], check=True)  # noqa: E731
    git("init", "-q")
    found = []
    for path in ("a/c/y.log", "b/dist/x.txt"):
        (base / path).write_text("x")
        git("add", "-f", "--", path)
        found.append((base / ".git" / "index").read_bytes())
    return found


@contextmanager
def scene(indices: list[bytes]) -> Iterator[Scene]:
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as base:
        made = Scene(Path(base), indices)
        try:
            yield made
        finally:
            made.files.close()


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(batches=[[("link", "y.log", "a/node_modules/x.txt", ""), ("write", "y.log", "", TEXTS[1])]])
@example(batches=[[("index", "x.txt", "", TEXTS[2])], [("write", "b/package.json", "", TEXTS[6])]])
@given(batches=st.lists(st.lists(CHANGES, min_size=1, max_size=4), min_size=1, max_size=8))
async def test_what_hints_lead_to_is_what_a_whole_walk_finds(
    indices: list[bytes], batches: list[list[Change]]
) -> None:
    with scene(indices) as made:
        for place in FURNISHED:
            made.change(("write", place, "", ""))
        await made.look()
        await made.look()
        for batch in batches:
            for change in batch:
                made.change(change)
            if made.heard.paths is not None:  # a groundless hint: without any the look would be a whole one
                made.heard.paths.add(FURNISHED[len(batch)])
            await made.look()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batch=st.lists(CHANGES, min_size=1, max_size=6))
async def test_lost_hints_are_healed_by_the_next_look_without_one(indices: list[bytes], batch: list[Change]) -> None:
    with scene(indices) as made:
        made.change(("write", "a/c/x.txt", "", ""))
        await made.look()
        made.heard.deaf = True
        for change in batch:
            made.change(change)
        made.heard.paths = set()
        await made.look()


async def test_a_lost_hint_is_healed_under_constant_hints_too(indices: list[bytes]) -> None:
    with scene(indices) as made:
        (made.folder / "a").mkdir()
        (made.folder / "a" / "x.txt").write_text("one")
        await made.look()
        (made.folder / "a" / "x.txt").write_text("longer")
        made.heard.paths = {"y.txt"}
        found = await made.following.look("shop", made.folder)
        assert found.tree.entries["a/x.txt"].size == 3, "this look was a whole one: the test shows nothing"
        made.now = WHOLE_S
        made.heard.paths = {"y.txt"}
        assert (await made.look()).entries["a/x.txt"].size == 6


async def test_a_folder_that_is_gone_is_told_and_read_anew_when_it_is_back(indices: list[bytes]) -> None:
    with scene(indices) as made:
        (made.folder / "x.txt").write_text("one")
        await made.look()
        made.folder.rename(made.folder.with_name("away"))
        made.heard.paths = {"x.txt"}
        with pytest.raises(FolderGone):
            await made.following.look("shop", made.folder)
        made.folder.with_name("away").rename(made.folder)
        (made.folder / "x.txt").write_text("another")
        made.heard.paths = {"y.txt"}
        assert (await made.look()).entries["x.txt"].size == 7
