"""A pull's plan against a model: nothing of one side is ever lost without being named."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.git.leaf import PROGRAM, Leaf
from monitor.domain.git.merging import FOLDER, UNKNOWN, Standing, changed_paths, plan_pull, standing_of
from monitor.domain.restoring.standing import ancestors, folders_above
from monitor.domain.tree import Entry, Excluded, Kind, Tree

NAMES = ["a", "b", "a/x", "a/y", "a/x/1", "a/x/2", "b/x", "c"]


def _a_tree(found: dict[str, str]) -> dict[str, str]:
    """A file cannot have anything below it."""
    return {path: text for path, text in found.items() if not any(above in found for above in ancestors(path))}


TREES = st.dictionaries(st.sampled_from(NAMES), st.sampled_from("123")).map(_a_tree)


@settings(max_examples=600, deadline=None)
@given(base=TREES, theirs=TREES, disk=TREES)
def test_all_of_both_sides_is_there_afterwards_or_named_as_a_conflict(
    base: dict[str, str], theirs: dict[str, str], disk: dict[str, str]
) -> None:
    changed = {path for path in base.keys() | theirs.keys() if base.get(path) != theirs.get(path)}
    folders = folders_above(disk)
    here = {path: disk.get(path, FOLDER) for path in changed if path in disk or path in folders}
    plan = plan_pull(
        {path: text for path, text in base.items() if path in changed},
        {path: text for path, text in theirs.items() if path in changed},
        here,
        Standing(disk),
    )
    undecided = {path for path in changed if disk.get(path) not in {base.get(path), theirs.get(path)}}
    if plan.conflicts:
        crowded = {one.path for one in plan.conflicts}
        assert crowded <= changed
        assert undecided <= crowded
        return
    assert not undecided
    after = {path: text for path, text in disk.items() if path not in plan.remove}
    after |= {path: theirs[path] for path in plan.write}
    for path in base.keys() | theirs.keys() | disk.keys():
        expected = theirs.get(path) if path in changed else disk.get(path)
        assert after.get(path) == expected, path
    assert after == _a_tree(after), "a file and a folder cannot stand at one path"
    assert set(plan.remove) <= {path for path in base if disk.get(path) == base[path]}
    assert set(plan.write) | set(plan.remove) | set(plan.same) == changed
    wanted = {path for path in plan.write if path in folders}
    assert wanted <= set(plan.cleared)


@settings(max_examples=100, deadline=None)
@given(base=TREES, theirs=TREES)
def test_an_untouched_folder_becomes_exactly_what_the_remote_has(
    base: dict[str, str], theirs: dict[str, str]
) -> None:
    changed = {path for path in base.keys() | theirs.keys() if base.get(path) != theirs.get(path)}
    folders = folders_above(base)
    here = {path: base.get(path, FOLDER) for path in changed if path in base or path in folders}
    plan = plan_pull(
        {p: t for p, t in base.items() if p in changed},
        {p: t for p, t in theirs.items() if p in changed},
        here,
        Standing(base),
    )
    assert not plan.conflicts
    after = {path: text for path, text in base.items() if path not in plan.remove}
    assert after | {path: theirs[path] for path in plan.write} == theirs


def test_what_cannot_be_compared_is_a_conflict_and_so_is_a_left_out_folder_in_the_way() -> None:
    tree = Tree(
        {"kept": Entry("kept", Kind.FILE), "empty": Entry("empty", Kind.DIR)},
        excluded=(Excluded("node_modules", "", pruned=True), Excluded(".env", "", secret=True)),
    )
    standing = standing_of(tree)
    plan = plan_pull(
        {".env": "1", "odd": "1"},
        {".env": "2", "odd": "2", "node_modules": "3", "empty": "4", "node_modules/new/file": "5", "kept/below": "6"},
        {".env": "1", "odd": UNKNOWN, "empty": FOLDER, "node_modules": FOLDER},
        standing,
    )
    assert {one.path: one.reason for one in plan.conflicts} == {
        "odd": "what stands here cannot be compared",
        "node_modules": "a folder stands here",
        "kept/below": "kept stands here and is no folder",
    }
    assert plan.write == (".env", "empty", "node_modules/new/file")
    assert plan.cleared == ("empty",)


def test_a_changed_mode_alone_is_a_change() -> None:
    old, new = Leaf(0o100644, "1" * 40), Leaf(PROGRAM, "1" * 40)
    assert changed_paths({"run": old, "b": old}, {"run": new, "b": old}) == {"run"}
    assert plan_pull({"run": "x"}, {"run": "x"}, {"run": "x"}, Standing({"run"})).write == ("run",)
