"""Detection never raises, is quick, and reads little, whatever a folder holds."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.detection import MAX_BYTES, MAX_TEXTS, detect, wanted, wanted_paths
from monitor.domain.launch import ProjectType
from monitor.domain.launching import NotRunnable, spec_for
from monitor.domain.tree import Entry, Kind, tree_of
from tests.support.corpus import cases

ALL = cases()
NAMES = sorted({path for case in ALL for path in case.files})
PIECES = sorted({text for case in ALL for text in case.files.values()})
DEEP = [
    "[" * 5000,
    "{" * 2000,
    '{"a":' * 3000,
    "- " * 3000,
    "((((" * 2000,
    "x = " + "-" * 5000 + "1",
    "a" + ".b" * 5000,
]
ODD = [
    "{",
    "null",
    "[]",
    '"text"',
    "3",
    "\x00",
    "&a [*a]",
    "!!python/object:os.system x",
    "web:",
    "def f(:\n",
    "\ufeff{}",
]
JUNK = st.text(max_size=200) | st.sampled_from([*DEEP, *ODD])
ODD_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["scripts", "start", "build", "main", "dependencies", "engines", "node", "workspaces", "projects"]
            )
            | st.text(max_size=8),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)
PATHS = (
    st.sampled_from(NAMES)
    | st.builds("{}/{}".format, st.text(max_size=8), st.sampled_from(NAMES))
    | st.text(max_size=40)
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(PATHS, st.sampled_from(PIECES) | JUNK | ODD_JSON.map(json.dumps), max_size=12))
def test_never_raises(files: dict[str, str]) -> None:
    tree = tree_of(Entry(p, Kind.FILE, size=len(t)) for p, t in files.items() if p)
    found = detect(tree, {p: files[p] for p in wanted_paths(tree)})
    assert set(found.as_json()) >= {"type", "evidence", "version", "start", "port", "output_dir", "base_path"}
    assert all(isinstance(e, str) for e in found.evidence)
    if found.runnable:
        spec = spec_for("x", found, user=(1, 1))
        assert spec.start or spec.type is ProjectType.STATIC
        assert len(spec.hash) == 16
    else:
        with pytest.raises(NotRunnable, match=r"\w"):
            spec_for("x", found, user=(1, 1))


@pytest.mark.parametrize(("path", "text"), [("package.json", '{"name": "x",'), ("composer.json", "{")])
def test_a_manifest_that_cannot_be_read_is_the_reason_not_what_it_seems_to_lack(path: str, text: str) -> None:
    found = detect(tree_of([Entry(path, Kind.FILE, size=len(text))]), {path: text})
    assert found.reason.startswith(f"{path} cannot be read: ")
    with pytest.raises(NotRunnable) as refused:
        spec_for("x", found, user=(1, 1))
    assert refused.value.hint == "mend that file, or say `start:` in slipway.yaml"


@pytest.mark.parametrize(
    "path",
    [
        "a/b/c/d/e/app.py",
        "node_modules/x/package.json",
        "x/node_modules/y/index.js",
        ".venv/lib/app.py",
        "tests/app.py",
    ],
)
def test_deep_and_foreign_texts_are_not_asked_for(path: str) -> None:
    assert not wanted(path)


def test_what_is_read_is_bounded_and_manifests_come_first() -> None:
    many = [Entry(f"src/m{i:05}.py", Kind.FILE, size=10) for i in range(5000)]
    large = Entry("app.py", Kind.FILE, size=MAX_BYTES + 1)
    chosen = wanted_paths(tree_of([*many, large, Entry("requirements.txt", Kind.FILE, size=5)]))
    assert len(chosen) == MAX_TEXTS
    assert chosen[0] == "requirements.txt"
    assert "app.py" not in chosen


def test_a_link_or_device_named_like_a_manifest_is_no_manifest() -> None:
    tree = tree_of([Entry("package.json", Kind.SYMLINK, target="/etc/passwd"), Entry("Gemfile", Kind.SPECIAL)])
    assert wanted_paths(tree) == ()
    assert detect(tree, {}).type is ProjectType.UNKNOWN


def test_a_folder_takes_less_than_5_ms() -> None:
    trees = [(case.tree, case.files) for case in ALL]
    began = time.process_time()
    for tree, files in trees:
        detect(tree, {p: files[p] for p in wanted_paths(tree)})
    assert (time.process_time() - began) / len(trees) < 0.005
