"""A plan, carried out on a model of a disk, gives what was wanted and never touches what is not in the history."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain import tree as trees
from monitor.domain.history.delta import check_places
from monitor.domain.history.entry import EMPTY_SHA256, Entry, Piece
from monitor.domain.history.errors import BadObject
from monitor.domain.restoring.plan import Act, Mode, RestorePlan
from monitor.domain.restoring.planning import plan_restore
from monitor.domain.restoring.standing import Standing
from monitor.domain.tree import Excluded, Kind, Tree

NAMES = ["a", "b", "c\udcff"]
paths = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("/".join)
contents = st.sampled_from(["", "one", "two"])


def file(path: str, content: str, mode: int = 0o644, mtime: int = 1) -> Entry:
    if not content:
        return Entry(path, Kind.FILE, mode, mtime, 0, EMPTY_SHA256)
    sha = content.encode().hex().ljust(64, "0")
    return Entry(path, Kind.FILE, mode, mtime, len(content), sha, (Piece("a" * 64, len(content), 9, sha),))


@st.composite
def entries(draw: st.DrawFn, path: str) -> Entry:
    kind = draw(st.sampled_from([Kind.FILE, Kind.FILE, Kind.SYMLINK, Kind.DIR]))
    mode, mtime = draw(st.sampled_from([0o644, 0o755])), draw(st.integers(1, 2))
    if kind is Kind.FILE:
        return file(path, draw(contents), mode, mtime)
    if kind is Kind.SYMLINK:
        return Entry(path, kind, 0o777, mtime, target=draw(st.sampled_from(["x", "/etc"])))
    return Entry(path, kind, mode, mtime)


@st.composite
def states(draw: st.DrawFn) -> dict[str, Entry]:
    state: dict[str, Entry] = {}
    for path in draw(st.lists(paths, max_size=7, unique=True)):
        entry = draw(entries(path))
        try:
            check_places({**state, path: entry})
        except BadObject:
            continue
        state[path] = entry
    return state


@st.composite
def targets(draw: st.DrawFn) -> tuple[dict[str, Entry], set[str]]:
    """What is on the disk, and which of its files the filter leaves out."""
    disk = draw(states())
    out = draw(st.sets(st.sampled_from(sorted(disk)))) if disk else set()
    return disk, {path for path in out if disk[path].kind is not Kind.DIR}


def seen(disk: dict[str, Entry], out: set[str]) -> Tree:
    """The tree as the walk would give it: a folder with nothing kept in it is an empty folder."""
    found = {p: trees.Entry(p, e.kind, e.size, e.mtime_ns, e.mode, e.target) for p, e in disk.items() if p not in out}
    for path in out:
        above = path.rpartition("/")[0]
        while above and not any(p.startswith(f"{above}/") for p in found):
            found[above] = trees.Entry(above, Kind.DIR, 0, 0, 0o755)
            above = above.rpartition("/")[0]
    return Tree(found, tuple(Excluded(path, "a rule") for path in out))


class Disk:
    """A model with the kernel's rules: nothing is placed in a file, no folder with something in it is replaced."""

    def __init__(self, disk: dict[str, Entry]) -> None:
        self.at = dict(disk)
        self.folders: set[str] = set()
        for path in disk:
            self._above(path)

    def _above(self, path: str) -> None:
        while path := path.rpartition("/")[0]:
            self.folders.add(path)
            assert path not in self.at or self.at[path].kind is Kind.DIR, "something stands where a folder must be"
            self.at.pop(path, None)

    def carry_out(self, plan: RestorePlan, wanted: dict[str, Entry]) -> None:
        for step in plan.of(Act.REMOVE):
            del self.at[step.path]
        for path in plan.cleared:
            if not any(p.startswith(f"{path}/") for p in {*self.at, *self.folders}):
                self.at.pop(path, None)
                self.folders.discard(path)
        for step in plan.of(Act.WRITE, Act.REPLACE, Act.STAMP, Act.FOLDER):
            entry = wanted[step.path]
            if entry.kind is not Kind.DIR:
                assert step.path not in self.folders
                assert step.path not in self.at or self.at[step.path].kind is not Kind.DIR
            elif step.path in self.folders and any(p.startswith(f"{step.path}/") for p in self.at):
                continue
            self.folders.discard(step.path)
            self._above(step.path)
            self.at[step.path] = entry


def planned(disk: dict[str, Entry], out: set[str], wanted: dict[str, Entry], mode: Mode, path: str) -> RestorePlan:
    same = {p for p in disk.keys() & wanted.keys() if disk[p].sha256 == wanted[p].sha256}
    return plan_restore(wanted, Standing(seen(disk, out), None), mode, path=path, same=same)


@given(targets(), states(), st.sampled_from(Mode), st.sampled_from(["", "a", "a/b"]))
def test_the_plan_gives_what_was_wanted(
    target: tuple[dict[str, Entry], set[str]], wanted: dict[str, Entry], mode: Mode, path: str
) -> None:
    disk, out = target
    plan = planned(disk, out, wanted, mode, path)
    model = Disk(disk)
    model.carry_out(plan, wanted)
    refused = {one.path for one in plan.refused}

    def chosen(one: str) -> bool:
        return not path or one == path or one.startswith(f"{path}/")

    for one in out:
        assert model.at[one] == disk[one], "what the filter leaves out was touched"
    for one, entry in disk.items():
        if not chosen(one) and entry.kind is not Kind.DIR:
            assert model.at[one] == entry, "outside of what was asked for"
    for one, entry in wanted.items():
        if chosen(one) and one not in refused and entry.kind is not Kind.DIR:
            assert model.at[one] == entry
    if mode is Mode.MIRROR:
        extra = {p for p, e in model.at.items() if chosen(p) and p not in wanted and p not in out}
        assert all(model.at[p].kind is Kind.DIR or any(p.startswith(f"{r}/") for r in refused) for p in extra)
        if not refused and not out:
            assert {p: e for p, e in model.at.items() if chosen(p)} == {p: e for p, e in wanted.items() if chosen(p)}
    else:
        lost = {p for p, e in disk.items() if p not in model.at and e.kind is not Kind.DIR}
        assert all(any(w.startswith(f"{p}/") for w in wanted) for p in lost), "merge deletes nothing"
    json.dumps(plan.as_json())
    assert all("\n" not in line and line.isprintable() for line in plan.lines())


@given(states(), st.sampled_from(Mode))
def test_what_is_there_already_is_kept(state: dict[str, Entry], mode: Mode) -> None:
    plan = planned(state, set(), state, mode, "")
    assert not plan.changes
    assert plan.counts["keep"] == len(state)
    assert plan.fetch_bytes == plan.write_bytes == 0


@given(targets(), states())
def test_a_second_restore_has_nothing_left_to_do(
    target: tuple[dict[str, Entry], set[str]], wanted: dict[str, Entry]
) -> None:
    disk, out = target
    model = Disk(disk)
    model.carry_out(planned(disk, out, wanted, Mode.MIRROR, ""), wanted)
    again = planned(model.at, out, wanted, Mode.MIRROR, "")
    assert not again.of(Act.WRITE, Act.REPLACE, Act.STAMP, Act.REMOVE)


def plan_of(tree: Tree, wanted: list[Entry], mode: Mode = Mode.MIRROR, **more: object) -> RestorePlan:
    standing = Standing(tree, more.pop("known", None))  # type: ignore[arg-type]
    return plan_restore({e.path: e for e in wanted}, standing, mode, **more)  # type: ignore[arg-type]


def test_a_file_where_an_excluded_folder_stands_is_refused() -> None:
    tree = Tree({}, (Excluded("node_modules", "made again from package.json", pruned=True),))
    plan = plan_of(tree, [file("node_modules", "x"), file("ok", "x")])
    assert [(r.path, r.reason) for r in plan.refused] == [
        ("node_modules", "in the way, and not to be touched: made again from package.json")
    ]
    assert [s.path for s in plan.steps] == ["ok"]
    inside = plan_of(tree, [file("node_modules/x/index.js", "x")])
    assert "inside node_modules" in inside.refused[0].reason


def test_what_the_history_does_not_hold_is_neither_removed_nor_replaced() -> None:
    tree = trees.tree_of([trees.Entry("huge.bin", Kind.FILE, 10**9), trees.Entry("id", Kind.FILE, 5)])
    plan = plan_of(tree, [file("id", "x")], known={"other"})
    assert plan.refused[0].path == "id"
    assert {one.path for one in plan.left} == {"huge.bin", "id"}
    assert not plan.steps


def test_version_control_is_never_placed() -> None:
    plan = plan_of(Tree({}), [file(".git/hooks/post-checkout", "x"), file("sub/.git/config", "x")])
    assert len(plan.refused) == 2
    assert not plan.changes


def test_what_is_unread_stays() -> None:
    for unread in ("locked", ""):
        tree = Tree({}, unread=(unread,))
        plan = plan_of(tree, [file("locked/x", "x")])
        assert len(plan.refused) == 1


def test_a_hard_linked_file_is_replaced_rather_than_stamped() -> None:
    tree = trees.tree_of([trees.Entry("a", Kind.FILE, 3, 9, 0o644)])
    wanted = [file("a", "one", 0o755, 1)]
    assert plan_of(tree, wanted, same={"a"}).steps[0].act is Act.STAMP
    assert plan_of(tree, wanted, same={"a"}, shared={"a"}).steps[0].act is Act.REPLACE


def test_what_is_fetched_is_counted_once() -> None:
    plan = plan_of(Tree({}), [file("a", "one"), file("b", "one"), file("c", "longer")])
    assert (plan.fetch_bytes, plan.fetch_packs, plan.write_bytes) == (18, 1, 12)


def test_what_the_restored_state_makes_again_is_left_alone() -> None:
    """With its package.json gone node_modules became source; bringing that back is no reason to remove it."""
    now = {p: file(p, "one") for p in ("node_modules/dep/a", "sub/node_modules/b", "vendor/c")}
    now["node_modules/empty"] = Entry("node_modules/empty", Kind.DIR, 0o755, 1)
    tree = Tree({p: trees.Entry(p, e.kind, e.size, 9, e.mode) for p, e in now.items()})
    standing = Standing(tree, now)
    plan = plan_restore({"package.json": file("package.json", "two")}, standing)
    assert {step.path for step in plan.of(Act.REMOVE)} == {"sub/node_modules/b", "vendor/c"}
    assert [(left.path, left.reason) for left in plan.left] == [
        ("node_modules/dep/a", "built-in: node_modules is made again from package.json")
    ]
    assert not [folder for folder in plan.cleared if folder.startswith("node_modules")]
    kept = plan_restore({p: file(p, "two") for p in ("package.json", "node_modules/other")}, standing)
    assert "node_modules/dep/a" in {step.path for step in kept.of(Act.REMOVE)}, "it was source then"
