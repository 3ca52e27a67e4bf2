"""What comes from a remote: a whole workspace, what changed there, and nothing that leads out or is in conflict."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from monitor.adapters.placing.moving import Mover
from monitor.domain.config_git import Git as Terms
from monitor.errors import Conflict, NotFound, UsageError
from monitor.ports.git import TooLarge
from monitor.ports.placing import Orders
from tests.support.following import FIRST, World, quiet
from tests.support.git_server import CLEAN, git


async def test_a_workspace_is_made_whole_from_a_remote_and_nothing_leads_out_of_it(world: World) -> None:
    person = world.remote.person
    (person / "run.sh").write_text("#!/bin/sh\n")
    (person / "run.sh").chmod(0o755)
    (person / "out").symlink_to("../../../etc/passwd")
    (person / "absolute").symlink_to("/etc")
    (person / "inside").symlink_to("assets/style.css")
    commit = world.remote.commit({**FIRST, "big.bin": "version https://git-lfs.github.com/spec/v1\noid x\nsize 3\n"})
    git(person, "update-index", "--add", "--cacheinfo", f"160000,{commit},module")
    git(person, "commit", "-q", "-m", "module")
    git(person, "push", "-q", "origin", "HEAD:main")

    made = await world.make()

    assert set(world.files()) == {*FIRST, "inside", "big.bin"}
    assert os.readlink(world.folder() / "inside") == "assets/style.css"
    assert (world.folder() / "run.sh").stat().st_mode & 0o111
    assert not (world.folder() / "index.html").stat().st_mode & 0o111
    assert not any((world.folder() / name).is_symlink() for name in ("out", "absolute"))
    assert not (world.folder() / ".git").exists()
    notes = " ".join(made["notes"])
    for said in ("out (a link out", "absolute (a link to an absolute", "module (a submodule", "LFS pointer, not its"):
        assert said in notes
    with pytest.raises(Conflict, match="already"):
        await world.make()
    with pytest.raises(UsageError):
        await world.following.make("../x", world.url, None, quiet)
    with pytest.raises(UsageError, match="address must"):
        await world.following.make("other", "ext::touch /tmp/x", None, quiet)
    with pytest.raises(NotFound, match="no branch"):
        await world.following.make("other", world.url, "nowhere", quiet)
    assert not world.folder("other").exists()
    # What never became a file here is still there after a push.
    await world.kept.write("shop/index.html", "mine")
    await world.push()
    assert git(world.remote.bare, "diff", "--name-only", "main", "slipway/shop").split() == ["index.html"]


async def test_a_hostile_tree_places_nothing_of_version_control(world: World) -> None:
    """`git` itself refuses to make such a tree, so it is made object by object."""
    bare = world.remote.bare
    world.remote.commit(FIRST)
    blob = git(bare, "rev-parse", "main:index.html").strip()
    tree = b"".join(b"100644 %s\0%s" % (name, bytes.fromhex(blob)) for name in (b".GIT", b"..", b"fine"))
    (world.data / "tree").write_bytes(tree)
    name = git(bare, "hash-object", "--literally", "-w", "-t", "tree", str(world.data / "tree")).strip()
    commit = git(bare, "commit-tree", name, "-m", "hostile").strip()
    git(bare, "update-ref", "refs/heads/main", commit)
    made = await world.make()
    assert world.files() == {"fine": "one"}
    assert len(made["notes"]) == 2


async def test_what_is_too_large_is_named_and_never_placed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One file too large is left out; one content under very many names is refused as a whole."""
    monkeypatch.setattr("monitor.services.git.means.MAX_FILE", 1000)
    monkeypatch.setattr("monitor.services.git.means.MAX_ALL", 5000)
    (world.remote.person / "endless").symlink_to("x" * 4000 + "/y" * 40)
    world.remote.commit({**FIRST, "large.bin": "x" * 1001})
    monkeypatch.setattr("monitor.services.git.means.MAX_TARGET", 100)
    made = await world.make()
    assert set(world.files()) == set(FIRST)
    assert any("large.bin (larger than" in note for note in made["notes"])
    world.remote.commit({f"copy-{number}": "y" * 900 for number in range(6)})
    with pytest.raises(TooLarge):
        await world.pull()
    assert set(world.files()) == set(FIRST)


async def test_what_changed_there_comes_and_what_changed_here_stays(world: World) -> None:
    world.remote.commit(FIRST)
    await world.make()
    await world.kept.write("shop/mine.txt", "mine")
    await world.kept.write("shop/assets/style.css", "b {}")
    commit = world.remote.commit({"index.html": "two", "run.sh": None, "new/deep.txt": "new"})

    done = await world.pull()

    assert (done["commit"], done["written"], done["removed"], done["conflicts"]) == (commit, 2, 1, [])
    assert world.files() == {
        "index.html": "two",
        "assets/style.css": "b {}",
        "mine.txt": "mine",
        "new/deep.txt": "new",
    }
    revisions = (await world.kept.past.reading.revisions("shop"))["items"]
    assert [one["kind"] for one in revisions[:2]] == ["pull", "before-restore"]
    state = await world.kept.past.reading.archive.state("shop", revisions[1]["seq"])
    assert {"run.sh", "mine.txt"} <= set(state)
    again = await world.pull()
    assert (again["written"], again["removed"]) == (0, 0)
    assert not list(world.kept.root.glob(".slipway/*"))


async def test_what_is_saved_at_the_last_moment_is_kept_and_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.remote.commit(FIRST)
    await world.make()
    world.remote.commit({"index.html": "theirs"})
    real = Mover.carry_out

    def carry_out(self: Mover, orders: Orders) -> None:
        (world.folder() / "index.html").write_text("saved at the last moment")
        real(self, orders)

    monkeypatch.setattr(Mover, "carry_out", carry_out)
    done = await world.pull()
    assert world.files()["index.html"] == "theirs"
    (note,) = [note for note in done["notes"] if "meanwhile" in note]
    seq = int(note.rpartition(" ")[2])
    listed = await world.kept.past.reading.diffs.content("shop", seq, "index.html")
    assert listed == b"saved at the last moment"


async def test_a_conflict_changes_nothing_and_is_told(world: World) -> None:
    world.remote.commit(FIRST)
    await world.make()
    await world.kept.write("shop/index.html", "mine")
    world.remote.commit({"index.html": "theirs", "assets/style.css": "c {}", "added": "x"})
    before = world.files()

    done = await world.pull()

    assert done["conflicts"] == [{"path": "index.html", "reason": "changed here and there"}]
    assert world.files() == before
    world.following.note("shop", world.folder(), None)
    shown = world.shown["shop"]
    assert shown is not None
    assert (shown.conflicts, shown.behind) == (("index.html",), 1)
    # Both sides came to the same: no conflict any more.
    await world.kept.write("shop/index.html", "theirs")
    assert (await world.pull())["written"] == 2
    assert world.files() == {**FIRST, "index.html": "theirs", "assets/style.css": "c {}", "added": "x"}
    world.following.note("shop", world.folder(), None)
    assert world.shown["shop"].conflicts == ()  # type: ignore[union-attr]


async def test_a_folder_that_begins_to_follow_is_only_filled_up_where_it_agrees(world: World) -> None:
    world.remote.commit({**FIRST, "more": "m"})
    for path, text in FIRST.items():
        await world.kept.write(f"shop/{path}", text)
    await world.kept.write("shop/slipway.yaml", f"git:\n  url: {world.url}\n  branch: main\n")
    assert (await world.pull())["written"] == 1
    await world.kept.write("other/slipway.yaml", f"git: {{url: {world.url}}}\n")
    await world.kept.write("other/index.html", "quite different")
    done = await world.pull("other")
    assert [one["path"] for one in done["conflicts"]] == ["index.html"]
    assert set(world.files("other")) == {"slipway.yaml", "index.html"}


async def test_a_persons_own_clone_is_the_base_and_its_configuration_is_never_run(
    world: World, tmp_path: Path
) -> None:
    """R49: what is in a workspace's `.git` is text to us, whatever it would have git do."""
    world.remote.commit(FIRST)
    marker = tmp_path / "ran"
    evil = tmp_path / "evil"
    evil.write_text(f"#!/bin/sh\ntouch {marker}\n")
    evil.chmod(0o755)
    git(world.kept.root, "clone", "-q", world.url, "shop")
    own = world.folder() / ".git"
    with (own / "config").open("a") as file:
        file.write(
            f"[core]\n\tfsmonitor = {evil}\n\tsshCommand = {evil}\n\thooksPath = {own}/hooks\n\tpager = {evil}\n"
            f'[filter "x"]\n\tclean = {evil}\n\tsmudge = {evil}\n\tprocess = {evil}\n\trequired = true\n'
            f'[url "ext::{evil} "]\n\tinsteadOf = {world.remote.bare.parent}\n[credential]\n\thelper = !{evil}\n'
            f'[remote "origin"]\n\tuploadpack = {evil}\n\treceivepack = {evil}\n[diff]\n\texternal = {evil}\n'
            f"[include]\n\tpath = {own}/more\n[gpg]\n\tprogram = {evil}\n[commit]\n\tgpgSign = true\n"
        )
    for hook in (
        "post-checkout",
        "pre-commit",
        "post-merge",
        "pre-push",
        "reference-transaction",
        "post-index-change",
    ):
        (own / "hooks").mkdir(exist_ok=True)
        (own / "hooks" / hook).symlink_to(evil)
    await world.kept.write("shop/.gitattributes", "* filter=x diff=x\n")
    git_state = {p: p.read_bytes() for p in own.rglob("*") if p.is_file() and not p.is_symlink()}
    terms = f"git: {{url: {world.url}, push: on-commit}}\n"
    await world.kept.write("shop/slipway.yaml", terms)
    await world.kept.write("shop/assets/style.css", "mine {}")
    world.remote.commit({"index.html": "two"})

    done = await world.pull()
    assert (done["written"], done["conflicts"]) == (1, [])
    await world.push()
    world.following.note("shop", world.folder(), Terms(url=world.url, push="on-commit"))
    for _ in range(3):
        await world.following._look("shop", world.folder(), Terms(url=world.url, push="on-commit"))
    await world.jobs()

    assert not marker.exists()
    assert {p: p.read_bytes() for p in own.rglob("*") if p.is_file() and not p.is_symlink()} == git_state
    assert world.remote.show("slipway/shop:assets/style.css") == "mine {}"
    assert not any(path.startswith(".git/") for path in world.remote.paths("slipway/shop"))
    # The bait works: a person's own git would run it.
    subprocess.run(["git", "status"], cwd=world.folder(), env=CLEAN, capture_output=True, check=False)
    assert marker.exists()
