"""Mirror keys hold any path exactly, stay readable where they can, and never leave their folder."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain import keys
from monitor.domain.key_escape import BadKey, objection
from tests.support.any_path import names, paths


@given(paths)
def test_a_path_comes_back_from_its_key(path: str) -> None:
    key = keys.mirror_key("team", "shop", path)
    assert keys.mirror_path("team", "shop", key) == path
    assert objection(key) == ""
    assert key.startswith("team/shop/live/")
    assert key.count("/") == path.count("/") + 3


@given(paths, paths)
def test_two_paths_never_share_a_key(one: str, other: str) -> None:
    assert (keys.mirror_key("", "w", one) == keys.mirror_key("", "w", other)) == (one == other)


@pytest.mark.parametrize(
    "path", [".gitignore", "src/index.js", "a b/c+d#e?.txt", "überall/日本.md", "..rc", "x.versions.txt", "~/-rf"]
)
def test_ordinary_names_are_spelled_as_themselves(path: str) -> None:
    assert keys.mirror_key("", "shop", path) == f"shop/live/{path}"


@pytest.mark.parametrize(
    ("name", "segment"),
    [
        ("100%", "100%25"),
        ("a\\b", "a%5Cb"),
        ("tab\t", "tab%09"),
        ("x.", "x%2E"),
        (" x ", "%20x%20"),
        ("...", "..%2E"),
        (".versions", "%2Eversions"),
        ("app.versions", "app%2Eversions"),
        (".uploads", "%2Euploads"),
        ("\udcff", "%FF"),
        ("\ufffe", "%EF%BF%BE"),
        ("\x85", "%C2%85"),
    ],
)
def test_what_servers_mangle_is_escaped(name: str, segment: str) -> None:
    assert keys.mirror_key("", "shop", f"d/{name}") == f"shop/live/d/{segment}"


@pytest.mark.parametrize("path", ["", "/etc/passwd", "a//b", "a/", "../x", "a/./b", "n" * 1100])
def test_what_is_no_plain_path_is_refused(path: str) -> None:
    with pytest.raises(BadKey):
        keys.mirror_key("", "shop", path)


@pytest.mark.parametrize("tail", ["%2E%2E/x", "a%2Fb", "..", "", "a/%00", "%2E"])
def test_a_hostile_key_never_becomes_a_path_outside(tail: str) -> None:
    with pytest.raises(ValueError):
        keys.mirror_path("", "shop", f"shop/live/{tail}")


def test_a_key_of_another_workspace_is_no_mirrored_file() -> None:
    with pytest.raises(ValueError):
        keys.mirror_path("", "shop", "shop2/live/a")


def test_a_key_another_tool_wrote_is_read_generously() -> None:
    assert keys.mirror_path("", "shop", "shop/live/50%.txt") == "50%.txt"


@given(st.integers(0, 10**20 - 1), st.integers(0, 10**20 - 1))
def test_revision_keys_sort_as_their_numbers(one: int, other: int) -> None:
    first, second = keys.revision_key("p", "w", one), keys.revision_key("p", "w", other)
    assert (first < second) == (one < other)
    assert keys.revision_seq(first) == one


def test_the_layout_is_the_one_the_design_fixes() -> None:
    assert keys.format_key("p") == "p/FORMAT"
    assert keys.writer_key("") == "writer"
    assert keys.pack_key("p", "w", "ab") == "p/w/history/packs/ab"
    assert keys.base_key("p", "w", "ab") == "p/w/history/bases/ab"
    assert keys.revision_key("p", "w", 7) == "p/w/history/revisions/00000000000000000007"
    assert keys.mirror_state_key("p", "w") == "p/w/history/mirror"
    assert keys.mirror_key("p", "w", "a/b") == "p/w/live/a/b"


@given(names)
def test_a_snapshot_name_comes_back_from_its_key(name: str) -> None:
    key = keys.name_key("p", "w", f"{name}/x")
    assert key.startswith("p/w/history/names/")
    assert keys.name_of(key) == f"{name}/x"
