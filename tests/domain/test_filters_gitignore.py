"""Ignore files against git itself: generated trees, `git check-ignore` as the oracle."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.adapters.disk.walking import walk
from monitor.domain.gitignore import parse
from monitor.domain.gitindex import BadIndex, tracked_paths

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git: the oracle is missing")

PIECES = [
    "a", "b", "ab", "foo", ".x", "*", "**", "?", "[ab]", "[!a]", "[a-c]", "\\a", "\\*", " ", "\\ ", "#", "!",
    "[[:alpha:]]", "[", "é", "x*", "*.a", "***", "[]a]", "[^/]", "-", "\\", "[a-", "[[:foo:]]", "a-c",
]  # fmt: skip
NAMES = [
    "a",
    "b",
    "ab",
    "foo",
    ".x",
    "c",
    "x.a",
    "foob",
    "é",
    "a b",
    "*",
    "[a",
    "!",
    "#",
    "a ",
    "ba",
    "abc",
    "-",
    "\\",
]

segments = st.lists(st.sampled_from(PIECES), min_size=1, max_size=3).map("".join)
lines = st.tuples(
    st.sampled_from(["", "", "!", "/"]),
    st.lists(segments, min_size=1, max_size=3).map("/".join),
    st.sampled_from(["", "/", "  ", "\r"]),
).map("".join)
ignore_files = st.lists(lines, min_size=1, max_size=4).map("\n".join)
paths = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("/".join)
trees = st.tuples(
    st.lists(paths, min_size=3, max_size=25, unique=True),
    ignore_files,
    st.dictionaries(st.sampled_from(["a", "b", "foo", "a/b"]), ignore_files, max_size=2),
)


def git(folder: str, *args: str, stdin: bytes = b"") -> bytes:
    clean = {"PATH": os.environ["PATH"], "HOME": folder, "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(["git", "-C", folder, *args], input=stdin, capture_output=True, env=clean).stdout


def build(folder: str, files: list[str], top: str, nested: dict[str, str]) -> list[str]:
    """Make the tree; paths that would be a file and a folder at once are left out."""
    git(folder, "init", "-q")
    made = []
    for path in files:
        try:
            Path(folder, path).parent.mkdir(parents=True, exist_ok=True)
            Path(folder, path).write_text("x")
            made.append(path)
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            continue
    Path(folder, ".gitignore").write_bytes(top.encode())
    for below, text in nested.items():
        if Path(folder, below).is_dir():
            Path(folder, below, ".gitignore").write_bytes(text.encode())
    return made


def untracked(folder: str) -> set[str]:
    """What git calls source: every file it would offer to add."""
    out = git(folder, "ls-files", "-z", "--others", "--cached", "--exclude-standard")
    return {os.fsdecode(p) for p in out.split(b"\0") if p}


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(trees)
def test_the_walk_keeps_exactly_what_git_would(tree: tuple[list[str], str, dict[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = build(folder, *tree)
        ignored = git(folder, "check-ignore", "-z", "--stdin", stdin="\0".join(made).encode()).split(b"\0")
        kept = set(walk(Path(folder)).files)
        assert kept & set(made) == set(made) - {os.fsdecode(p) for p in ignored}
        assert kept == untracked(folder)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(trees, st.data(), st.sampled_from(["2", "3", "4"]))
def test_what_git_tracks_is_kept_even_if_ignored(
    tree: tuple[list[str], str, dict[str, str]], data: st.DataObject, version: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = build(folder, *tree)
        chosen = data.draw(st.lists(st.sampled_from(made), unique=True)) if made else []
        git(folder, "config", "index.version", version)
        git(folder, "add", "-f", "--", *(f":(literal){p}" for p in chosen))
        assert set(tracked_paths(Path(folder, ".git/index").read_bytes()) if chosen else []) == set(chosen)
        assert set(walk(Path(folder)).files) == untracked(folder)


def test_a_split_index_is_read_whole(tmp_path: Path) -> None:
    folder = str(tmp_path)
    build(folder, ["one.log", "two.log"], "*.log", {})
    git(folder, "add", "-f", "one.log")
    git(folder, "update-index", "--split-index")
    git(folder, "add", "-f", "two.log")
    assert {"one.log", "two.log"} <= set(walk(tmp_path).files)


def test_a_sha256_repository_is_read(tmp_path: Path) -> None:
    git(str(tmp_path), "init", "-q", "--object-format=sha256")
    (tmp_path / "a.log").write_text("1")
    git(str(tmp_path), "add", "-f", "a.log")
    assert walk(tmp_path).files == ["a.log"]


@pytest.mark.parametrize("data", [b"", b"DIRC", b"DIRC\0\0\0\2\0\0\0\5" + b"x" * 80, b"DIRC\0\0\0\x09" + b"\0" * 60])
def test_a_broken_index_is_told_and_loses_nothing_else(tmp_path: Path, data: bytes) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "index").write_bytes(data)
    (tmp_path / "a").write_text("1")
    tree = walk(tmp_path)
    assert tree.files == ["a"]
    assert any("index" in p for p in tree.problems)
    with pytest.raises(BadIndex):
        tracked_paths(data)


def test_git_is_never_run_and_info_exclude_counts(tmp_path: Path) -> None:
    git(str(tmp_path), "init", "-q")
    mark = tmp_path / "ran"
    hook = f"#!/bin/sh\ntouch {mark}\n"
    (tmp_path / ".git" / "config").write_text(f'[core]\n\tfsmonitor = "touch {mark}"\n')
    (tmp_path / ".git" / "hooks" / "post-index-change").write_text(hook)
    (tmp_path / ".git" / "info" / "exclude").write_text("private\n")
    (tmp_path / "private").write_text("1")
    assert walk(tmp_path).files == []
    assert not mark.exists()


@pytest.mark.parametrize("pattern", [b"*a*a*a*a*a*a*a*a*b", b"x/*a*a*a*a*a*a*a*b", b"/" + b"**/a*/" * 12 + b"b"])
def test_a_pattern_written_to_be_slow_is_not(pattern: bytes) -> None:
    ignore = parse(pattern)
    start = time.process_time()
    for _ in range(20):
        ignore.match(b"x/" + b"a" * 250, b"a" * 250, False)
        ignore.match(b"a/" * 1500 + b"c", b"c", False)
    assert time.process_time() - start < 1.0
