"""Addresses, names, leaves and what a push commits."""

from __future__ import annotations

import pytest

from monitor.domain.config import parse_config
from monitor.domain.config_text import ConfigError
from monitor.domain.git.committing import Moved, Parent, choose_parent, left_out, message, tree_to_push
from monitor.domain.git.leaf import FILE, LINK, MODULE, Leaf, bad_target, refusal
from monitor.domain.git.names import checked_branch, parse_author
from monitor.domain.git.urls import is_allowed, parse_protocols, parse_url
from monitor.domain.tree import Entry, Excluded, Kind, Tree

ID = "1" * 40


def leaf(mode: int = FILE, name: str = ID) -> Leaf:
    return Leaf(mode, name)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("https://example.org/team/shop.git", "https://example.org/team/shop.git"),
        ("https://robot@example.org:8443/shop", "https://example.org:8443/shop"),
        ("git@example.org:team/shop.git", "ssh://example.org/team/shop.git"),
        ("ssh://git@example.org:22/team/shop", "ssh://example.org:22/team/shop"),
        ("http://[::1]:8080/x.git", "http://[::1]:8080/x.git"),
        ("/srv/git/shop.git", "file:///srv/git/shop.git"),
        ("file:///srv/git/shop.git", "file:///srv/git/shop.git"),
    ],
)
def test_an_address_is_taken_apart(text: str, place: str) -> None:
    assert parse_url(text).place == place
    assert parse_url(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "", "-uevil", "--upload-pack=touch x", "ext::sh -c touch% x", "ext::sh", "fd::17", "https://u:p@example.org/x",
        "https://example.org", "https://-oProxyCommand=x/y", "ssh://-oProxyCommand=x/y", "-oProxyCommand=x:y",
        "git@-host:x", "host:-x", "../relative", "shop.git", "https://example.org/x\nurl", "https://example.org/x y",
        "file://host/x", "ftp://example.org/x", "transport::https://example.org/x", "https://example.org/x?token=1",
        "ssh://git@ex%00ample/x", "https://example.org:99999/x", "https://:pw@example.org/x",
        "https://example.org/team/../other/x", "https://example.org/team/%2e%2E/other/x",
        "https://example.org/team/%2e./other%2fx", "git@example.org:team/../other/x", "ssh://example.org/./x",
    ],
)  # fmt: skip
def test_no_other_address_gets_through(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(must|names)"):
        parse_url(text)


def test_protocols_are_the_operators_choice() -> None:
    assert is_allowed(parse_url("https://example.org/x"), parse_protocols("https,ssh"))
    assert not is_allowed(parse_url("/srv/x"), parse_protocols("https, ssh"))
    with pytest.raises(ValueError, match="ext"):
        parse_protocols("https,ext")


@pytest.mark.parametrize("name", ["main", "slipway/shop", "release-1.2", "é"])
def test_a_branch_has_a_name_git_takes(name: str) -> None:
    assert checked_branch(name) == name


@pytest.mark.parametrize(
    "name", ["", "-d", "a..b", "a b", "a:b", "HEAD", "a/", "/a", "a//b", "a.lock", "a/.b", "a@{1", "refs/x",
             "a^", "a~1", "a\x7f", "*"],
)  # fmt: skip
def test_what_git_would_read_otherwise_is_no_branch(name: str) -> None:
    with pytest.raises(ValueError, match=r"^must"):
        checked_branch(name)


def test_an_author_has_a_name_and_a_mail() -> None:
    assert parse_author("Ada L <ada@example.org>").text == "Ada L <ada@example.org>"
    for wrong in ("Ada", "<ada@example.org>", "Ada <a b>", "Ada <a>\nparent x <y>"):
        with pytest.raises(ValueError, match=r"^must"):
            parse_author(wrong)


@pytest.mark.parametrize(
    "path",
    [".git/config", "a/.GIT/hooks/x", "a/.git", ".g\u200cit/config", "git~1/config", ".git./x", "a/../b", "a//b",
     "./a",     "/a", ".hg/hgrc", "a/" + "x" * 256, "/".join("x" * 201)],
)  # fmt: skip
def test_no_such_path_becomes_a_file(path: str) -> None:
    assert refusal(path, leaf())


def test_links_stay_inside() -> None:
    assert not bad_target("a/link", "../b")
    assert not bad_target("a/b/link", "../../x/./y")
    for target in ("/etc/passwd", "../../b", "x/../../../b", "x/../b", "../.git/config", "", "a\0b"):
        assert bad_target("a/link", target), target
    assert refusal("module", leaf(MODULE))
    assert refusal("odd", leaf(0o040000))
    assert not refusal("link", leaf(LINK))


def test_a_push_leaves_alone_what_never_was_a_file_here() -> None:
    parent = {
        "other/readme": leaf(), "site/gone": leaf(), "site/module": leaf(MODULE), "site/out": leaf(LINK),
        "site/.env": leaf(), "site/a/b": leaf(), "site2/x": leaf(),
    }  # fmt: skip
    tree = Tree(
        {"index": Entry("index", Kind.FILE), "a": Entry("a", Kind.FILE), "large": Entry("large", Kind.FILE)},
        excluded=(Excluded(".env", "", secret=True), Excluded("dist", "", pruned=True)),
    )
    out = left_out(tree, {"index", "a"}, [".env", "dist/x", "large", "gone"])
    assert out == {".env", "dist/x", "large"}
    new = leaf(name="2" * 40)
    pushed = tree_to_push(
        {"index": new, "a": new, "module/inner": new}, parent, folder="site", links={"out": "why"}, left_out=out
    )
    assert pushed == {
        "other/readme": leaf(), "site/module": leaf(MODULE), "site/out": leaf(LINK), "site/.env": leaf(),
        "site/a": new, "site/index": new, "site2/x": leaf(),
    }  # fmt: skip


def test_nothing_is_built_on_what_somebody_else_pushed() -> None:
    assert choose_parent(None, pushed=None, pulled="p", own=True) == Parent("p")
    assert choose_parent("x", pushed="x", pulled="p", own=True) == Parent("x")
    assert choose_parent("y", pushed="x", pulled="y", own=True) == Moved("y")
    assert choose_parent("y", pushed=None, pulled="p", own=True) == Parent("y")
    assert choose_parent("p", pushed=None, pulled="p", own=False) == Parent("p")
    assert choose_parent("y", pushed=None, pulled="p", own=False) == Moved("y")


def test_a_message_has_one_first_line() -> None:
    text = message("v1\nparent x", "a note", workspace="shop", revision=3)
    assert text.splitlines()[:3] == ["v1 parent x", "", "a note"]
    assert text.endswith("Slipway-Revision: 3\n")


def test_slipway_yaml_says_what_is_followed() -> None:
    said = parse_config(
        "git:\n  url: https://example.org/x.git\n  branch: main\n  push: on-commit\n  path: site/\n"
    ).git
    assert said is not None
    assert (said.url, said.branch, said.push, said.path) == ("https://example.org/x.git", "main", "on-commit", "site")
    assert said.target("shop") == "slipway/shop"
    assert parse_config("git: {url: git@example.org:x, push: off}").git.push == "off"  # type: ignore[union-attr]
    nightly = parse_config("git: {url: git@example.org:x, push: 0 3 * * * Europe/Berlin}").git
    assert nightly is not None
    assert nightly.schedule is not None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("git: {url: 'ext::sh -c x'}", "git.url"),
        ("git: {url: https://u:p@example.org/x}", "password"),
        ("git: {url: https://example.org/x, branch: -d}", "git.branch"),
        ("git: {url: https://example.org/x, to: 'a:b'}", "git.to"),
        ("git: {url: https://example.org/x, push: sometimes}", "on-snapshot"),
        ("git: {url: https://example.org/x, path: ../x}", "git.path"),
        ("git: {url: https://example.org/x, path: .git}", "git.path"),
        ("git: {url: https://example.org/x, token: x}", "unknown key"),
        ("git: {branch: main}", "git.url"),
    ],
)
def test_what_is_wrong_with_it_is_said(text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told.replace(".", r"\.")):
        parse_config(text)
