"""What of a stranger's archive may be written."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.creating.intake import Intake, Limits, Unsafe, What, checked_path, lifted

HOSTILE = [
    "/etc/passwd",
    "//etc/passwd",
    "../up",
    "a/../../up",
    "a/..",
    "..",
    "C:/windows",
    "c:evil",
    "a\\..\\up",
    "nul\0byte",
    "line\nbreak",
    "bell\x07",
    "x" * 300,
    "/".join("d" * 50),
    "/".join(["y" * 200] * 6),
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_paths_are_refused_with_a_reason(name: str) -> None:
    with pytest.raises(Unsafe) as refused:
        checked_path(name)
    assert refused.value.message
    assert refused.value.hint
    assert "\n" not in refused.value.message


@pytest.mark.parametrize(
    ("name", "path"),
    [("./a/b", "a/b"), ("a//b/", "a/b"), ("./", ""), ("a b/é.txt", "a b/é.txt"), ("..a/b..", "..a/b..")],
)
def test_plain_paths_are_taken_as_they_are_meant(name: str, path: str) -> None:
    assert checked_path(name) == path


NAMES = st.text(st.sampled_from(["a", "A", "é", "e", "\u0301", ".", "/", "\\", "\0", "-", ":", "ß"]), max_size=12)


@given(st.lists(st.tuples(NAMES, st.sampled_from(list(What)), st.integers(0, 10**7)), max_size=30))
def test_whatever_is_taken_stays_below_the_folder_and_never_meets_itself(
    entries: list[tuple[str, What, int]],
) -> None:
    intake, files, folders = Intake(), [], set()
    for name, what, size in entries:
        try:
            path = intake.take(name, what, size)
        except Unsafe:
            continue
        if path is None:
            continue
        assert what in {What.FILE, What.FOLDER}
        place = PurePosixPath(path)
        assert not place.is_absolute()
        assert ".." not in place.parts
        assert str(place) == path
        (files if what is What.FILE else []).append(path)
        folders |= {str(one) for one in place.parents if str(one) != "."} | ({path} if what is What.FOLDER else set())
    assert not folders & set(files)
    as_one = [unicodedata.normalize("NFC", path).casefold() for path in {*files, *folders}]
    assert len(as_one) == len(set(as_one))
    assert len(files) == len(set(files))


@pytest.mark.parametrize("what", [What.LINK, What.DEVICE])
def test_links_and_devices_are_refused(what: What) -> None:
    with pytest.raises(Unsafe, match="not taken"):
        Intake().take("a", what)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("a", What.FILE), ("a", What.FILE)),
        (("a", What.FILE), ("A", What.FILE)),
        (("a/x", What.FILE), ("A/y", What.FILE)),
        (("a", What.FILE), ("a/b", What.FILE)),
        (("a/b", What.FILE), ("a", What.FILE)),
        (("a", What.FOLDER), ("a", What.FILE)),
        (("\u00e9", What.FILE), ("e\u0301", What.FILE)),
    ],
)
def test_two_that_would_be_one_are_refused(first: tuple[str, What], second: tuple[str, What]) -> None:
    intake = Intake()
    intake.take(*first)
    with pytest.raises(Unsafe):
        intake.take(*second)


def test_the_same_folder_twice_is_fine() -> None:
    intake = Intake()
    for name in ("a/", "a/b", "a", "a/c"):
        intake.take(name, What.FOLDER if name in {"a/", "a"} else What.FILE)
    assert intake.files == 2


def test_the_limits_hold_whatever_the_archive_says() -> None:
    intake = Intake(Limits(entries=3, bytes=100))
    with pytest.raises(Unsafe, match="larger"):
        intake.take("said", What.FILE, 101)
    intake.take("a", What.FILE, 10)
    intake.take("b", What.FILE)
    with pytest.raises(Unsafe, match="more than 3"):
        intake.take("c", What.FILE)
    intake.grew(90)
    with pytest.raises(Unsafe, match="larger"):
        intake.grew(11)
    bomb = Intake(Limits(free=1000, ratio=10), sent=50)
    bomb.grew(1000)
    with pytest.raises(Unsafe, match="times larger"):
        bomb.grew(1)


def test_what_a_mac_adds_is_left_out() -> None:
    assert Intake().take("__MACOSX/a/._b", What.FILE) is None
    assert Intake().take("a/.DS_Store", What.FILE) is None
    assert Intake().take("a/.env", What.FILE) == "a/.env"


@pytest.mark.parametrize(
    ("top", "only"),
    [({"shop-main": True}, "shop-main"), ({"a": False}, None), ({"a": True, "b": True}, None), ({}, None)],
)
def test_the_one_folder_everything_is_in_is_the_workspace(top: dict[str, bool], only: str | None) -> None:
    assert lifted(top) == only
