"""What a build is sent of a workspace: its own files, never a secret, never through a link, named by their bytes."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from monitor.adapters.docker_engine import contexts
from monitor.errors import Refused


def folder(root: Path, *paths: str) -> list[str]:
    """Files with their path as content; the paths."""
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path)
    return list(paths)


def key(root: Path, paths: list[str], context: str = "") -> str:
    return contexts.digest(root, context, contexts.context_paths(root, paths, context))


def test_secrets_and_ignored_files_are_not_sent(tmp_path: Path) -> None:
    every = folder(tmp_path, "a.py", ".env", "keys/id_rsa", ".ssh/config", "log/x.log", "web/.env.local", "web/b.py")
    (tmp_path / ".dockerignore").write_text("log\n!.env\n")
    assert contexts.context_paths(tmp_path, [*every, ".dockerignore"], "") == ["a.py", "web/b.py"]
    assert contexts.context_paths(tmp_path, every, "web") == ["b.py"]


def test_a_key_names_bytes_modes_and_links_and_nothing_else(tmp_path: Path) -> None:
    every = folder(tmp_path, "a", "b/c")
    before = key(tmp_path, every)
    os.utime(tmp_path / "a", (1, 1))
    assert key(tmp_path, every) == before
    (tmp_path / "a").chmod(0o755)
    runnable = key(tmp_path, every)
    (tmp_path / "a").write_text("A")
    changed = key(tmp_path, every)
    (tmp_path / "a").unlink()
    (tmp_path / "a").symlink_to("b/c")
    assert len({before, runnable, changed, key(tmp_path, every), key(tmp_path, every[:1])}) == 5
    assert contexts.digest(tmp_path, "", every, "one") != contexts.digest(tmp_path, "", every, "two")


def test_what_is_sent_is_what_the_key_names(tmp_path: Path) -> None:
    every = folder(tmp_path, "a", "b/c", "run")
    (tmp_path / "run").chmod(0o711)
    (tmp_path / "link").symlink_to("b/c")
    paths = contexts.context_paths(tmp_path, [*every, "link"], "")
    out = io.BytesIO()
    assert contexts.pack(tmp_path, "", paths, {"extra": b"x"}, out, "word") == contexts.digest(
        tmp_path, "", paths, "word"
    )
    out.seek(0)
    with tarfile.open(fileobj=out) as sent:
        modes = {member.name: (member.mode, member.linkname, member.uid, member.mtime) for member in sent}
        assert sent.extractfile("b/c").read() == b"b/c"  # type: ignore[union-attr]
    assert modes == {
        "a": (0o644, "", 0, 0),
        "b/c": (0o644, "", 0, 0),
        "extra": (0o644, "", 0, 0),
        "link": (0o777, "b/c", 0, 0),
        "run": (0o755, "", 0, 0),
    }


def test_nothing_is_read_through_a_link_or_from_what_is_no_file(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    every = folder(inside, "a")
    folder(outside, "secret")
    for name, target in (("up", "../outside/secret"), ("far", "/etc/passwd"), ("dir", "../outside"), ("ok", "./a")):
        (inside / name).symlink_to(target)
    os.mkfifo(inside / "pipe")
    paths = sorted([*every, "up", "far", "dir", "ok", "pipe", "gone"])
    seen = {item.path: item.target for item in contexts.items(inside, "", paths)}
    assert seen == {"a": "", "ok": "./a"}
    with pytest.raises(Refused):
        list(contexts.items(inside, "dir", ["secret"]))
    assert list(contexts.items(inside, "..", ["outside/secret"])) == []


def test_a_bind_is_copied_readable_and_without_links_that_leave(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    every = folder(inside, "conf/a", "conf/b/c", "other")
    (inside / "conf/a").chmod(0o600)
    (inside / "conf/out").symlink_to("/etc")
    every.append("conf/out")
    where, paths = contexts.bound_paths(every, "conf")
    contexts.copy(inside, where, paths, tmp_path / "copy")
    assert sorted(str(p.relative_to(tmp_path / "copy")) for p in (tmp_path / "copy").rglob("*")) == ["a", "b", "b/c"]
    assert (tmp_path / "copy/a").stat().st_mode & 0o777 == 0o644
    assert contexts.bound_paths(every, "conf/a") == ("conf", ["a"])
    assert contexts.bound_paths(every, "nothing") == ("nothing", [])


def test_more_than_a_build_may_have_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    every = folder(tmp_path, "a", "b")
    monkeypatch.setattr(contexts, "MOST_BYTES", 1)
    with pytest.raises(Refused, match="more than"):
        key(tmp_path, every)
